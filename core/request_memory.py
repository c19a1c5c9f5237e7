"""WSGI middleware that frees the memory of large requests soon after they are answered."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

LARGE_BODY_BYTES = 200_000


class FreeLargeRequests:
    """A WSGI application around Django's, to be made when everything is imported.

    A Django request is part of reference cycles (`request.user` refers to it), so its body stays in memory until a
    full garbage collection, which Python makes rarely: eight clients that post 2 MB again and again filled 500 MB. So
    a large body is collected at once. What was imported is left out of collections, which makes them cheap.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app
        gc.collect()
        gc.freeze()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length) < LARGE_BODY_BYTES:
            return self.app(environ, start_response)
        try:
            chunks = self.app(environ, start_response)
            body = b"".join(chunks)
            if close := getattr(chunks, "close", None):
                close()
            del chunks
        finally:
            environ.clear()
            gc.collect()
        return [body]
