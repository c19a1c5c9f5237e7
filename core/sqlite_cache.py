"""The cache that all workers of one machine share, where no cache server is named: limits and locks live there.

Django's file-based cache forgets entries at random when there are more than 300, adds up without a lock, and lists its
folder for every entry that it writes. A limit must neither be forgotten nor miscounted, however many people act at
once: here every operation is one statement of a small SQLite file, which counts across threads and processes.
"""

from __future__ import annotations

import pickle
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache

# Old entries are dropped whenever so many were written.
SWEEP_EVERY = 1000
_TABLE = "CREATE TABLE IF NOT EXISTS entry (key TEXT PRIMARY KEY, value, until REAL) WITHOUT ROWID"


class SQLiteCache(BaseCache):
    """Django's cache interface over one file; `LOCATION` is its path.

    Numbers are kept as numbers, so that `incr` is atomic; all else is pickled, as Django's own caches do: the file is
    as trusted as the code.
    """

    def __init__(self, location: str | Path, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._path = Path(location)
        self._own = threading.local()
        self._written = 0

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Keep `value` where nothing is kept under the key (any more); say whether it was."""
        return self._write(
            "INSERT INTO entry VALUES (?1, ?2, ?3) ON CONFLICT (key) DO UPDATE SET value = ?2, until = ?3"
            " WHERE until <= ?4",
            (self.make_and_validate_key(key, version), _packed(value), self._until(timeout), time.time()),
        )

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        row = (
            self._connection()
            .execute(
                "SELECT value FROM entry WHERE key = ? AND (until IS NULL OR until > ?)",
                (self.make_and_validate_key(key, version), time.time()),
            )
            .fetchone()
        )
        return default if row is None else _unpacked(row[0])

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._write(
            "INSERT INTO entry VALUES (?1, ?2, ?3) ON CONFLICT (key) DO UPDATE SET value = ?2, until = ?3",
            (self.make_and_validate_key(key, version), _packed(value), self._until(timeout)),
        )

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Add to a number and return the sum: one statement, whoever else counts.

        Raises:
            ValueError: there is no such number (any more).
        """
        row = (
            self._connection()
            .execute(
                "UPDATE entry SET value = value + ?2 WHERE key = ?1 AND typeof(value) = 'integer'"
                " AND (until IS NULL OR until > ?3) RETURNING value",
                (self.make_and_validate_key(key, version), delta, time.time()),
            )
            .fetchall()
        )
        if not row:
            raise ValueError(f"Key {key!r} not found")
        return int(row[0][0])

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return self._write(
            "UPDATE entry SET until = ?2 WHERE key = ?1 AND (until IS NULL OR until > ?3)",
            (self.make_and_validate_key(key, version), self._until(timeout), time.time()),
        )

    def delete(self, key: str, version: int | None = None) -> bool:
        return self._write("DELETE FROM entry WHERE key = ?", (self.make_and_validate_key(key, version),))

    def clear(self) -> None:
        self._write("DELETE FROM entry", ())

    def _until(self, timeout: Any) -> float | None:
        until = self.get_backend_timeout(timeout)
        return None if until is None else float(until)

    def _write(self, sql: str, values: tuple[Any, ...]) -> bool:
        connection = self._connection()
        done = connection.execute(sql, values).rowcount > 0
        self._written += 1
        if self._written % SWEEP_EVERY == 0:
            connection.execute("DELETE FROM entry WHERE until <= ?", (time.time(),))
        return done

    def _connection(self) -> sqlite3.Connection:
        """This thread's connection. Nothing is synced to the disk: a power cut takes a minute's counting with it."""
        connection: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._path, timeout=10, isolation_level=None)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute(_TABLE)
            self._own.connection = connection
        return connection


def _packed(value: Any) -> int | bytes:
    return value if type(value) is int and abs(value) < 2**62 else pickle.dumps(value, pickle.HIGHEST_PROTOCOL)


def _unpacked(value: int | bytes) -> Any:
    return value if isinstance(value, int) else pickle.loads(value)  # noqa: S301 - our own file
