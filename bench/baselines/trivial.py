"""A trivial WSGI application: measures the server itself."""

from __future__ import annotations

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

_BODY = [b"Hello"]
_HEADERS = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", "5")]


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Return a constant response."""
    start_response("200 OK", _HEADERS)
    return _BODY
