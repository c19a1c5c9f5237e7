"""One reader renders while the others get the last copy; where rendering fails or hangs, it serves on."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

import pytest

from core.page_cache import middleware as page_cache
from core.page_cache.middleware import PageCache
from tests.core.page_cache.helpers import PUBLIC, Clock, Crowd, Django, ask, how


def test_stale_copy_is_served_while_one_request_renders(cache: PageCache, django: Django, clock: Clock) -> None:
    old = ask(cache)["body"]
    clock.now += 6
    django.gate, django.body = threading.Event(), b"new"
    django.entered.acquire()
    first = Crowd(cache, 1)
    assert django.entered.acquire(timeout=10)
    waiting = ask(cache)
    assert (how(waiting), waiting["body"]) == ("stale", old)
    django.gate.set()
    assert how(first.wait()[0]) == "miss"
    assert ask(cache)["body"] == b"new"
    assert len(django.asked) == 2


def test_parallel_requests_for_a_new_page_render_once(cache: PageCache, django: Django) -> None:
    django.gate = threading.Event()
    crowd = Crowd(cache, 20)
    assert django.entered.acquire(timeout=10)
    django.gate.set()
    answers = crowd.wait()
    assert {answer["body"] for answer in answers} == {django.body}
    assert [how(answer) for answer in answers].count("miss") == 1
    assert len(django.asked) == 1


def test_stale_copy_is_at_most_ten_seconds_old(cache: PageCache, django: Django, clock: Clock) -> None:
    ask(cache)
    clock.now += 10
    django.entered.acquire()
    django.gate, django.body = threading.Event(), b"new"
    crowd = Crowd(cache, 5)
    assert django.entered.acquire(timeout=10)
    django.gate.set()
    assert {answer["body"] for answer in crowd.wait()} == {b"new"}


def test_age_counts_from_the_start_of_rendering(cache: PageCache, clock: Clock) -> None:
    def slow(environ: Any, start_response: Any) -> Iterable[bytes]:
        clock.now += 4  # after the database was read
        start_response("200 OK", [("Cache-Control", PUBLIC)])
        return [b"slow"]

    cache.app = slow
    ask(cache)
    assert how(ask(cache)) == "hit"
    clock.now += 1
    assert how(ask(cache)) == "miss"


def test_private_response_is_not_shared_with_waiting_requests(cache: PageCache, django: Django) -> None:
    django.headers, django.gate = [("Cache-Control", "private"), ("Set-Cookie", "a=1")], threading.Event()
    crowd = Crowd(cache, 5, user_agent="me")
    assert django.entered.acquire(timeout=10)
    django.gate.set()
    crowd.wait()
    assert len(django.asked) == 5


def test_stale_copy_is_served_for_thirty_seconds_while_rendering_fails(
    cache: PageCache, django: Django, clock: Clock
) -> None:
    good = ask(cache)["body"]
    django.status, django.body = "500 Internal Server Error", b"broken"
    clock.now += 29
    answer = ask(cache)
    assert (answer["status"], how(answer), answer["body"]) == (200, "stale", good)
    clock.now += 1
    assert ask(cache)["status"] == 500


def test_stale_copy_is_served_while_rendering_raises(cache: PageCache, django: Django, clock: Clock) -> None:
    good = ask(cache)["body"]
    django.raises = MemoryError()
    clock.now += 29
    assert ask(cache)["body"] == good
    clock.now += 1
    with pytest.raises(MemoryError):
        ask(cache)


def test_waiting_request_gets_stale_copy_when_rendering_fails(cache: PageCache, django: Django, clock: Clock) -> None:
    good = ask(cache)["body"]
    django.entered.acquire()
    clock.now += 20
    django.gate, django.status = threading.Event(), "503 Service Unavailable"
    crowd = Crowd(cache, 8)
    assert django.entered.acquire(timeout=10)
    django.gate.set()
    assert {(how(answer), answer["body"]) for answer in crowd.wait()} == {("stale", good)}
    assert len(django.asked) == 2


def test_failed_page_is_retried_after_a_second(cache: PageCache, django: Django, clock: Clock) -> None:
    ask(cache)
    django.status = "500 Internal Server Error"
    clock.now += 6
    for _ in range(10):
        assert how(ask(cache)) == "stale"
    assert len(django.asked) == 2
    clock.now += 1
    django.status = "200 OK"
    assert how(ask(cache)) == "miss"


class Gate(threading.Event):
    """Counts who waits at it."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = threading.Semaphore(0)

    def wait(self, timeout: float | None = None) -> bool:
        self.reached.release()
        return super().wait(timeout)


def test_parallel_requests_for_a_failing_page_render_once(cache: PageCache, django: Django) -> None:
    django.gate, django.status = threading.Event(), "500 Internal Server Error"
    first = Crowd(cache, 1)
    assert django.entered.acquire(timeout=10)
    (rendering,) = cache.in_flight.values()
    rendering.done = gate = Gate()
    others = Crowd(cache, 7)
    for _ in range(7):
        assert gate.reached.acquire(timeout=10)
    django.gate.set()
    assert {answer["status"] for answer in first.wait() + others.wait()} == {500}
    assert len(django.asked) == 1
    assert not cache.pages.pages


def test_waiting_requests_get_503_when_rendering_hangs(
    cache: PageCache, django: Django, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waited long enough is refused; who comes after that tries anew, one at a time."""
    monkeypatch.setattr(page_cache, "RENDER_TIMEOUT", 0.01)
    django.gate = threading.Event()
    hung = Crowd(cache, 1)
    assert django.entered.acquire(timeout=10)
    refused = ask(cache, path="/about/")
    assert (refused["status"], how(refused)) == (503, None)
    assert refused["headers"]["Retry-After"]
    assert refused["headers"]["X-Content-Type-Options"] == "nosniff"
    gate, django.gate, django.body = django.gate, None, b"new"
    clock.now += 1
    assert ask(cache)["body"] == b"new"
    assert ask(cache)["body"] == b"new"
    assert len(django.asked) == 2
    django.body = b"late"
    gate.set()
    hung.wait()
    assert ask(cache)["body"] == b"new"  # what hung came too late
    assert not cache.in_flight


def test_stale_copy_is_served_when_rendering_hangs(
    cache: PageCache, django: Django, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_cache, "RENEWAL_TIMEOUT", 0.01)
    good = ask(cache)["body"]
    django.entered.acquire()
    clock.now += 15
    django.gate = threading.Event()
    hung = Crowd(cache, 1)
    assert django.entered.acquire(timeout=10)
    answer = ask(cache)
    assert (how(answer), answer["body"]) == ("stale", good)
    django.gate.set()
    hung.wait()


def test_next_request_renders_after_a_failure(cache: PageCache, django: Django) -> None:
    django.raises = RuntimeError()
    with pytest.raises(RuntimeError):
        ask(cache)
    django.raises = None
    assert ask(cache)["status"] == 200
    assert not cache.in_flight
