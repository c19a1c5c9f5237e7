"""Requests as a WSGI server passes them on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from wsgiref.types import WSGIApplication

from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from articles.readership import beacon

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


@dataclass(frozen=True)
class Answer:
    """A response."""

    status: int
    headers: dict[str, str]
    body: bytes


def environ_of(path: str, *, method: str = "POST", **changes: Any) -> dict[str, Any]:
    """Return the environ of a beacon from one of the site's own pages; None removes a variable."""
    host, _, port = settings.ORIGIN.partition("://")[2].partition(":")
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": host,
        "SERVER_PORT": port or "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.1",
        "CONTENT_LENGTH": "0",
        "HTTP_HOST": settings.ORIGIN.partition("://")[2],
        "HTTP_USER_AGENT": FIREFOX,
        "HTTP_SEC_FETCH_SITE": "same-origin",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        **changes,
    }
    return {name: value for name, value in environ.items() if value is not None}


def ask(app: WSGIApplication, environ: dict[str, Any]) -> Answer:
    """Send a request and read the whole response."""
    started: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        started[:] = [status, headers]

    chunks = app(dict(environ), start)
    try:
        body = b"".join(chunks)
    finally:
        if close := getattr(chunks, "close", None):
            close()
    return Answer(int(started[0].split()[0]), {name.lower(): value for name, value in started[1]}, body)


@contextmanager
def open_connections() -> Iterator[None]:
    """Requests leave the test's own connection open, as with Django's test client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


@contextmanager
def group_commit_closed() -> Iterator[None]:
    """End the thread that writes views, and its connection, after a test that commits."""
    try:
        yield
    finally:
        beacon.group_commit.close()
