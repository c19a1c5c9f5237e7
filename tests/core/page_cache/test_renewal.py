"""One request renders while others get the stale copy, also if rendering fails or hangs."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

import pytest

from core.page_cache import middleware as page_cache
from core.page_cache.middleware import PageCache
from tests.core.page_cache.helpers import PUBLIC, Clock, Django, ParallelRequests, cache_status, fetch


def test_stale_copy_is_served_while_one_request_renders(cache: PageCache, django: Django, clock: Clock) -> None:
    old = fetch(cache)["body"]
    clock.now += 6
    django.gate, django.body = threading.Event(), b"new"
    django.entered.acquire()
    first = ParallelRequests(cache, 1)
    assert django.entered.acquire(timeout=10)
    waiting = fetch(cache)
    assert (cache_status(waiting), waiting["body"]) == ("stale", old)
    django.gate.set()
    assert cache_status(first.wait()[0]) == "miss"
    assert fetch(cache)["body"] == b"new"
    assert len(django.requests) == 2


def test_parallel_requests_for_a_new_page_render_once(cache: PageCache, django: Django) -> None:
    django.gate = threading.Event()
    parallel = ParallelRequests(cache, 20)
    assert django.entered.acquire(timeout=10)
    django.gate.set()
    answers = parallel.wait()
    assert {answer["body"] for answer in answers} == {django.body}
    assert [cache_status(answer) for answer in answers].count("miss") == 1
    assert len(django.requests) == 1


def test_stale_copy_is_at_most_ten_seconds_old(cache: PageCache, django: Django, clock: Clock) -> None:
    fetch(cache)
    clock.now += 10
    django.entered.acquire()
    django.gate, django.body = threading.Event(), b"new"
    parallel = ParallelRequests(cache, 5)
    assert django.entered.acquire(timeout=10)
    django.gate.set()
    assert {answer["body"] for answer in parallel.wait()} == {b"new"}


def test_age_counts_from_the_start_of_rendering(cache: PageCache, clock: Clock) -> None:
    def slow(environ: Any, start_response: Any) -> Iterable[bytes]:
        clock.now += 4  # after the database query
        start_response("200 OK", [("Cache-Control", PUBLIC)])
        return [b"slow"]

    cache.app = slow
    fetch(cache)
    assert cache_status(fetch(cache)) == "hit"
    clock.now += 1
    assert cache_status(fetch(cache)) == "miss"


def test_private_response_is_not_shared_with_waiting_requests(cache: PageCache, django: Django) -> None:
    django.headers, django.gate = [("Cache-Control", "private"), ("Set-Cookie", "a=1")], threading.Event()
    parallel = ParallelRequests(cache, 5, user_agent="me")
    assert django.entered.acquire(timeout=10)
    django.gate.set()
    parallel.wait()
    assert len(django.requests) == 5


def test_stale_copy_is_served_for_thirty_seconds_while_rendering_fails(
    cache: PageCache, django: Django, clock: Clock
) -> None:
    good = fetch(cache)["body"]
    django.status, django.body = "500 Internal Server Error", b"broken"
    clock.now += 29
    answer = fetch(cache)
    assert (answer["status"], cache_status(answer), answer["body"]) == (200, "stale", good)
    clock.now += 1
    assert fetch(cache)["status"] == 500


def test_stale_copy_is_served_while_rendering_raises(cache: PageCache, django: Django, clock: Clock) -> None:
    good = fetch(cache)["body"]
    django.raises = MemoryError()
    clock.now += 29
    assert fetch(cache)["body"] == good
    clock.now += 1
    with pytest.raises(MemoryError):
        fetch(cache)


def test_waiting_request_gets_stale_copy_when_rendering_fails(cache: PageCache, django: Django, clock: Clock) -> None:
    good = fetch(cache)["body"]
    django.entered.acquire()
    clock.now += 20
    django.gate, django.status = threading.Event(), "503 Service Unavailable"
    parallel = ParallelRequests(cache, 8)
    assert django.entered.acquire(timeout=10)
    django.gate.set()
    assert {(cache_status(answer), answer["body"]) for answer in parallel.wait()} == {("stale", good)}
    assert len(django.requests) == 2


def test_failed_page_is_retried_after_a_second(cache: PageCache, django: Django, clock: Clock) -> None:
    fetch(cache)
    django.status = "500 Internal Server Error"
    clock.now += 6
    for _ in range(10):
        assert cache_status(fetch(cache)) == "stale"
    assert len(django.requests) == 2
    clock.now += 1
    django.status = "200 OK"
    assert cache_status(fetch(cache)) == "miss"


class Gate(threading.Event):
    """An event that counts the threads waiting for it."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = threading.Semaphore(0)

    def wait(self, timeout: float | None = None) -> bool:
        self.reached.release()
        return super().wait(timeout)


def test_parallel_requests_for_a_failing_page_render_once(cache: PageCache, django: Django) -> None:
    django.gate, django.status = threading.Event(), "500 Internal Server Error"
    first = ParallelRequests(cache, 1)
    assert django.entered.acquire(timeout=10)
    (rendering,) = cache.in_flight.values()
    rendering.done = gate = Gate()
    others = ParallelRequests(cache, 7)
    for _ in range(7):
        assert gate.reached.acquire(timeout=10)
    django.gate.set()
    assert {answer["status"] for answer in first.wait() + others.wait()} == {500}
    assert len(django.requests) == 1
    assert not cache.pages.pages


def test_waiting_requests_get_503_when_rendering_hangs(
    cache: PageCache, django: Django, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests that waited too long are refused; of later ones, one at a time renders again."""
    monkeypatch.setattr(page_cache, "RENDER_TIMEOUT", 0.01)
    django.gate = threading.Event()
    hung = ParallelRequests(cache, 1)
    assert django.entered.acquire(timeout=10)
    refused = fetch(cache, path="/about/")
    assert (refused["status"], cache_status(refused)) == (503, None)
    assert refused["headers"]["Retry-After"]
    assert refused["headers"]["X-Content-Type-Options"] == "nosniff"
    gate, django.gate, django.body = django.gate, None, b"new"
    clock.now += 1
    assert fetch(cache)["body"] == b"new"
    assert fetch(cache)["body"] == b"new"
    assert len(django.requests) == 2
    django.body = b"late"
    gate.set()
    hung.wait()
    assert fetch(cache)["body"] == b"new"  # the late page is not stored
    assert not cache.in_flight


def test_stale_copy_is_served_when_rendering_hangs(
    cache: PageCache, django: Django, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_cache, "RENEWAL_TIMEOUT", 0.01)
    good = fetch(cache)["body"]
    django.entered.acquire()
    clock.now += 15
    django.gate = threading.Event()
    hung = ParallelRequests(cache, 1)
    assert django.entered.acquire(timeout=10)
    answer = fetch(cache)
    assert (cache_status(answer), answer["body"]) == ("stale", good)
    django.gate.set()
    hung.wait()


def test_next_request_renders_after_a_failure(cache: PageCache, django: Django) -> None:
    django.raises = RuntimeError()
    with pytest.raises(RuntimeError):
        fetch(cache)
    django.raises = None
    assert fetch(cache)["status"] == 200
    assert not cache.in_flight
