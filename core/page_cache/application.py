"""Pages for anonymous readers, kept in each worker's memory, around Django.

A view opts in (`core.http_cache.public_page`). Its answer to a reader without a session is then rendered once for
everybody, from a request that holds nothing of the visitor's but what makes a page another page (`page_keys`), and
served for `FRESH_SECONDS`. There is no invalidation: age is the promise (docs/architecture.md, Three paths).

`X-Cache` says how a page came: "hit" from memory, "miss" rendered for this request, "stale" a copy that another
request renews at this moment, or that cannot be renewed. What goes to Django untouched has no such header.
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

from core.http_cache import FRESH_SECONDS, STALE_ON_ERROR_SECONDS, STALE_SECONDS
from core.page_cache.keys import Key, clean_environ, encoding_of, has_session, key_of
from core.page_cache.store import Headers, Page, Shelf

logger = logging.getLogger(__name__)

# After so long a rendering counts as hung: who waits for it is refused, and who comes next tries anew.
WAIT_SECONDS = 10
# Where there is a copy to fall back on, nobody waits longer than this for a newer one.
PATIENCE_SECONDS = 2
# A page that failed is left alone for so long, and its last copy serves.
REST_SECONDS = 1
# Of the bytes, what pages that do not exist may have: a flood of such addresses pushes no page out.
MISSING_PART = 16
# What is remembered of requests' looks, in bytes, twice over.
ALIAS_BYTES = 2 * 1024 * 1024

HIT, MISS, STALE = ("X-Cache", "hit"), ("X-Cache", "miss"), ("X-Cache", "stale")


class Rendering:
    """One thread asks Django for a page; the others may wait for it."""

    __slots__ = ("began", "done", "failed", "page")

    def __init__(self, began: float) -> None:
        self.began = began
        self.done = threading.Event()
        self.failed = True  # until it has not
        self.page: Page | None = None  # what came of it, where it is for everybody who waited


class PageCache:
    """A WSGI application around Django's.

    Args:
        app: Django's WSGI application.
        max_bytes: how much the pages of this process may hold together; the least recently used go first.
    """

    def __init__(self, app: WSGIApplication, *, max_bytes: int) -> None:
        self.app = app
        self.missing = Shelf(max_bytes // MISSING_PART)
        self.pages = Shelf(max_bytes - self.missing.max_bytes)
        self.rendering: dict[Key, Rendering] = {}
        self.lock = threading.Lock()
        # What requests look like → (key, encoding), so that a hit parses nothing. Two generations: what is not asked
        # for between two floods of odd requests is forgotten, what is asked for stays.
        self.aliases: dict[tuple[Any, ...], tuple[Key, str]] = {}
        self.older_aliases = self.aliases
        self.alias_room = ALIAS_BYTES

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        get = environ.get
        method = environ["REQUEST_METHOD"]
        cookies = get("HTTP_COOKIE")
        if method not in ("GET", "HEAD") or (cookies and has_session(cookies)):
            return self.app(environ, start_response)
        seen = (
            get("HTTP_HOST"),
            get("HTTP_X_FORWARDED_PROTO"),
            get("wsgi.url_scheme"),
            get("PATH_INFO"),
            get("QUERY_STRING"),
            get("HTTP_ACCEPT_ENCODING"),
        )
        alias = self.aliases.get(seen) or self.understand(seen, environ)
        if alias is None:
            return self.app(environ, start_response)
        key, encoding = alias
        page = self.pages.pages.get(key) or self.missing.pages.get(key)
        if page is not None and time.monotonic() < page.fresh_until:
            self.pages.touch(key)
            return answer(page, encoding, HIT, environ, start_response)
        return self.refresh(key, encoding, environ, start_response)

    def understand(self, seen: tuple[Any, ...], environ: WSGIEnvironment) -> tuple[Key, str] | None:
        """The page and the encoding that a request asks for; None where Django itself must answer."""
        alias = self.older_aliases.get(seen)
        if alias is None:
            key = key_of(environ)
            if key is None:
                return None
            accepted = environ.get("HTTP_ACCEPT_ENCODING", "")
            alias = (key, encoding_of(accepted[:500]))
        weight = 600 + sum(len(one) for one in seen if one)
        if weight < ALIAS_BYTES // 500:
            if self.alias_room < weight:
                self.older_aliases, self.aliases, self.alias_room = self.aliases, {}, ALIAS_BYTES
            self.aliases[seen] = alias
            self.alias_room -= weight
        return alias

    def find(self, key: Key) -> Page | None:
        """The last copy of a page, however old."""
        return self.pages.pages.get(key) or self.missing.pages.get(key)

    def refresh(
        self, key: Key, encoding: str, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Render the page, or serve the last copy while somebody else does."""
        mine = running = None
        with self.lock:
            now = time.monotonic()
            page = self.find(key)
            if page is None or now >= max(page.fresh_until, page.retry_at):
                running = self.rendering.get(key)
                if running is None or now - running.began >= WAIT_SECONDS:
                    mine = self.rendering[key] = Rendering(now)
        if mine is not None:
            return self.lead(mine, page, key, encoding, environ, start_response)
        if running is not None:
            return self.follow(running, page, key, encoding, environ, start_response)
        assert page is not None
        # Renewed a moment ago, or it failed a moment ago.
        return answer(page, encoding, HIT if now < page.fresh_until else STALE, environ, start_response)

    def lead(
        self,
        mine: Rendering,
        page: Page | None,
        key: Key,
        encoding: str,
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        """Render the page, and keep it where it may be kept."""
        try:
            try:
                fresh = self.render(key, environ, mine.began)
            except Exception:
                if page is None or not usable_on_error(page):
                    raise
                logger.exception("A page could not be rendered; its last copy serves.")
                return answer(page, encoding, STALE, environ, start_response)
            if fresh.status.startswith("5"):
                mine.page = fresh
                if page is not None and usable_on_error(page):
                    return answer(page, encoding, STALE, environ, start_response)
            else:
                # What readers of the last copy took, they will take again: made once, before they all come.
                for one in {encoding, *(page.forms if page else ())}:
                    fresh.form(one)
                if self.keep(key, fresh):
                    mine.page = fresh
                mine.failed = False
        finally:
            if mine.failed and page is not None and usable_on_error(page):
                page.retry_at = min(time.monotonic() + REST_SECONDS, page.born + STALE_ON_ERROR_SECONDS)
            with self.lock:
                if self.rendering.get(key) is mine:
                    del self.rendering[key]
            mine.done.set()
        return answer(fresh, encoding, MISS, environ, start_response)

    def follow(
        self,
        running: Rendering,
        page: Page | None,
        key: Key,
        encoding: str,
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        """Serve the last copy, or wait for what another thread renders."""
        now = time.monotonic()
        if page is not None and now < page.fresh_until + STALE_SECONDS:
            return answer(page, encoding, STALE, environ, start_response)
        patience = WAIT_SECONDS if page is None or not usable_on_error(page) else PATIENCE_SECONDS
        done = running.done.wait(min(patience, max(0, running.began + WAIT_SECONDS - now)))
        if done and not running.failed:
            if running.page is None:  # It is not for keeping, so everyone gets their own.
                return self.app(environ, start_response)
            return answer(running.page, encoding, HIT, environ, start_response)
        if page is not None and usable_on_error(page):
            return answer(page, encoding, STALE, environ, start_response)
        if running.page is not None:
            return answer(running.page, encoding, MISS, environ, start_response)
        return refuse(key, start_response)

    def render(self, key: Key, environ: WSGIEnvironment, born: float) -> Page:
        """Ask Django for the page, with nothing of this visitor's in the request."""
        said: list[Any] = []
        today = time.time()

        def start(status: str, headers: Headers, exc_info: Any = None) -> Any:
            said[:] = [status, headers]

        chunks = self.app(clean_environ(environ, key), start)
        try:
            body = b"".join(chunks)
        finally:
            if close := getattr(chunks, "close", None):
                close()
        status, headers = said
        page = Page(status, headers, body, born=born)
        # Caches in front count a page's age from here: a CDN by its date, nginx by the moment until which it may keep.
        page.headers.append(("Date", http_date(today)))
        if settings.ALLAUTH_TRUSTED_PROXY_COUNT and is_keepable(page):
            page.headers.append(("X-Accel-Expires", f"@{int(today) + FRESH_SECONDS}"))
        return page

    def keep(self, key: Key, page: Page) -> bool:
        """Keep what may be kept, in the place of what stood there before; whether it is everybody's."""
        if (old := self.find(key)) is not None and old.born > page.born:
            return True  # This rendering hung, and somebody else's came before it.
        keepable = is_keepable(page)
        missing = page.status.startswith("404") and not page.header("set-cookie")
        for shelf, fits in ((self.pages, keepable), (self.missing, missing)):
            if fits:
                shelf.put(key, page)
            else:
                shelf.drop(key)
        return keepable or missing


def is_keepable(page: Page) -> bool:
    """Whether a page is everybody's: its view said so, and it sets no cookie."""
    public = "public" in page.header("cache-control")
    return page.found and public and not page.header("set-cookie")


def usable_on_error(page: Page) -> bool:
    """Whether a copy may serve while the page cannot be rendered."""
    return time.monotonic() - page.born < STALE_ON_ERROR_SECONDS


def answer(
    page: Page, encoding: str, how: tuple[str, str], environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    """Send a page, or 304 where the reader has it already. (The lists are new: a server may change what it gets.)"""
    form = page.forms.get(encoding) or page.form(encoding)
    known = environ.get("HTTP_IF_NONE_MATCH")
    # A tag with its quotation marks is in a list of tags, weak ones among them, exactly where it is one of them.
    if known and page.found and (form.etag in known or known.strip() == "*"):
        start_response("304 Not Modified", [*form.unchanged, how])
        return []
    start_response(page.status, [*form.headers, how])
    return [form.body] if environ["REQUEST_METHOD"] == "GET" else []


def refuse(key: Key, start_response: StartResponse) -> Iterable[bytes]:
    """The answer to those who have waited long enough for a page that hangs."""
    language = translation.get_language_from_path(key[2]) or settings.LANGUAGE_CODE
    with translation.override(language):
        body = _("This page takes too long at the moment. Please try again in a few seconds.").encode()
    headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "private, no-store"),
        ("Retry-After", str(WAIT_SECONDS)),
    ]
    start_response("503 Service Unavailable", headers)
    return [body]
