"""WSGI middleware that frees the memory of request bodies."""

import gc
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

# Bodies that are received between two collections.
COLLECT_AFTER_BYTES = 4_000_000


class FreeLargeRequests:
    """A WSGI application around Django's, to be made when everything is imported.

    A Django request is part of reference cycles (`request.user` refers to it), so its body stays in memory until a
    full garbage collection, which Python makes rarely: eight clients that post 2 MB again and again filled 500 MB. So
    there is a collection after some megabytes of bodies, however many requests they are. What was imported is left
    out of collections, which makes them cheap.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app
        self.received = 0
        gc.collect()
        gc.freeze()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH") or "0"
        if length.isdecimal():
            self.received += int(length)
            if self.received >= COLLECT_AFTER_BYTES:
                self.received = 0
                gc.collect()
        return self.app(environ, start_response)
