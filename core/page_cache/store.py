"""Cached pages in memory: one rendering with its compressed variants, and an LRU cache bounded in bytes."""

import gzip
import hashlib
import re
import threading
from collections import OrderedDict
from math import inf
from sys import getsizeof
from typing import NamedTuple

import brotli

from core.http_cache import FRESH_SECONDS, STALE_SECONDS, fresh_seconds
from core.page_cache.keys import Key

Headers = list[tuple[str, str]]

_S_MAXAGE = re.compile(r"\bs-maxage=\d+")

# Set by the page cache itself, whatever the view set.
OWN_HEADERS = {"content-length", "date", "etag", "vary", "x-accel-expires", "x-cache"}
# Describe a body, so they are left out of a 304 response.
BODY_HEADERS = {"content-encoding", "content-language", "content-length", "content-type"}


class Variant(NamedTuple):
    """A page in one content encoding, with the headers of its responses ready, so that a hit builds nothing."""

    body: bytes
    etag: str
    headers: Headers
    not_modified_headers: Headers


class Page:
    """One rendered response; its compressed variants are made when they are first requested.

    Args:
        status: the status line, such as "200 OK".
        rendered_at: when rendering began, by the monotonic clock; the page's data is at least that old.
        changes_in: seconds after which the page is another one by the clock alone (`core.http_cache`).
    """

    def __init__(
        self, status: str, headers: Headers, body: bytes, *, rendered_at: float, changes_in: float = inf
    ) -> None:
        self.status = status
        self.is_ok = status.startswith("200")
        self.headers = [(name, value) for name, value in headers if name.lower() not in OWN_HEADERS]
        self.headers.append(("Vary", "Accept-Encoding"))
        self.body = body
        self.rendered_at = rendered_at
        self.fresh_until = rendered_at + fresh_seconds(changes_in)
        # While it is rendered again.
        self.stale_until = rendered_at + min(FRESH_SECONDS + STALE_SECONDS, changes_in)
        # Set if a cache in front could store a fresh response for longer.
        self.changes_at = rendered_at + changes_in if changes_in < 2 * FRESH_SECONDS else None
        self.retry_at = 0.0
        self.tag = hashlib.sha256(body).hexdigest()[:20]
        self.variants: dict[str, Variant] = {}
        self.lock = threading.Lock()
        self.cache: LRUCache | None = None
        self.size = getsizeof(body) + sum(getsizeof(pair) + sum(map(getsizeof, pair)) for pair in self.headers) + 1000

    def header(self, name: str) -> str:
        """Return a header's value, "" if it is not set."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    def variant(self, encoding: str) -> Variant:
        """Return the page in "br", "gzip" or "" (not compressed). One thread compresses while the others wait."""
        with self.lock:
            variant = self.variants.get(encoding)
            if variant is None:
                variant = self._encode(encoding)
                size = (
                    2 * getsizeof(variant.headers)
                    + 500
                    + (getsizeof(variant.body) if variant.body is not self.body else 0)
                )
                if self.cache is not None:
                    self.cache.grow(self, size)
                else:
                    self.size += size
                self.variants[encoding] = variant
        return variant

    def _encode(self, encoding: str) -> Variant:
        body = self.body
        if self.header("content-encoding"):  # The view compressed it.
            encoding = ""
        if encoding == "br":
            body = brotli.compress(body, quality=5)
        elif encoding == "gzip":
            body = gzip.compress(body, compresslevel=6, mtime=0)
        etag = f'"{self.tag}{encoding and "-" + encoding}"'
        headers = [*self.headers, ("ETag", etag), ("Content-Length", str(len(body)))]
        if encoding:
            headers.append(("Content-Encoding", encoding))
        return Variant(body, etag, headers, [pair for pair in headers if pair[0].lower() not in BODY_HEADERS])


def limit_age(headers: Headers, seconds: float) -> Headers:
    """Return the headers of a response that shared caches in front may store for so many seconds only."""
    value = f"s-maxage={max(0, min(FRESH_SECONDS, int(seconds)))}"
    return [(name, _S_MAXAGE.sub(value, text) if name.lower() == "cache-control" else text) for name, text in headers]


class LRUCache:
    """Pages by key; the least recently used are evicted when all together exceed `max_bytes`.

    Reading takes no lock: `pages.get` and `touch` are single operations of a dictionary.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.bytes = 0
        self.pages: OrderedDict[Key, Page] = OrderedDict()
        self.lock = threading.RLock()

    def touch(self, key: Key) -> None:
        """Mark a page as recently used."""
        try:  # noqa: SIM105 - on the path of every hit
            self.pages.move_to_end(key)
        except KeyError:  # It was evicted a moment ago, or is in the other cache.
            pass

    def put(self, key: Key, page: Page) -> None:
        """Store a page in place of the present one; a page of more than a quarter of `max_bytes` is not stored."""
        with self.lock:
            self.delete(key)
            if page.size > self.max_bytes // 4:
                return
            self.pages[key] = page
            self.bytes += page.size
            page.cache = self
            self._evict()

    def delete(self, key: Key) -> None:
        """Remove a page if it is there."""
        with self.lock:
            if (page := self.pages.pop(key, None)) is not None:
                self.bytes -= page.size
                page.cache = None

    def grow(self, page: Page, size: int) -> None:
        """Account for `size` more bytes that a page holds."""
        with self.lock:
            page.size += size
            if page.cache is self:
                self.bytes += size
                self._evict()

    def _evict(self) -> None:
        while self.bytes > self.max_bytes:
            _key, page = self.pages.popitem(last=False)
            self.bytes -= page.size
            page.cache = None
