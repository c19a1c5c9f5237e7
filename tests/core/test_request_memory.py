"""Bodies of requests do not stay in memory."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO
from threading import Barrier, BrokenBarrierError, Event, Lock
from typing import IO
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from core import request_memory
from core.request_memory import COLLECT_AFTER_BYTES, LARGE_FORM_BYTES, LARGE_FORMS_AT_A_TIME, FreeLargeRequests


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
    yield FreeLargeRequests(app, max_form_bytes=2_000_000)
    gc.enable()
    gc.unfreeze()
    gc.collect()


def post(application: FreeLargeRequests, length: str | None) -> bytes:
    environ: WSGIEnvironment = {"CONTENT_TYPE": "multipart/form-data"}
    if length is not None:
        environ["CONTENT_LENGTH"] = length
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


def form(body: IO[bytes], length: int = LARGE_FORM_BYTES, content_type: str = "text/plain") -> WSGIEnvironment:
    return {"CONTENT_LENGTH": str(length), "CONTENT_TYPE": content_type, "wsgi.input": body}


def large_form() -> WSGIEnvironment:
    return form(BytesIO(b"x" * LARGE_FORM_BYTES))


def send(
    application: FreeLargeRequests, environ: WSGIEnvironment, start: Callable[..., object] = lambda *_: None
) -> bytes:
    return b"".join(application(environ, start))  # type: ignore[arg-type]  # as a server calls it


def test_large_forms_are_handled_two_at_a_time() -> None:
    lock, running, most = Lock(), 0, 0
    together = Barrier(LARGE_FORMS_AT_A_TIME + 1)

    def handle(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        with suppress(BrokenBarrierError):
            together.wait(timeout=0.3)
        with lock:
            running -= 1
        return [environ["wsgi.input"].read()]

    application = FreeLargeRequests(handle, max_form_bytes=LARGE_FORM_BYTES)
    with ThreadPoolExecutor(6) as pool:
        bodies = list(pool.map(lambda _: send(application, large_form()), range(6)))
    assert bodies == [b"x" * LARGE_FORM_BYTES] * 6
    assert most == LARGE_FORMS_AT_A_TIME


def test_slow_client_does_not_delay_others() -> None:
    came = Event()

    class SlowBody(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            came.wait(timeout=30)
            return super().read(size)

    application = FreeLargeRequests(lambda *_: [b"a"], max_form_bytes=LARGE_FORM_BYTES)
    with ThreadPoolExecutor(LARGE_FORMS_AT_A_TIME) as pool:
        slow = [
            pool.submit(send, application, form(SlowBody(b"x" * LARGE_FORM_BYTES)))
            for _ in range(LARGE_FORMS_AT_A_TIME)
        ]
        assert send(application, large_form()) == b"a"
        assert not any(future.done() for future in slow)
        came.set()
        assert [future.result() for future in slow] == [b"a"] * LARGE_FORMS_AT_A_TIME


@pytest.mark.parametrize("arrives", [0, 100_000])
def test_form_that_arrives_in_part_is_refused(arrives: int) -> None:
    application = FreeLargeRequests(lambda *_: [b"saved"], max_form_bytes=LARGE_FORM_BYTES)
    statuses: list[str] = []
    body = send(application, form(BytesIO(b"x" * arrives)), lambda status, _: statuses.append(status))
    assert (statuses, body) == (["400 Bad Request"], b"")


@pytest.mark.parametrize(
    ("length", "content_type"),
    [
        (LARGE_FORM_BYTES - 1, "application/x-www-form-urlencoded"),
        (LARGE_FORM_BYTES + 1, "application/x-www-form-urlencoded"),  # Over the limit of this application.
        (LARGE_FORM_BYTES, "multipart/form-data; boundary=x"),
    ],
)
def test_other_bodies_are_read_by_the_application(length: int, content_type: str) -> None:
    body = BytesIO(b"x" * length)
    application = FreeLargeRequests(lambda environ, _: [environ["wsgi.input"].read(1)], max_form_bytes=LARGE_FORM_BYTES)
    assert send(application, form(body, length, content_type)) == b"x"
    assert body.tell() == 1


def test_large_form_is_handled_when_the_disk_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk() -> IO[bytes]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(request_memory, "TemporaryFile", full_disk)
    application = FreeLargeRequests(lambda environ, _: [environ["wsgi.input"].read()], max_form_bytes=LARGE_FORM_BYTES)
    assert send(application, large_form()) == b"x" * LARGE_FORM_BYTES
