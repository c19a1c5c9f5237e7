"""A cache in an SQLite file, shared by the processes of one machine, for rate limits and locks without a cache server.

Django's file-based cache evicts entries at random beyond 300, increments without a lock and lists its directory on
each write. Rate limits need exact counts: here each operation is one SQL statement, which is atomic across threads and
processes.
"""

import pickle
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache

# Writes of a process between two deletions of expired entries.
WRITES_BETWEEN_CLEANUPS = 1000
_TABLE = "CREATE TABLE IF NOT EXISTS entry (key TEXT PRIMARY KEY, value, until REAL) WITHOUT ROWID"


class SQLiteCache(BaseCache):
    """A cache backend whose `LOCATION` is the path of the file.

    Integers are stored as such, so that `incr` is atomic. Other values are pickled, as in Django's own backends: the
    file has to be as trusted as the code.
    """

    def __init__(self, location: str | Path, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._path = Path(location)
        self._local = threading.local()
        self._written = 0

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Store the value if the key has none or an expired one; return whether it was stored."""
        return self._store(key, value, timeout, version, condition="WHERE until <= ?4")

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        sql = "SELECT value FROM entry WHERE key = ?1 AND (until IS NULL OR until > ?2)"
        row = self._execute(sql, self.make_and_validate_key(key, version), time.time()).fetchone()
        return default if row is None else _decode(row[0])

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._store(key, value, timeout, version)

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Add to an integer atomically and return the sum; ValueError if the key has none or it has expired."""
        sql = (
            "UPDATE entry SET value = value + ?2 WHERE key = ?1 AND typeof(value) = 'integer'"
            " AND (until IS NULL OR until > ?3) RETURNING value"
        )
        rows = self._execute(sql, self.make_and_validate_key(key, version), delta, time.time()).fetchall()
        if not rows:
            raise ValueError(f"Key {key!r} not found")
        return int(rows[0][0])

    def delete(self, key: str, version: int | None = None) -> bool:
        return self._execute("DELETE FROM entry WHERE key = ?1", self.make_and_validate_key(key, version)).rowcount > 0

    def clear(self) -> None:
        self._execute("DELETE FROM entry")

    def _store(self, key: str, value: Any, timeout: Any, version: int | None, *, condition: str = "") -> bool:
        self._written += 1
        if self._written % WRITES_BETWEEN_CLEANUPS == 0:
            self._execute("DELETE FROM entry WHERE until <= ?1", time.time())
        sql = "INSERT INTO entry VALUES (?1, ?2, ?3) ON CONFLICT (key) DO UPDATE SET value = ?2, until = ?3"
        values = self.make_and_validate_key(key, version), _encode(value), self.get_backend_timeout(timeout)
        return self._execute(f"{sql} {condition}", *values, *([time.time()] if condition else [])).rowcount > 0

    def _execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        return self._connection().execute(sql, values)

    def _connection(self) -> sqlite3.Connection:
        """Return the thread's connection. It does not sync to disk, so that a power cut loses the latest counts."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._path, timeout=10, isolation_level=None)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute(_TABLE)
            self._local.connection = connection
        return connection


def _encode(value: Any) -> int | bytes:
    return value if type(value) is int and abs(value) < 2**62 else pickle.dumps(value, pickle.HIGHEST_PROTOCOL)


def _decode(value: int | bytes) -> Any:
    return value if isinstance(value, int) else pickle.loads(value)  # noqa: S301 - our own file
