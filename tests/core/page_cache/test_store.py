"""What is kept is bounded in bytes, whatever is asked for, and counted right between threads."""

from __future__ import annotations

import os
import random
import threading
from typing import Any

from core.page_cache import keys
from core.page_cache.middleware import PageCache
from core.page_cache.store import LRUCache
from tests.core.page_cache.helpers import Clock, Django, ask, how


def held(shelf: LRUCache) -> int:
    """Bytes that a shelf's pages really hold, counted anew."""
    pages = shelf.pages.values()
    return sum(len(page.body) + sum(len(page.variants[one].body) for one in page.variants if one) for page in pages)


def test_least_recently_used_page_is_evicted_first(cache: PageCache, django: Django) -> None:
    django.body = os.urandom(12_000)
    addresses = [f"/articles/{number}/x/" for number in range(5)]
    for path in addresses[:2]:
        ask(cache, path=path)
    ask(cache, path=addresses[0])
    for path in addresses[2:]:
        ask(cache, path=path)
    assert len(cache.pages.pages) == 4
    assert how(ask(cache, path=addresses[0])) == "hit"
    assert how(ask(cache, path=addresses[1])) == "miss"


def test_bound_counts_compressed_variants(cache: PageCache, django: Django) -> None:
    django.body = os.urandom(5_000)  # compressing makes it no shorter
    for number in range(40):
        for accepted in ("", "br", "gzip"):
            ask(cache, path=f"/articles/{number}/x/", accept_encoding=accepted)
            shelf = cache.pages
            assert held(shelf) <= shelf.bytes <= shelf.max_bytes
            assert shelf.bytes == sum(page.size for page in shelf.pages.values())
    assert 0 < len(cache.pages.pages) < 10


def test_page_of_more_than_a_quarter_is_not_stored(cache: PageCache, django: Django) -> None:
    ask(cache)
    django.body = b"x" * 20_000
    assert ask(cache, path="/rules/")["body"] == django.body
    assert how(ask(cache, path="/rules/")) == "miss"
    assert how(ask(cache)) == "hit"


def test_many_404_pages_evict_no_page(roomy: PageCache, django: Django) -> None:
    cache = roomy
    ask(cache)
    django.status, django.headers = "404 Not Found", [("Cache-Control", "private, no-store")]
    for number in range(1000):
        ask(cache, path=f"/nothing/{number}/")
    assert how(ask(cache, path="/nothing/999/")) == "hit"
    assert cache.not_found.bytes <= cache.not_found.max_bytes == 1024 * 1024 // 16
    assert how(ask(cache)) == "hit"


def test_404_page_is_fresh_for_five_seconds(roomy: PageCache, django: Django, clock: Clock) -> None:
    cache = roomy
    django.status = "404 Not Found"
    ask(cache)
    assert how(ask(cache)) == "hit"
    clock.now += 5
    django.status = "200 OK"
    assert ask(cache)["status"] == 200
    assert how(ask(cache)) == "hit"
    assert not cache.not_found.pages
    clock.now += 5
    django.status = "404 Not Found"
    assert ask(cache)["status"] == 404
    assert not cache.pages.pages


def test_parsed_requests_in_memory_are_bounded(clock: Clock, django: Django) -> None:
    cache = PageCache(django, max_bytes=64 * 1024)
    for number in range(3000):
        ask(cache, query=f"x={number}" + "x" * 300, accept_encoding=f"br, {number}")
    assert len(django.asked) == 1
    assert keys._parse.cache_info().currsize <= 2048


def test_too_long_requests_are_not_kept_in_memory(cache: PageCache) -> None:
    for number in range(100):
        ask(cache, host="testserver:" + "1" * 10_000 + str(number))
        ask(cache, query="x" * 10_000 + str(number))
        ask(cache, accept_encoding="x" * 10_000 + str(number))
    assert keys._parse.cache_info().currsize <= 1


def test_size_is_exact_after_parallel_use(clock: Clock) -> None:
    """Pages come, go, grow and are renewed from eight threads at once; sums stay true and answers whole."""
    django = Django()
    django.body = b"<p>Hello</p>" * 300
    cache = PageCache(django, max_bytes=128 * 1024)
    wrong: list[Any] = []
    seen: set[Any] = set()

    def read(seed: int) -> None:
        dice = random.Random(seed)  # noqa: S311 - no secret
        for _ in range(600):
            path = f"/articles/{dice.randrange(30)}/x/"
            accepted = dice.choice(["", "br", "gzip"])
            answer = ask(cache, path=path, accept_encoding=accepted)
            seen.add(how(answer))
            if answer["status"] != 200 or answer["plain"] != django.body:
                wrong.append(answer)
            if dice.random() < 0.05:
                clock.now += 1

    threads = [threading.Thread(target=read, args=[seed]) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong
    assert seen == {"hit", "miss", "stale"} or seen == {"hit", "miss"}
    assert cache.pages.bytes == sum(page.size for page in cache.pages.pages.values())
    assert held(cache.pages) <= cache.pages.bytes <= cache.pages.max_bytes
    assert not cache.in_flight
