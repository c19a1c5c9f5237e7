"""Pages for anonymous readers, kept in each worker's memory, around Django.

A view opts in (`articles.pages.public_page`). Its answer to a reader without a session is then rendered once for
everybody, from a request that holds nothing of the visitor's but host, path and the query parameters that pages know,
and served for `FRESH_SECONDS`. There is no invalidation: age is the promise (docs/architecture.md, Three paths).
"""

from __future__ import annotations

import gzip
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, urlencode
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import brotli
from django.conf import settings
from django.http.cookie import parse_cookie
from django.urls import Resolver404, resolve
from django.utils import translation

from articles.pages import FRESH_SECONDS, PARAMETERS, STALE_ON_ERROR_SECONDS, STALE_SECONDS

# A page that nobody could render yet is waited for so long; then the request goes to Django itself.
WAIT_SECONDS = 10
MISSING_PAGES = 256
ALIASES = 20_000

Headers = list[tuple[str, str]]
Key = tuple[str, str, str, str]


class Page:
    """One rendered answer, with its compressed forms made when they are first asked for."""

    __slots__ = ("body", "etag", "forms", "headers", "rendered_at", "status")

    def __init__(self, status: str, headers: Headers, body: bytes, now: float) -> None:
        self.status = status
        self.headers = [(k, v) for k, v in headers if k.lower() not in {"content-length", "vary", "etag"}]
        self.headers.append(("Vary", "Accept-Encoding"))
        self.body = body
        self.rendered_at = now
        self.etag = hashlib.sha256(body).hexdigest()[:20]
        self.forms: dict[str, tuple[bytes, str, Headers]] = {}

    @property
    def size(self) -> int:
        """Bytes that the page may come to hold: its body, both compressed forms at most as long, and small change."""
        return 2 * len(self.body) + 2048

    def form(self, encoding: str) -> tuple[bytes, str, Headers]:
        """(body, ETag, headers) in "br", "gzip" or "" (as it is)."""
        found = self.forms.get(encoding)
        if found is None:
            if encoding == "br":
                body = brotli.compress(self.body, quality=5)
            elif encoding == "gzip":
                body = gzip.compress(self.body, compresslevel=6, mtime=0)
            else:
                body = self.body
            etag = f'"{self.etag}{encoding and "-" + encoding}"'
            headers = [*self.headers, ("ETag", etag), ("Content-Length", str(len(body)))]
            if encoding:
                headers.append(("Content-Encoding", encoding))
            found = self.forms[encoding] = (body, etag, headers)
        return found


class PageCache:
    """A WSGI application around Django's.

    Args:
        app: Django's WSGI application.
        max_bytes: how much the pages of this process may hold together; the least recently used go first.
    """

    def __init__(self, app: WSGIApplication, *, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.bytes = 0
        self.pages: OrderedDict[Key, Page] = OrderedDict()
        # Apart, and few: a flood of addresses that do not exist pushes no page out.
        self.missing: OrderedDict[Key, Page] = OrderedDict()
        # What requests look like → (key, encoding), so that a hit parses nothing. Dropped whole when full.
        self.aliases: dict[tuple[Any, ...], tuple[Key, str]] = {}
        self.rendering: dict[Key, threading.Event] = {}
        self.lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        get = environ.get
        method = environ["REQUEST_METHOD"]
        if (method not in {"GET", "HEAD"}) or has_session(get("HTTP_COOKIE", "")):
            return self.app(environ, start_response)
        seen = (
            get("HTTP_HOST"),
            get("HTTP_X_FORWARDED_PROTO"),
            environ["PATH_INFO"],
            get("QUERY_STRING"),
            get("HTTP_ACCEPT_ENCODING"),
        )
        alias = self.aliases.get(seen)
        if alias is None:
            if not is_public(environ["PATH_INFO"]) or (host := known_host(environ)) is None:
                return self.app(environ, start_response)
            alias = (key_of(environ, host), encoding_of(get("HTTP_ACCEPT_ENCODING", "")))
            if len(self.aliases) >= ALIASES:
                self.aliases.clear()
            self.aliases[seen] = alias
        key, encoding = alias
        page = self.pages.get(key) or self.missing.get(key)
        if page is not None and time.monotonic() - page.rendered_at < FRESH_SECONDS:
            return self.answer(page, "hit", encoding, key, environ, start_response)
        return self.refresh(page, encoding, key, environ, start_response)

    def answer(
        self, page: Page, how: str, encoding: str, key: Key, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Send a page, or 304 where the reader has it already."""
        with suppress(KeyError):  # evicted a moment ago, or a missing page
            self.pages.move_to_end(key)
        body, etag, headers = page.form(encoding)
        known = environ.get("HTTP_IF_NONE_MATCH")
        if known and page.status.startswith("200") and (known == "*" or etag in known):
            kept = [(k, v) for k, v in headers if not k.lower().startswith("content-")]
            start_response("304 Not Modified", [*kept, ("X-Cache", how)])
            return []
        start_response(page.status, [*headers, ("X-Cache", how)])
        return [body] if environ["REQUEST_METHOD"] == "GET" else []

    def refresh(
        self, page: Page | None, encoding: str, key: Key, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Render the page, or serve the last copy while somebody else does."""
        with self.lock:
            running = self.rendering.get(key)
            if running is None:
                mine = self.rendering[key] = threading.Event()
        if running is not None:
            if page is None or time.monotonic() - page.rendered_at >= FRESH_SECONDS + STALE_SECONDS:
                running.wait(WAIT_SECONDS)
                page = self.pages.get(key) or self.missing.get(key)
                if page is None or time.monotonic() - page.rendered_at >= FRESH_SECONDS + STALE_SECONDS:
                    return self.app(environ, start_response)
            return self.answer(page, "stale", encoding, key, environ, start_response)
        try:
            fresh = self.render(key, environ)
            broken = fresh.status.startswith("5")
            if broken and page is not None and time.monotonic() - page.rendered_at < STALE_ON_ERROR_SECONDS:
                return self.answer(page, "stale", encoding, key, environ, start_response)
            if not broken:
                self.keep(key, fresh)
        finally:
            with self.lock:
                del self.rendering[key]
            mine.set()
        return self.answer(fresh, "miss", encoding, key, environ, start_response)

    def render(self, key: Key, environ: WSGIEnvironment) -> Page:
        """Ask Django for the page, with nothing of this visitor's in the request."""
        answer: list[Any] = []

        def start(status: str, headers: Headers, exc_info: Any = None) -> Any:
            answer[:] = [status, headers]

        chunks = self.app(clean_environ(environ, key), start)
        try:
            body = b"".join(chunks)
        finally:
            if close := getattr(chunks, "close", None):
                close()
        return Page(answer[0], answer[1], body, time.monotonic())

    def keep(self, key: Key, page: Page) -> None:
        """Keep what may be kept, and forget what stood there before."""
        headers = {k.lower(): v for k, v in page.headers}
        found = page.status.startswith("200") and "public" in headers.get("cache-control", "")
        missing = page.status.startswith("404")
        with self.lock:
            if (old := self.pages.pop(key, None)) is not None:
                self.bytes -= old.size
            self.missing.pop(key, None)
            if "set-cookie" in headers or page.size > self.max_bytes:
                return
            if found:
                self.pages[key] = page
                self.bytes += page.size
                while self.bytes > self.max_bytes:
                    self.bytes -= self.pages.popitem(last=False)[1].size
            elif missing:
                self.missing[key] = page
                while len(self.missing) > MISSING_PAGES:
                    self.missing.popitem(last=False)


def has_session(cookies: str) -> bool:
    """Whether a Cookie header holds a session, read as Django reads it."""
    return settings.SESSION_COOKIE_NAME in cookies and settings.SESSION_COOKIE_NAME in parse_cookie(cookies)


def is_public(path: str) -> bool:
    """Whether a path's view opted in. An address that no view has is public too: its 404 is everybody's."""
    return parameters_of(path) is not None


@lru_cache(maxsize=4096)
def parameters_of(path: str) -> tuple[str, ...] | None:
    """The query parameters that a path's page may depend on, or None where its view did not opt in."""
    if path.startswith((settings.STATIC_URL, settings.MEDIA_URL)):
        return None
    try:
        path = path.encode("latin-1").decode()
    except UnicodeError:
        return None
    with translation.override(translation.get_language_from_path(path) or settings.LANGUAGE_CODE):
        try:
            view = resolve(path).func
        except Resolver404:
            return PARAMETERS
    return getattr(view, "page_parameters", PARAMETERS) if getattr(view, "is_public_page", False) else None


def known_host(environ: WSGIEnvironment) -> str | None:
    """The host without its port where it is one of ours; every port leads to the same page."""
    host = str(environ.get("HTTP_HOST", "")).lower()
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() and not host.endswith("]") else host
    return name if name in settings.ALLOWED_HOSTS else None


def key_of(environ: WSGIEnvironment, host: str) -> Key:
    """(scheme, host, path, known query): what a page may depend on."""
    scheme = environ["wsgi.url_scheme"]
    if settings.SECURE_PROXY_SSL_HEADER and environ.get("HTTP_X_FORWARDED_PROTO") == "https":
        scheme = "https"
    given = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True, max_num_fields=None))
    # Every other parameter is dropped before rendering, so that it neither splits nor poisons a page.
    known = parameters_of(environ["PATH_INFO"]) or ()
    return scheme, host, environ["PATH_INFO"], urlencode([(k, given[k]) for k in known if k in given])


def clean_environ(environ: WSGIEnvironment, key: Key) -> WSGIEnvironment:
    """A GET for the key's page with the server's variables and none of the visitor's headers."""
    scheme, host, path, query = key
    clean = {k: v for k, v in environ.items() if not k.startswith(("HTTP_", "CONTENT_", "REMOTE_"))}
    clean |= {
        "REQUEST_METHOD": "GET",
        "HTTP_HOST": host,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REMOTE_ADDR": "",
        "wsgi.input": BytesIO(),
        "wsgi.url_scheme": scheme,
    }
    if settings.SECURE_PROXY_SSL_HEADER and scheme == "https":
        clean["HTTP_X_FORWARDED_PROTO"] = "https"
    return clean


@lru_cache(maxsize=1024)
def encoding_of(accepted: str) -> str:
    """The compression to answer with: "br", "gzip" or "" (RFC 9110, 12.5.3; a weight of 0 refuses)."""
    offered = set()
    for part in accepted[:500].lower().split(","):
        name, _, weight = part.strip().partition(";")
        quality = weight.strip().removeprefix("q=").strip()
        if not (quality and quality.strip("0.") == ""):
            offered.add(name.strip())
    return "br" if "br" in offered else "gzip" if "gzip" in offered else ""
