"""The hash of a row of the ledger. Frozen for ever: rows that are written are proved by it."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

FIELDS = (
    "number",
    "promotion_id",
    "event",
    "from_state",
    "to_state",
    "actor_id",
    "actor_role",
    "reason",
    "at",
    "amount",
    "currency",
    "details",
)


def row_hash(values: dict[str, Any], previous_hash: str) -> str:
    """SHA-256 over the row as JSON (sorted keys, no spaces, UTF-8, the time in UTC) and the hash of the row before."""
    row = {name: values[name] for name in FIELDS}
    at: datetime = row["at"]
    row["at"] = at.astimezone(UTC).isoformat(timespec="microseconds")
    row["previous_hash"] = previous_hash
    text = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
