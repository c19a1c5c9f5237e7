"""Large requests do not stay in memory."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from io import BytesIO
from wsgiref.util import setup_testing_defaults

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application

from core.request_memory import LARGE_BODY_BYTES, FreeLargeRequests

pytestmark = pytest.mark.django_db


@pytest.fixture
def application() -> Iterator[FreeLargeRequests]:
    """Django's application; automatic collections are off, so that only ours are seen."""
    app = FreeLargeRequests(get_wsgi_application())
    gc.disable()
    yield app
    gc.enable()
    gc.unfreeze()


def post(application: FreeLargeRequests, size: int) -> str:
    body = b"login=" + b"x" * size
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/accounts/login/",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body)),
        "REMOTE_ADDR": "192.0.2.1",
        "HTTP_HOST": "testserver",
        "HTTP_ORIGIN": "http://testserver",
        "HTTP_COOKIE": "csrf=" + "a" * 32,
        "HTTP_X_CSRFTOKEN": "a" * 32,
        "wsgi.input": BytesIO(body),
    }
    setup_testing_defaults(environ)
    statuses: list[str] = []

    def start_response(status: str, headers: object, exc_info: object = None, /) -> Callable[[bytes], object]:
        statuses.append(status)
        return statuses.append  # type: ignore[return-value]  # nobody calls it

    assert b"".join(application(environ, start_response))
    return statuses[0]


def requests_in_memory() -> int:
    return sum(isinstance(one, WSGIRequest) for one in gc.get_objects())


def test_request_with_large_body_is_freed_at_once(application: FreeLargeRequests) -> None:
    for _ in range(5):
        assert post(application, LARGE_BODY_BYTES) == "200 OK"
    assert requests_in_memory() == 0


def test_request_with_small_body_waits_for_the_collector(application: FreeLargeRequests) -> None:
    post(application, 10)
    assert requests_in_memory() == 1
