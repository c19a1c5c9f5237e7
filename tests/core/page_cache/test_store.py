"""What is kept is bounded in bytes, whatever is asked for, and counted right between threads."""

from __future__ import annotations

import os
import random
import threading
from typing import Any

import pytest

from core.page_cache import application as page_cache
from core.page_cache.application import PageCache
from core.page_cache.store import Shelf
from tests.core.page_cache.helpers import Clock, Django, ask, how


def held(shelf: Shelf) -> int:
    """Bytes that a shelf's pages really hold, counted anew."""
    pages = shelf.pages.values()
    return sum(len(page.body) + sum(len(page.forms[one].body) for one in page.forms if one) for page in pages)


def test_memory_is_bounded_and_the_least_recently_used_goes_first(cache: PageCache, django: Django) -> None:
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


def test_the_bound_counts_what_pages_come_to_hold(cache: PageCache, django: Django) -> None:
    django.body = os.urandom(5_000)  # compressing makes it no shorter
    for number in range(40):
        for accepted in ("", "br", "gzip"):
            ask(cache, path=f"/articles/{number}/x/", accept_encoding=accepted)
            shelf = cache.pages
            assert held(shelf) <= shelf.bytes <= shelf.max_bytes
            assert shelf.bytes == sum(page.weight for page in shelf.pages.values())
    assert 0 < len(cache.pages.pages) < 10


def test_a_page_that_would_push_out_many_others_is_not_kept(cache: PageCache, django: Django) -> None:
    ask(cache)
    django.body = b"x" * 20_000
    assert ask(cache, path="/rules/")["body"] == django.body
    assert how(ask(cache, path="/rules/")) == "miss"
    assert how(ask(cache)) == "hit"


def test_a_flood_of_missing_addresses_pushes_no_page_out(roomy: PageCache, django: Django) -> None:
    cache = roomy
    ask(cache)
    django.status, django.headers = "404 Not Found", [("Cache-Control", "private, no-store")]
    for number in range(1000):
        ask(cache, path=f"/nothing/{number}/")
    assert how(ask(cache, path="/nothing/999/")) == "hit"
    assert cache.missing.bytes <= cache.missing.max_bytes == 1024 * 1024 // 16
    assert how(ask(cache)) == "hit"


def test_a_missing_page_is_kept_as_briefly_as_any(roomy: PageCache, django: Django, clock: Clock) -> None:
    cache = roomy
    django.status = "404 Not Found"
    ask(cache)
    assert how(ask(cache)) == "hit"
    clock.now += 5
    django.status = "200 OK"
    assert ask(cache)["status"] == 200
    assert how(ask(cache)) == "hit"
    assert not cache.missing.pages
    clock.now += 5
    django.status = "404 Not Found"
    assert ask(cache)["status"] == 404
    assert not cache.pages.pages


def test_a_flood_of_odd_requests_is_remembered_boundedly(
    clock: Clock, django: Django, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_cache, "ALIAS_BYTES", 500_000)
    cache = PageCache(django, max_bytes=64 * 1024)
    most = 0
    for number in range(3000):
        ask(cache, query=f"x={number}" + "x" * 300, accept_encoding=f"br, {number}")
        ask(cache, query="utm_source=channel")
        most = max(most, len(cache.aliases) + len(cache.older_aliases))
    assert most < 2 * 500_000 // 900
    assert len(django.asked) == 1
    assert any(seen[4] == "utm_source=channel" for seen in cache.aliases)


def test_a_header_of_any_length_is_not_remembered(cache: PageCache) -> None:
    ask(cache, accept_encoding="x" * 100_000)
    ask(cache, x_forwarded_proto="x" * 100_000)
    ask(cache, host="testserver:" + "1" * 100_000)
    assert not cache.aliases


def test_threads_leave_the_counting_right(clock: Clock) -> None:
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
    assert cache.pages.bytes == sum(page.weight for page in cache.pages.pages.values())
    assert held(cache.pages) <= cache.pages.bytes <= cache.pages.max_bytes
    assert not cache.rendering
