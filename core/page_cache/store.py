"""Rendered pages in memory: their bytes in each encoding, counted, the least recently used out first."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections import OrderedDict
from sys import getsizeof

import brotli

from core.http_cache import FRESH_SECONDS
from core.page_cache.keys import Key

Headers = list[tuple[str, str]]

# What we say ourselves, whatever the view said.
OURS = {"content-length", "date", "etag", "vary", "x-accel-expires", "x-cache"}
# What describes a body; an answer without one (304) goes without it.
OF_THE_BODY = {"content-encoding", "content-language", "content-length", "content-type"}


class Form:
    """A page in one encoding, with the headers of its answers ready: a hit makes nothing anew."""

    __slots__ = ("body", "etag", "headers", "unchanged", "weight")

    def __init__(self, body: bytes, etag: str, headers: Headers, *, shared: bool) -> None:
        self.body = body
        self.etag = etag
        self.headers = headers
        self.unchanged = [(name, value) for name, value in headers if name.lower() not in OF_THE_BODY]
        self.weight = (0 if shared else getsizeof(body)) + getsizeof(headers) + getsizeof(self.unchanged) + 500


class Page:
    """One rendered answer, with its compressed forms made when they are first asked for.

    Args:
        born: when its rendering began, by the monotonic clock: what it shows may be that old.
    """

    __slots__ = (
        "body",
        "born",
        "forms",
        "found",
        "fresh_until",
        "headers",
        "lock",
        "retry_at",
        "shelf",
        "status",
        "tag",
        "weight",
    )

    def __init__(self, status: str, headers: Headers, body: bytes, *, born: float) -> None:
        self.status = status
        self.found = status.startswith("200")
        self.headers = [(name, value) for name, value in headers if name.lower() not in OURS]
        self.headers.append(("Vary", "Accept-Encoding"))
        self.body = body
        self.born = born
        self.fresh_until = born + FRESH_SECONDS
        self.retry_at = 0.0
        self.tag = hashlib.sha256(body).hexdigest()[:20]
        self.forms: dict[str, Form] = {}
        self.lock = threading.Lock()
        self.shelf: Shelf | None = None
        self.weight = getsizeof(body) + sum(getsizeof(one) + sum(map(getsizeof, one)) for one in self.headers) + 1000

    def header(self, name: str) -> str:
        """A header's value, "" where there is none."""
        return next((value for one, value in self.headers if one.lower() == name), "")

    def form(self, encoding: str) -> Form:
        """The page in "br", "gzip" or "" (as it is). One thread compresses, the others wait for it."""
        with self.lock:
            if (found := self.forms.get(encoding)) is None:
                found = self._made(encoding)
                if self.shelf is not None:
                    self.shelf.grow(self, found.weight)
                else:
                    self.weight += found.weight
                self.forms[encoding] = found
        return found

    def _made(self, encoding: str) -> Form:
        body = self.body
        if self.header("content-encoding"):  # The view did it already.
            encoding = ""
        if encoding == "br":
            body = brotli.compress(body, quality=5)
        elif encoding == "gzip":
            body = gzip.compress(body, compresslevel=6, mtime=0)
        etag = f'"{self.tag}{encoding and "-" + encoding}"'
        headers = [*self.headers, ("ETag", etag), ("Content-Length", str(len(body)))]
        if encoding:
            headers.append(("Content-Encoding", encoding))
        return Form(body, etag, headers, shared=body is self.body)


class Shelf:
    """Pages by their keys, within a number of bytes that counts all that they hold.

    Reading takes no lock: `pages.get` and `touch` are single operations of a dictionary.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.bytes = 0
        self.pages: OrderedDict[Key, Page] = OrderedDict()
        self.lock = threading.Lock()

    def touch(self, key: Key) -> None:
        """Note that a page was used."""
        try:  # noqa: SIM105 - every hit comes by here, and this costs nothing
            self.pages.move_to_end(key)
        except KeyError:  # It went a moment ago, or stands on the other shelf.
            pass

    def put(self, key: Key, page: Page) -> None:
        """Keep a page in the place of what stood there. One that would push out a quarter of all others is not kept."""
        with self.lock:
            self._take(key)
            if page.weight > self.max_bytes // 4:
                return
            self.pages[key] = page
            self.bytes += page.weight
            page.shelf = self
            self._make_room()

    def drop(self, key: Key) -> None:
        """Forget a page."""
        with self.lock:
            self._take(key)

    def grow(self, page: Page, by: int) -> None:
        """Count what a page has come to hold."""
        with self.lock:
            page.weight += by
            if page.shelf is self:
                self.bytes += by
                self._make_room()

    def _take(self, key: Key) -> None:
        if (old := self.pages.pop(key, None)) is not None:
            self.bytes -= old.weight
            old.shelf = None

    def _make_room(self) -> None:
        while self.bytes > self.max_bytes:
            _, old = self.pages.popitem(last=False)
            self.bytes -= old.weight
            old.shelf = None
