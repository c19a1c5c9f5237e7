"""The cache is bounded in bytes, and its size is exact after parallel use."""

from __future__ import annotations

import os
import random
import threading
from typing import Any

from core.page_cache import keys
from core.page_cache.middleware import PageCache
from core.page_cache.store import LRUCache
from tests.core.page_cache.helpers import Clock, Django, cache_status, fetch


def stored_bytes(lru: LRUCache) -> int:
    """Return the size of all stored bodies in bytes."""
    pages = lru.pages.values()
    return sum(len(page.body) + sum(len(page.variants[one].body) for one in page.variants if one) for page in pages)


def test_least_recently_used_page_is_evicted_first(cache: PageCache, django: Django) -> None:
    django.body = os.urandom(12_000)
    addresses = [f"/articles/{number}/x/" for number in range(5)]
    for path in addresses[:2]:
        fetch(cache, path=path)
    fetch(cache, path=addresses[0])
    for path in addresses[2:]:
        fetch(cache, path=path)
    assert len(cache.pages.pages) == 4
    assert cache_status(fetch(cache, path=addresses[0])) == "hit"
    assert cache_status(fetch(cache, path=addresses[1])) == "miss"


def test_bound_counts_compressed_variants(cache: PageCache, django: Django) -> None:
    django.body = os.urandom(5_000)  # cannot be compressed
    for number in range(40):
        for accepted in ("", "br", "gzip"):
            fetch(cache, path=f"/articles/{number}/x/", accept_encoding=accepted)
            lru = cache.pages
            assert stored_bytes(lru) <= lru.bytes <= lru.max_bytes
            assert lru.bytes == sum(page.size for page in lru.pages.values())
    assert 0 < len(cache.pages.pages) < 10


def test_page_larger_than_a_quarter_is_not_stored(cache: PageCache, django: Django) -> None:
    fetch(cache)
    django.body = b"x" * 20_000
    assert fetch(cache, path="/rules/")["body"] == django.body
    assert cache_status(fetch(cache, path="/rules/")) == "miss"
    assert cache_status(fetch(cache)) == "hit"


def test_many_404_pages_evict_no_page(large_cache: PageCache, django: Django) -> None:
    cache = large_cache
    fetch(cache)
    django.status, django.headers = "404 Not Found", [("Cache-Control", "private, no-store")]
    for number in range(1000):
        fetch(cache, path=f"/nothing/{number}/")
    assert cache_status(fetch(cache, path="/nothing/999/")) == "hit"
    assert cache.not_found.bytes <= cache.not_found.max_bytes == 1024 * 1024 // 16
    assert cache_status(fetch(cache)) == "hit"


def test_404_page_is_fresh_for_five_seconds(large_cache: PageCache, django: Django, clock: Clock) -> None:
    cache = large_cache
    django.status = "404 Not Found"
    fetch(cache)
    assert cache_status(fetch(cache)) == "hit"
    clock.now += 5
    django.status = "200 OK"
    assert fetch(cache)["status"] == 200
    assert cache_status(fetch(cache)) == "hit"
    assert not cache.not_found.pages
    clock.now += 5
    django.status = "404 Not Found"
    assert fetch(cache)["status"] == 404
    assert not cache.pages.pages


def test_parsed_requests_in_memory_are_bounded(clock: Clock, django: Django) -> None:
    cache = PageCache(django, max_bytes=64 * 1024)
    for number in range(3000):
        fetch(cache, query=f"x={number}" + "x" * 300, accept_encoding=f"br, {number}")
    assert len(django.requests) == 1
    assert keys._parse.cache_info().currsize <= 2048


def test_too_long_requests_are_not_stored_in_memory(cache: PageCache) -> None:
    for number in range(100):
        fetch(cache, host="testserver:" + "1" * 10_000 + str(number))
        fetch(cache, query="x" * 10_000 + str(number))
        fetch(cache, accept_encoding="x" * 10_000 + str(number))
    assert keys._parse.cache_info().currsize <= 1


def test_size_is_exact_after_parallel_use(clock: Clock) -> None:
    """Eight threads add, evict and renew pages."""
    django = Django()
    django.body = b"<p>Hello</p>" * 300
    cache = PageCache(django, max_bytes=128 * 1024)
    wrong: list[Any] = []
    seen: set[Any] = set()

    def read(seed: int) -> None:
        rng = random.Random(seed)  # noqa: S311 - no secret
        for _ in range(600):
            path = f"/articles/{rng.randrange(30)}/x/"
            accepted = rng.choice(["", "br", "gzip"])
            answer = fetch(cache, path=path, accept_encoding=accepted)
            seen.add(cache_status(answer))
            if answer["status"] != 200 or answer["plain"] != django.body:
                wrong.append(answer)
            if rng.random() < 0.05:
                clock.now += 1

    threads = [threading.Thread(target=read, args=[seed]) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong
    assert seen == {"hit", "miss", "stale"} or seen == {"hit", "miss"}
    assert cache.pages.bytes == sum(page.size for page in cache.pages.pages.values())
    assert stored_bytes(cache.pages) <= cache.pages.bytes <= cache.pages.max_bytes
    assert not cache.in_flight
