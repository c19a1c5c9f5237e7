"""WSGI middleware that bounds the memory of request bodies."""

import gc
from collections.abc import Iterable
from contextlib import ExitStack
from tempfile import TemporaryFile
from threading import BoundedSemaphore
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

# Bodies that are received between two collections.
COLLECT_AFTER_BYTES = 4_000_000
# Forms from this size on take turns.
LARGE_FORM_BYTES = 500_000
LARGE_FORMS_AT_A_TIME = 2
CHUNK_BYTES = 65_536


class FreeLargeRequests:
    """A WSGI application around Django's, to be made when everything is imported.

    A Django request is part of reference cycles (`request.user` refers to it), so its body stays in memory until a
    full garbage collection, which Python makes rarely: eight clients that post 2 MB again and again filled 500 MB. So
    there is a collection after some megabytes of bodies, however many requests they are. What was imported is left
    out of collections, which makes them cheap.

    Django keeps about five copies of a form while it parses it, so large forms are also handled two at a time. They
    wait in temporary files, and only when all of it has arrived, so a slow client delays no other. Multipart bodies do
    not wait, because Django streams their files to disk.
    """

    def __init__(self, app: WSGIApplication, *, max_form_bytes: int) -> None:
        """Take the application and the size from which it refuses a form without reading it."""
        self.app = app
        self.max_form_bytes = max_form_bytes
        self.received = 0
        self.turns = BoundedSemaphore(LARGE_FORMS_AT_A_TIME)
        gc.collect()
        gc.freeze()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        text = environ.get("CONTENT_LENGTH") or "0"
        length = int(text) if text.isdecimal() else 0
        with ExitStack() as stack:
            if self._is_large_form(environ, length):
                if not _wait_for_the_body(environ, length, stack):
                    start_response("400 Bad Request", [("Content-Length", "0")])  # The client has gone.
                    return []
                stack.enter_context(self.turns)
            self.received += length
            if self.received >= COLLECT_AFTER_BYTES:
                self.received = 0
                gc.collect()
            return self.app(environ, start_response)

    def _is_large_form(self, environ: WSGIEnvironment, length: int) -> bool:
        is_multipart = environ.get("CONTENT_TYPE", "").startswith("multipart/")
        return LARGE_FORM_BYTES <= length <= self.max_form_bytes and not is_multipart


def _wait_for_the_body(environ: WSGIEnvironment, length: int, stack: ExitStack) -> bool:
    """Replace the request's input by a file with all of it, and say whether all of it came.

    Nothing changes if the disk has no room.
    """
    try:
        file = stack.enter_context(TemporaryFile())  # noqa: SIM115 - the stack closes it
        file.write(bytes(length))  # Takes the room before anything is read.
        file.seek(0)
    except OSError:
        return True
    left = length
    try:
        while left and (chunk := environ["wsgi.input"].read(min(CHUNK_BYTES, left))):
            left -= file.write(chunk)
    except OSError:
        return False
    file.seek(0)
    environ["wsgi.input"] = file
    return left == 0
