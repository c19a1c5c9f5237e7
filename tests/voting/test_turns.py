"""Few votes are in work at once; nobody is refused for that, and nothing else waits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Semaphore

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from articles.voting import turns
from articles.voting.turns import AT_ONCE, VotersTakeTurnsMiddleware

PATIENCE = 30


class Site:
    """Answers when it is told to, and knows how many are inside."""

    def __init__(self) -> None:
        self.entered = Semaphore(0)
        self.gate = Event()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.entered.release()
        assert self.gate.wait(PATIENCE)
        return HttpResponse(request.path)


def vote(path: str = "/articles/7/vote/") -> HttpRequest:
    return RequestFactory().post(path)


def test_votes_wait_for_their_turn_and_everything_else_passes() -> None:
    site = Site()
    middleware = VotersTakeTurnsMiddleware(site)
    begin = Barrier(6)

    def votes(path: str) -> HttpResponse:
        begin.wait(PATIENCE)
        return middleware(vote(path))

    with ThreadPoolExecutor(9) as pool:
        answers = [pool.submit(votes, f"/ru/articles/{n}/vote/") for n in range(5)]
        begin.wait(PATIENCE)
        for _ in range(AT_ONCE):
            assert site.entered.acquire(timeout=PATIENCE)
        # The others of the five stand outside; whoever wants something else is let in.
        others = [RequestFactory().get("/articles/7/vote/"), vote("/articles/7/vote/x/"), vote("/beacon/7/")]
        passing = [pool.submit(middleware, request) for request in others]
        for _ in others:
            assert site.entered.acquire(timeout=PATIENCE)
        assert not site.entered.acquire(timeout=0.2)
        site.gate.set()
        assert {answer.result().content for answer in answers} == {f"/ru/articles/{n}/vote/".encode() for n in range(5)}
        assert [answer.result().status_code for answer in passing] == [200] * 3


def test_a_vote_that_hangs_keeps_nobody_out_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE_SECONDS", 0)
    site = Site()
    middleware = VotersTakeTurnsMiddleware(site)
    with ThreadPoolExecutor(AT_ONCE + 1) as pool:
        answers = [pool.submit(middleware, vote()) for _ in range(AT_ONCE + 1)]
        for _ in answers:
            assert site.entered.acquire(timeout=PATIENCE)
        site.gate.set()
        assert [answer.result().status_code for answer in answers] == [200] * (AT_ONCE + 1)


def test_a_turn_that_ended_in_an_error_is_given_on() -> None:
    def fails(request: HttpRequest) -> HttpResponse:
        raise RuntimeError

    middleware = VotersTakeTurnsMiddleware(fails)
    for _ in range(AT_ONCE + 1):
        with pytest.raises(RuntimeError):
            middleware(vote())
    assert middleware.turns.acquire(blocking=False)
