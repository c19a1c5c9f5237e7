"""The shared cache and the limits that count in it, on real servers: Valkey and Redis."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.test import RequestFactory

from bench.system import find_program
from core import cache as failover
from core.cache import FailoverRedisCache
from core.ratelimit import RateLimited, check_rate_limit, count_event, uncount_event
from spokesperson import checks
from spokesperson.connections import Connections
from tests.e2e.conftest import skip_or_fail
from tests.system.dependencies import Redis, wait_until

# The page of a refused request is rendered with the database, also in threads.
pytestmark = [pytest.mark.system, pytest.mark.django_db(transaction=True)]
LIMIT = 20


@pytest.fixture(params=["valkey-server", "redis-server"])
def server(
    request: pytest.FixtureRequest, tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Redis]:
    """Run the server; the site uses it as with `CACHE_URL`."""
    if find_program(request.param) is None:
        skip_or_fail(f"{request.param} is not installed.")
    server = Redis(tmp_path / "cache", program=request.param)
    server.start()
    monkeypatch.setenv("CACHE_URL", server.url)
    shared = Connections().shared_cache("CACHE_URL", sqlite=tmp_path / "unused", is_public=True)
    settings.CACHES = {**settings.CACHES, "default": shared}
    monkeypatch.setattr(FailoverRedisCache, "_retry_at", 0)
    failover._in_memory.clear()
    yield server
    server.stop()


def is_allowed(_number: int = 0) -> bool:
    """Return whether a request of the one address is within the limit."""
    request: Any = RequestFactory().get("/")
    request.user = AnonymousUser()
    try:
        check_rate_limit(request, "search", limit=LIMIT, seconds=3600)
    except RateLimited:
        return False
    return True


def test_cache_stores_counts_and_expires(server: Redis) -> None:
    assert cache.add("key", {"a": [1, "é"]}, 60)
    assert not cache.add("key", 2, 60)
    assert cache.get("key") == {"a": [1, "é"]}
    assert cache.get_many(["key", "none"]) == {"key": {"a": [1, "é"]}}
    assert [count_event("events", 60) for _ in range(3)] == [1, 2, 3]
    uncount_event("events")
    assert cache.get("events") == 2
    assert count_event("short", 1) == 1
    wait_until(lambda: cache.get("short") is None, 3)
    assert count_event("short", 1) == 1
    assert cache.delete("key")
    assert checks.shared_cache() == ""
    assert server.command("DBSIZE") == ":2"


@pytest.mark.usefixtures("server")
def test_parallel_requests_are_counted_exactly() -> None:
    with ThreadPoolExecutor(16) as pool:
        allowed = list(pool.map(is_allowed, range(5 * LIMIT)))
    assert sum(allowed) == LIMIT


def test_limits_count_in_memory_while_the_server_is_away(server: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_allowed()
    server.stop()
    assert all(is_allowed() for _ in range(LIMIT))
    assert not is_allowed()
    assert "CACHE_URL" in checks.shared_cache()
    server.start()
    monkeypatch.setattr(FailoverRedisCache, "_retry_at", 0)
    assert is_allowed()
    assert checks.shared_cache() == ""


def test_server_that_hangs_delays_one_request(server: Redis) -> None:
    server.freeze()
    try:
        began = time.monotonic()
        assert all(is_allowed() for _ in range(LIMIT))
        assert time.monotonic() - began < 2.5
    finally:
        server.thaw()
