"""WSGI middleware that answers public pages from memory.

A view opts in with `core.http_cache.public_page`. Its response to a visitor without a session is rendered once for all
visitors, from a request that holds nothing of theirs but the cache key (`keys.py`), and served for `FRESH_SECONDS`, or
until a scheduled article is due. There is no invalidation: the maximum age is the promise (docs/architecture.md).

The response header `X-Cache` is "hit" (from memory), "miss" (rendered for this request) or "stale" (an older copy,
while another request renders it anew or rendering fails). What goes to Django unchanged has no such header.
"""

import logging
import threading
import time
from collections.abc import Iterable
from functools import partial
from math import inf
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.conf import settings
from django.utils import translation
from django.utils.http import http_date
from django.utils.translation import gettext as _

from core.http_cache import CHANGES_IN, STALE_ON_ERROR_SECONDS
from core.page_cache.keys import Key, cache_key, has_session, render_environ
from core.page_cache.store import LRUCache, Page, limit_age

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
    """A rendering in progress: one thread calls Django, others can wait for the result.

    Args:
        started_at: when it began, by the monotonic clock.
        last: the last copy of the page, however old.
    """

    def __init__(self, started_at: float, last: Page | None) -> None:
        self.started_at = started_at
        self.last = last
        self.done = threading.Event()
        self.failed = True  # until it succeeds
        self.page: Page | None = None  # set if the result may be shared with all who wait

    @property
    def stale_page(self) -> Page | None:
        """The last copy, if it may be served while the page cannot be rendered."""
        is_usable = self.last and time.monotonic() - self.last.rendered_at < STALE_ON_ERROR_SECONDS
        return self.last if is_usable else None


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
        return self.refresh(key, encoding, environ)(environ, start_response)

    def find(self, key: Key) -> Page | None:
        """Return the last copy of a page, however old."""
        return self.pages.pages.get(key) or self.not_found.pages.get(key)

    def refresh(self, key: Key, encoding: str, environ: WSGIEnvironment) -> WSGIApplication:
        """Render the page, or find the last copy while another thread renders it; return what answers the request."""
        own = other = None
        with self.lock:
            now = time.monotonic()
            page = self.find(key)
            if page is None or now >= max(page.fresh_until, page.retry_at):
                other = self.in_flight.get(key)
                if other is None or now - other.started_at >= RENDER_TIMEOUT:
                    own = self.in_flight[key] = InFlight(now, page)
        if own is not None:
            return self.lead(own, key, encoding, environ)
        if other is not None:
            return self.follow(other, key, encoding)
        assert page is not None
        # It was renewed, or failed, a moment ago.
        return partial(respond, page, encoding, HIT if now < page.fresh_until else STALE)

    def lead(self, own: InFlight, key: Key, encoding: str, environ: WSGIEnvironment) -> WSGIApplication:
        """Render the page, and store it if it may be stored."""
        fresh = None
        try:
            fresh = self.render(key, environ, own.started_at)
            is_error = fresh.status.startswith("5")
            if not is_error:
                # Compressed before the waiting requests arrive, in the encodings that the last copy was requested in.
                for name in {encoding, *(own.last.variants if own.last else ())}:
                    fresh.variant(name)
            if is_error or self.store(key, fresh):
                own.page = fresh
            own.failed = is_error
        except Exception:
            if own.stale_page is None:
                raise
            logger.exception("A page could not be rendered; its last copy is served.")
        finally:
            if own.failed and (last := own.stale_page):
                last.retry_at = min(time.monotonic() + RETRY_BACKOFF, last.rendered_at + STALE_ON_ERROR_SECONDS)
            with self.lock:
                if self.in_flight.get(key) is own:
                    del self.in_flight[key]
            own.done.set()
        page = (own.stale_page if own.failed else fresh) or fresh or own.last
        assert page is not None
        return partial(respond, page, encoding, MISS if page is fresh else STALE)

    def follow(self, other: InFlight, key: Key, encoding: str) -> WSGIApplication:
        """Find the last copy, or wait for what another thread renders."""
        now = time.monotonic()
        if other.last and now < other.last.stale_until:
            return partial(respond, other.last, encoding, STALE)
        timeout = RENEWAL_TIMEOUT if other.stale_page else RENDER_TIMEOUT
        done = other.done.wait(min(timeout, max(0, other.started_at + RENDER_TIMEOUT - now)))
        if done and not other.failed:
            # A page that may not be shared is rendered for each request.
            return partial(respond, other.page, encoding, HIT) if other.page else self.app
        if last := other.stale_page:
            return partial(respond, last, encoding, STALE)
        return partial(respond, other.page, encoding, MISS) if other.page else partial(service_unavailable, key)

    def render(self, key: Key, environ: WSGIEnvironment, started_at: float) -> Page:
        """Request the page from Django, with nothing of this visitor's in the request."""
        captured: list[Any] = []
        # Standard caches in front compute the page's age from here.
        date = http_date(time.time())

        def start(*response: Any) -> Any:
            captured[:] = response[:2]

        rendered = render_environ(environ, key)
        chunks = self.app(rendered, start)
        try:
            body = b"".join(chunks)
        finally:
            if close := getattr(chunks, "close", None):
                close()
        status, headers = captured
        page = Page(status, headers, body, rendered_at=started_at, changes_in=rendered.get(CHANGES_IN, inf))
        page.headers.append(("Date", date))
        return page

    def store(self, key: Key, page: Page) -> bool:
        """Store the page if it may be stored; return whether it may be shared with other visitors."""
        present = self.find(key)
        if present is not None and present.rendered_at > page.rendered_at:
            return True  # This rendering hung, and a later one overtook it.
        sets_cookie = bool(page.header("set-cookie"))
        public = page.is_ok and "public" in page.header("cache-control") and not sets_cookie
        not_found = page.status.startswith("404") and not sets_cookie
        for cache, fits in ((self.pages, public), (self.not_found, not_found)):
            if fits:
                cache.put(key, page)
            else:
                cache.delete(key)
        return public or not_found


def respond(
    page: Page, encoding: str, x_cache: tuple[str, str], environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    """Send a page, or 304 if the visitor has it."""
    answers[x_cache[1]] += 1
    body, etag, headers, not_modified_headers = page.variants.get(encoding) or page.variant(encoding)
    if x_cache is STALE or page.changes_at is not None:
        # Shared caches in front add its age to theirs, so they may not store a stale copy.
        seconds = page.changes_at - time.monotonic() if page.changes_at is not None and x_cache is not STALE else 0
        headers, not_modified_headers = limit_age(headers, seconds), limit_age(not_modified_headers, seconds)
    if_none_match = environ.get("HTTP_IF_NONE_MATCH")
    # The quoted tag occurs in a list of tags, weak ones included, only as one of them.
    if if_none_match and page.is_ok and (etag in if_none_match or if_none_match.strip() == "*"):
        start_response("304 Not Modified", [*not_modified_headers, x_cache])
        return []
    # A copy, since a server may change the list.
    start_response(page.status, [*headers, x_cache])
    return [body] if environ["REQUEST_METHOD"] == "GET" else []


def service_unavailable(key: Key, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer a request that has waited `RENDER_TIMEOUT` seconds for a page that hangs."""
    with translation.override(translation.get_language_from_path(key.path) or settings.LANGUAGE_CODE):
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
