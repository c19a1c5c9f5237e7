"""`SQLiteCache`."""

from __future__ import annotations

import multiprocessing
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core import sqlite_cache
from core.sqlite_cache import SQLiteCache


@pytest.fixture
def cache(tmp_path: Path) -> SQLiteCache:
    return SQLiteCache(tmp_path / "deeper" / "shared.sqlite3", {})


@pytest.mark.parametrize("value", [0, -5, 2**61, 2**70, True, None, "text", 1.5, {"a": [1]}, b"bytes"])
def test_set_and_get(cache: SQLiteCache, value: object) -> None:
    cache.set("key", value)
    found = cache.get("key", "nothing")
    assert found == value
    assert type(found) is type(value)


def test_add_does_not_replace(cache: SQLiteCache) -> None:
    assert cache.add("key", 1)
    assert not cache.add("key", 2)
    assert cache.get("key") == 1
    cache.delete("key")
    assert cache.add("key", 3)


def test_expired_entry_is_missing(cache: SQLiteCache, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.set("short", 1, 60)
    cache.set("forever", 2, None)
    now = time.time()
    monkeypatch.setattr("django.core.cache.backends.base.time.time", lambda: now + 61)
    assert cache.get("short") is None
    with pytest.raises(ValueError, match="short"):
        cache.incr("short")
    assert cache.add("short", 5, 60)
    assert cache.get("forever") == 2


def test_incr_needs_integer(cache: SQLiteCache) -> None:
    cache.set("word", "one")
    for key in ("word", "nothing"):
        with pytest.raises(ValueError, match=key):
            cache.incr(key)


def test_many_entries_are_stored(cache: SQLiteCache) -> None:
    for n in range(3000):
        cache.add(f"limit:{n}", 0, 60)
    assert all(cache.incr(f"limit:{n}") == 1 for n in range(3000))


def test_expired_entries_are_deleted(cache: SQLiteCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_cache, "WRITES_BETWEEN_CLEANUPS", 10)
    for n in range(9):
        cache.set(f"key{n}", n, -1)
    cache.set("last", 1, None)
    assert cache._connection().execute("SELECT count(*) FROM entry").fetchone() == (1,)


def test_incr_is_atomic_across_threads(cache: SQLiteCache) -> None:
    cache.set("count", 0)
    with ThreadPoolExecutor(8) as pool:
        sums = list(pool.map(lambda _: cache.incr("count"), range(400)))
    assert sorted(sums) == list(range(1, 401))


def _count(path: Path) -> None:
    cache = SQLiteCache(path, {})
    for _ in range(200):
        cache.add("count", 0)
        cache.incr("count")


def test_incr_is_atomic_across_processes(tmp_path: Path) -> None:
    path = tmp_path / "shared.sqlite3"
    several = [multiprocessing.get_context("spawn").Process(target=_count, args=(path,)) for _ in range(3)]
    for one in several:
        one.start()
    for one in several:
        one.join(60)
    assert [one.exitcode for one in several] == [0, 0, 0]
    assert SQLiteCache(path, {}).get("count") == 600
