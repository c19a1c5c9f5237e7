"""Large requests do not stay in memory."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from core.request_memory import LARGE_BODY_BYTES, FreeLargeRequests


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


def test_request_with_large_body_is_freed_at_once(application: FreeLargeRequests) -> None:
    assert post(application, str(LARGE_BODY_BYTES)) == b"ab"
    assert not alive


@pytest.mark.parametrize("length", [None, "", "10", "²", "-5"])
def test_other_requests_wait_for_the_collector(application: FreeLargeRequests, length: str | None) -> None:
    assert post(application, length) == b"ab"
    assert len(alive) == 1
