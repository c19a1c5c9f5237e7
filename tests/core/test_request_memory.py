"""Bodies of requests do not stay in memory."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from core.request_memory import COLLECT_AFTER_BYTES, FreeLargeRequests


class Request:
    """A request that is part of a reference cycle, as Django's are."""

    def __init__(self, environ: WSGIEnvironment) -> None:
        self.environ = environ
        self.user = [self]


alive: weakref.WeakSet[Request] = weakref.WeakSet()


def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    alive.add(Request(environ))
    return [b"a", b"b"]


@pytest.fixture
def application() -> Iterator[FreeLargeRequests]:
    """The middleware; automatic collections are off, so that only its own happen."""
    gc.disable()
    yield FreeLargeRequests(app)
    gc.enable()
    gc.unfreeze()
    gc.collect()


def post(application: FreeLargeRequests, length: str | None) -> bytes:
    environ: WSGIEnvironment = {} if length is None else {"CONTENT_LENGTH": length}
    return b"".join(application(environ, lambda *args: lambda data: None))  # noqa: ARG005 - as a server calls it


@pytest.mark.parametrize("count", [1, 4, 100])
def test_requests_are_freed_after_some_megabytes_of_bodies(application: FreeLargeRequests, count: int) -> None:
    for _ in range(count):
        assert post(application, str(COLLECT_AFTER_BYTES // count - 1)) == b"ab"
    assert len(alive) == count
    post(application, str(count))
    assert len(alive) == 1  # the last one


@pytest.mark.parametrize("length", [None, "", "²", "-5"])
def test_length_that_is_no_number_is_not_counted(application: FreeLargeRequests, length: str | None) -> None:
    assert post(application, length) == b"ab"
    assert application.received == 0
