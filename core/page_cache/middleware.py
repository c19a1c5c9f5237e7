"""WSGI middleware that answers public pages from memory.

A view opts in with `core.http_cache.public_page`. Its response to a visitor without a session is rendered once for all
visitors, from a request that holds nothing of theirs but the cache key (`keys.py`), and served for `FRESH_SECONDS`.
There is no invalidation: the maximum age is the promise (docs/architecture.md).

The response header `X-Cache` is "hit" (from memory), "miss" (rendered for this request) or "stale" (an older copy,
while another request renders it anew or rendering fails). What goes to Django unchanged has no such header.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.conf import settings
from django.utils import translation
from django.utils.http import http_date
from django.utils.translation import gettext as _

from core.http_cache import STALE_ON_ERROR_SECONDS, STALE_SECONDS
from core.page_cache.keys import Key, cache_key, has_session, render_environ
from core.page_cache.store import Headers, LRUCache, Page

logger = logging.getLogger(__name__)

# After this many seconds a rendering counts as hung: waiting requests get a 503, and the next request tries again.
RENDER_TIMEOUT = 10
# If an older copy can be served, a request waits no longer than this for a new one, in seconds.
RENEWAL_TIMEOUT = 2
# A page that failed to render is not tried again for this many seconds; the older copy is served.
RETRY_BACKOFF = 1
# 404 pages get this fraction (one 16th) of the memory, so that a flood of unknown URLs evicts no real page.
NOT_FOUND_SHARE = 16

HIT, MISS, STALE = ("X-Cache", "hit"), ("X-Cache", "miss"), ("X-Cache", "stale")
# Since the process started, for metrics. Without a lock: CPython switches threads at calls and loops, not within the
# statement that adds one.
answers = {"hit": 0, "miss": 0, "stale": 0}


class InFlight:
    """A rendering in progress: one thread calls Django, others can wait for the result."""

    __slots__ = ("done", "failed", "page", "started_at")

    def __init__(self, started_at: float) -> None:
        self.started_at = started_at
        self.done = threading.Event()
        self.failed = True  # until it succeeds
        self.page: Page | None = None  # set if the result may be shared with all who wait


class PageCache:
    """A WSGI application around Django's.

    Args:
        app: Django's WSGI application.
        max_bytes: memory for all cached pages of this process.
    """

    def __init__(self, app: WSGIApplication, *, max_bytes: int) -> None:
        self.app = app
        self.not_found = LRUCache(max_bytes // NOT_FOUND_SHARE)
        self.pages = LRUCache(max_bytes - self.not_found.max_bytes)
        self.in_flight: dict[Key, InFlight] = {}
        self.lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        cookies = environ.get("HTTP_COOKIE")
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or (cookies and has_session(cookies)):
            return self.app(environ, start_response)
        parsed = cache_key(environ)
        if parsed is None:
            return self.app(environ, start_response)
        key, encoding = parsed
        page = self.find(key)
        if page is not None and time.monotonic() < page.fresh_until:
            self.pages.touch(key)
            return respond(page, encoding, HIT, environ, start_response)
        return self.refresh(key, encoding, environ, start_response)

    def find(self, key: Key) -> Page | None:
        """Return the last copy of a page, however old."""
        return self.pages.pages.get(key) or self.not_found.pages.get(key)

    def refresh(
        self, key: Key, encoding: str, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Render the page, or serve the last copy while another thread renders it."""
        own = other = None
        with self.lock:
            now = time.monotonic()
            page = self.find(key)
            if page is None or now >= max(page.fresh_until, page.retry_at):
                other = self.in_flight.get(key)
                if other is None or now - other.started_at >= RENDER_TIMEOUT:
                    own = self.in_flight[key] = InFlight(now)
        if own is not None:
            return self.lead(own, page, key, encoding, environ, start_response)
        if other is not None:
            return self.follow(other, page, key, encoding, environ, start_response)
        assert page is not None
        # It was renewed, or failed, a moment ago.
        return respond(page, encoding, HIT if now < page.fresh_until else STALE, environ, start_response)

    def lead(
        self,
        own: InFlight,
        page: Page | None,
        key: Key,
        encoding: str,
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        """Render the page, and store it if it may be stored."""
        try:
            try:
                fresh = self.render(key, environ, own.started_at)
            except Exception:
                if page is None or not usable_on_error(page):
                    raise
                logger.exception("A page could not be rendered; its last copy is served.")
                return respond(page, encoding, STALE, environ, start_response)
            if fresh.status.startswith("5"):
                own.page = fresh
                if page is not None and usable_on_error(page):
                    return respond(page, encoding, STALE, environ, start_response)
            else:
                # Compressed before the waiting requests arrive, in the encodings that the last copy was requested in.
                for name in {encoding, *(page.variants if page else ())}:
                    fresh.variant(name)
                if self.store(key, fresh):
                    own.page = fresh
                own.failed = False
        finally:
            if own.failed and page is not None and usable_on_error(page):
                page.retry_at = min(time.monotonic() + RETRY_BACKOFF, page.rendered_at + STALE_ON_ERROR_SECONDS)
            with self.lock:
                if self.in_flight.get(key) is own:
                    del self.in_flight[key]
            own.done.set()
        return respond(fresh, encoding, MISS, environ, start_response)

    def follow(
        self,
        other: InFlight,
        page: Page | None,
        key: Key,
        encoding: str,
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        """Serve the last copy, or wait for what another thread renders."""
        now = time.monotonic()
        if page is not None and now < page.fresh_until + STALE_SECONDS:
            return respond(page, encoding, STALE, environ, start_response)
        timeout = RENDER_TIMEOUT if page is None or not usable_on_error(page) else RENEWAL_TIMEOUT
        done = other.done.wait(min(timeout, max(0, other.started_at + RENDER_TIMEOUT - now)))
        if done and not other.failed:
            if other.page is None:  # It may not be shared, so each request gets its own rendering.
                return self.app(environ, start_response)
            return respond(other.page, encoding, HIT, environ, start_response)
        if page is not None and usable_on_error(page):
            return respond(page, encoding, STALE, environ, start_response)
        if other.page is not None:
            return respond(other.page, encoding, MISS, environ, start_response)
        return service_unavailable(key, start_response)

    def render(self, key: Key, environ: WSGIEnvironment, started_at: float) -> Page:
        """Request the page from Django, with nothing of this visitor's in the request."""
        captured: list[Any] = []
        # Standard caches in front compute the page's age from here.
        date = http_date(time.time())

        def start(status: str, headers: Headers, exc_info: Any = None) -> Any:
            captured[:] = [status, headers]

        chunks = self.app(render_environ(environ, key), start)
        try:
            body = b"".join(chunks)
        finally:
            if close := getattr(chunks, "close", None):
                close()
        status, headers = captured
        page = Page(status, headers, body, rendered_at=started_at)
        page.headers.append(("Date", date))
        return page

    def store(self, key: Key, page: Page) -> bool:
        """Store the page if it may be stored; return whether it may be shared with other visitors."""
        present = self.find(key)
        if present is not None and present.rendered_at > page.rendered_at:
            return True  # This rendering hung, and a later one overtook it.
        public = is_public(page)
        not_found = page.status.startswith("404") and not page.header("set-cookie")
        for cache, fits in ((self.pages, public), (self.not_found, not_found)):
            if fits:
                cache.put(key, page)
            else:
                cache.delete(key)
        return public or not_found


def is_public(page: Page) -> bool:
    """Return whether a page is the same for all visitors: its view declared it public, and it sets no cookie."""
    return page.is_ok and "public" in page.header("cache-control") and not page.header("set-cookie")


def usable_on_error(page: Page) -> bool:
    """Return whether a copy may be served while the page cannot be rendered."""
    return time.monotonic() - page.rendered_at < STALE_ON_ERROR_SECONDS


def respond(
    page: Page, encoding: str, x_cache: tuple[str, str], environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    """Send a page, or 304 if the visitor has it. (The header lists are copied, since a server may change them.)"""
    answers[x_cache[1]] += 1
    variant = page.variants.get(encoding) or page.variant(encoding)
    if_none_match = environ.get("HTTP_IF_NONE_MATCH")
    # The quoted tag occurs in a list of tags, weak ones included, only as one of them.
    if if_none_match and page.is_ok and (variant.etag in if_none_match or if_none_match.strip() == "*"):
        start_response("304 Not Modified", [*variant.not_modified_headers, x_cache])
        return []
    start_response(page.status, [*(variant.stale_headers if x_cache is STALE else variant.headers), x_cache])
    return [variant.body] if environ["REQUEST_METHOD"] == "GET" else []


def service_unavailable(key: Key, start_response: StartResponse) -> Iterable[bytes]:
    """Answer a request that has waited `RENDER_TIMEOUT` seconds for a page that hangs."""
    language = translation.get_language_from_path(key.path) or settings.LANGUAGE_CODE
    with translation.override(language):
        body = _("The page takes too long to load. Try again in a few seconds.").encode()
    headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "private, no-store"),
        ("Retry-After", str(RENDER_TIMEOUT)),
    ]
    start_response("503 Service Unavailable", headers)
    return [body]
