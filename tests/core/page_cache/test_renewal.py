"""One reader renders while the others get the last copy; where rendering fails or hangs, it serves on."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

import pytest

from core.page_cache import application as page_cache
from core.page_cache.application import PageCache
from tests.core.page_cache.helpers import PUBLIC, Clock, Crowd, Django, ask, how


def test_one_renders_while_the_others_get_the_last_copy(cache: PageCache, django: Django, clock: Clock) -> None:
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


def test_a_crowd_at_a_new_page_is_one_rendering(cache: PageCache, django: Django) -> None:
    django.gate = threading.Event()
    crowd = Crowd(cache, 20)
    assert django.entered.acquire(timeout=10)
    django.gate.set()
    answers = crowd.wait()
    assert {answer["body"] for answer in answers} == {django.body}
    assert [how(answer) for answer in answers].count("miss") == 1
    assert len(django.asked) == 1


def test_nobody_is_served_a_copy_older_than_ten_seconds(cache: PageCache, django: Django, clock: Clock) -> None:
    ask(cache)
    clock.now += 10
    django.entered.acquire()
    django.gate, django.body = threading.Event(), b"new"
    crowd = Crowd(cache, 5)
    assert django.entered.acquire(timeout=10)
    django.gate.set()
    assert {answer["body"] for answer in crowd.wait()} == {b"new"}


def test_a_page_is_as_old_as_what_it_was_made_from(cache: PageCache, clock: Clock) -> None:
    def slow(environ: Any, start_response: Any) -> Iterable[bytes]:
        clock.now += 4  # after the database was read
        start_response("200 OK", [("Cache-Control", PUBLIC)])
        return [b"slow"]

    cache.app = slow
    ask(cache)
    assert how(ask(cache)) == "hit"
    clock.now += 1
    assert how(ask(cache)) == "miss"


def test_what_is_for_one_reader_is_given_to_nobody_who_waited(cache: PageCache, django: Django) -> None:
    django.headers, django.gate = [("Cache-Control", "private"), ("Set-Cookie", "a=1")], threading.Event()
    crowd = Crowd(cache, 5, user_agent="me")
    assert django.entered.acquire(timeout=10)
    django.gate.set()
    crowd.wait()
    assert len(django.asked) == 5


def test_while_rendering_fails_the_last_copy_serves_for_thirty_seconds(
    cache: PageCache, django: Django, clock: Clock
) -> None:
    good = ask(cache)["body"]
    django.status, django.body = "500 Internal Server Error", b"broken"
    clock.now += 29
    answer = ask(cache)
    assert (answer["status"], how(answer), answer["body"]) == (200, "stale", good)
    clock.now += 1
    assert ask(cache)["status"] == 500


def test_while_rendering_raises_the_last_copy_serves_too(cache: PageCache, django: Django, clock: Clock) -> None:
    good = ask(cache)["body"]
    django.raises = MemoryError()
    clock.now += 29
    assert ask(cache)["body"] == good
    clock.now += 1
    with pytest.raises(MemoryError):
        ask(cache)


def test_who_waits_for_a_rendering_that_fails_gets_the_last_copy(
    cache: PageCache, django: Django, clock: Clock
) -> None:
    good = ask(cache)["body"]
    django.entered.acquire()
    clock.now += 20
    django.gate, django.status = threading.Event(), "503 Service Unavailable"
    crowd = Crowd(cache, 8)
    assert django.entered.acquire(timeout=10)
    django.gate.set()
    assert {(how(answer), answer["body"]) for answer in crowd.wait()} == {("stale", good)}
    assert len(django.asked) == 2


def test_a_page_that_fails_is_left_alone_for_a_second(cache: PageCache, django: Django, clock: Clock) -> None:
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


def test_a_crowd_at_a_page_that_fails_is_one_rendering(cache: PageCache, django: Django) -> None:
    django.gate, django.status = threading.Event(), "500 Internal Server Error"
    first = Crowd(cache, 1)
    assert django.entered.acquire(timeout=10)
    (rendering,) = cache.rendering.values()
    rendering.done = gate = Gate()
    others = Crowd(cache, 7)
    for _ in range(7):
        assert gate.reached.acquire(timeout=10)
    django.gate.set()
    assert {answer["status"] for answer in first.wait() + others.wait()} == {500}
    assert len(django.asked) == 1
    assert not cache.pages.pages


def test_a_rendering_that_hangs_holds_nobody_for_good(
    cache: PageCache, django: Django, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waited long enough is refused; who comes after that tries anew, one at a time."""
    monkeypatch.setattr(page_cache, "WAIT_SECONDS", 0.01)
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
    assert not cache.rendering


def test_where_a_rendering_hangs_the_last_copy_serves(
    cache: PageCache, django: Django, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_cache, "PATIENCE_SECONDS", 0.01)
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


def test_a_failure_lets_the_next_reader_try_again(cache: PageCache, django: Django) -> None:
    django.raises = RuntimeError()
    with pytest.raises(RuntimeError):
        ask(cache)
    django.raises = None
    assert ask(cache)["status"] == 200
    assert not cache.rendering
