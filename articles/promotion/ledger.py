"""The ledger is written here and proved here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from articles.promotion.ledger_hash import FIELDS, row_hash
from articles.promotion.models import LedgerEntry, LedgerHead, Promotion

Event = LedgerEntry.Event
Role = LedgerEntry.Role


@contextmanager
def writing() -> Iterator[None]:
    """A transaction that holds the head of the ledger: whoever changes promotions does so one after another.

    The head is the first lock of every verb, so that no two ever wait for each other in a circle. Nothing slow (a
    provider, a mail server) is called inside.
    """
    with transaction.atomic():
        _head()
        yield


def _head() -> LedgerHead:
    head = LedgerHead.objects.select_for_update().filter(pk=1).first()
    if head is None:
        LedgerHead.objects.get_or_create(pk=1)
        head = LedgerHead.objects.select_for_update().get(pk=1)
    return head


def append(
    *,
    promotion: Promotion,
    event: str,
    role: str,
    from_state: str,
    actor: User | None = None,
    reason: str = "",
    amount: int = 0,
    details: dict[str, Any] | None = None,
    at: datetime | None = None,
) -> LedgerEntry:
    """Add a row about a promotion, which is in its new state already.

    Args:
        from_state: its state before; the same as now for a note, empty for the first row.
        amount: signed minor units of the promotion's currency.
        details: numbers and texts that belong to it (JSON).
    """
    with transaction.atomic():
        head = _head()
        entry = LedgerEntry(
            number=head.number + 1,
            promotion=promotion,
            event=event,
            from_state=from_state,
            to_state=promotion.state,
            actor=actor,
            actor_role=role,
            reason=reason,
            at=at or timezone.now(),
            amount=amount,
            currency=promotion.currency,
            details=details or {},
            previous_hash=head.hash,
        )
        entry.hash = row_hash(values_of(entry), head.hash)
        entry.save()
        head.number, head.hash = entry.number, entry.hash
        head.save(update_fields=["number", "hash"])
    return entry


def values_of(entry: LedgerEntry) -> dict[str, Any]:
    """What the hash of a row covers."""
    return {name: getattr(entry, name) for name in FIELDS}


def first_fault() -> str | None:
    """What is wrong with the first row that is not as it was written, or None where the whole ledger stands."""
    with transaction.atomic():
        head = LedgerHead.objects.filter(pk=1).first() or LedgerHead(pk=1)
        number, last = 0, ""
        # By number up to the head, so that rows added meanwhile do not matter.
        for entry in LedgerEntry.objects.in_order().filter(number__lte=head.number).iterator(chunk_size=500):
            number += 1
            if entry.number != number:
                return f"Row {number} is missing: row {entry.number} follows row {number - 1}."
            if entry.previous_hash != last:
                return f"Row {number} does not follow the row before it: one of them was put elsewhere or replaced."
            if entry.hash != row_hash(values_of(entry), last):
                return f"Row {number} was changed after it was written."
            last = entry.hash
        if number != head.number:
            return f"Row {number + 1} is missing: the ledger ends at row {number}, and {head.number} were written."
        if last != head.hash:
            return f"Row {number} was replaced: its hash is not the one that was kept apart."
        if LedgerEntry.objects.filter(number__gt=LedgerHead.objects.filter(pk=1).values("number")[:1]).exists():
            return f"There are rows after row {head.number} that the ledger does not know of."
    return None
