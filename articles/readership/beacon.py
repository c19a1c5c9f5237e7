"""The beacon of readers without a session, around Django: what arrives together is one INSERT (docs/readership.md).

It answers what it can answer like the Django view in every respect (articles/readership/views.py), and passes on
everything else: readers with a session, refusals, redirects, whatever looks odd.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable, Iterable, Sequence
from io import BytesIO
from math import inf
from threading import Lock
from typing import NamedTuple
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest
from django.http.request import split_domain_port, validate_host

from articles.readership.group_commit import GroupCommit, NotWritten
from articles.readership.models import Read, View, Visit
from articles.readership.own_connection import OwnConnection
from articles.readership.salts import salt_of
from articles.readership.storing import store
from articles.readership.tasks import EVERY_SECONDS, ask_for_roll_up
from articles.readership.views import PIXEL
from articles.readership.visitors import IPV4, Reader, is_prefetch, is_same_origin, sighting, today
from core.ratelimit import client_address
from core.wsgi_environ import is_secure

# How long a reader's browser waits at most for its row, and a thread of ours with it. Nobody looks at the answer.
PATIENCE_SECONDS = 5
RETRY_AFTER_SECONDS = 10

# An outage is one line now and then, not one for each reader.
COMPLAIN_EVERY_SECONDS = 30

logger = logging.getLogger(__name__)
_PATH = re.compile(r"/beacon/([0-9]{1,18})(/|/read/|\.gif)")
# No account has this number: readers without a session are nobody's author.
_NOBODY = 0
# What says whose page asks, and whether anybody sees it (visitors.py).
_HEADERS = {
    name: f"HTTP_{name.upper().replace('-', '_')}"
    for name in ("Sec-Fetch-Site", "Origin", "Referer", "Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
}
_CONTENT = {"content-type", "content-length"}

Headers = list[tuple[str, str]]


class Request(NamedTuple):
    """What is kept of a request until it is written."""

    article_id: int
    of: type[Visit]
    reader: Reader


class Beacon:
    """A WSGI application around the page cache and Django.

    Args:
        app: what answers everything else.
        most_waiting: requests that may wait for the database at once. Fewer than the server has threads, so that a
            database which hangs leaves some to answer pages from memory.
        patience: seconds that one waits at most.
        clock: seconds that only go on.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        most_waiting: int,
        patience: float = PATIENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.app = app
        self.most_waiting = most_waiting
        self.patience = patience
        self.clock = clock
        self.headers: dict[bool, Headers] = {}
        self.begin()

    def begin(self) -> None:
        """Start with nothing shared: neither locks nor connections survive a fork."""
        self.process = os.getpid()
        # Each of the two statements of a batch, or connecting, may take half of what a reader waits.
        self.connection = OwnConnection(patience=self.patience / 2)
        self.commit: GroupCommit[Request, bool] = GroupCommit(
            self.write, most_waiting=self.most_waiting, patience=self.patience, clock=self.clock
        )
        self.has_news = False
        self.asked_at = -inf
        self.asking = Lock()
        self.complained_at = -inf

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = request_of(environ) if environ["PATH_INFO"].startswith("/beacon/") else None
        if request is None:
            return self.app(environ, start_response)
        if self.process != os.getpid():
            self.begin()
        try:
            is_published = self.commit(request)
        except NotWritten:
            headers = [("Retry-After", str(RETRY_AFTER_SECONDS)), ("Content-Length", "0")]
            return self.answer("503 Service Unavailable", headers, b"", environ, start_response)
        self.have_rolled_up()
        if not is_published:
            return self.app(environ, start_response)
        if environ["REQUEST_METHOD"] == "POST":
            return self.answer("204 No Content", [], b"", environ, start_response)
        headers = [("Content-Type", "image/gif"), ("Content-Length", str(len(PIXEL)))]
        return self.answer("200 OK", headers, PIXEL, environ, start_response)

    def answer(
        self, status: str, headers: Headers, body: bytes, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer with the headers that Django's own answer has."""
        secure = is_secure(environ)
        common = self.headers.get(secure)
        if common is None:
            common = self.headers[secure] = headers_of(self.app, environ)
        start_response(status, [*common, *headers])
        return [body] if body else []

    def write(self, batch: Sequence[Request]) -> Sequence[bool]:
        """Write what arrived together; for each, whether its article is published."""
        try:
            return self.connection.run(lambda using: self.write_on(using, batch))
        except Exception as error:
            if self.clock() - self.complained_at >= COMPLAIN_EVERY_SECONDS:
                self.complained_at = self.clock()
                known = isinstance(error, (DatabaseError, InterfaceError))
                logger.error("Views cannot be written: %s", error, exc_info=None if known else error)
            raise

    def write_on(self, using: BaseDatabaseWrapper, batch: Sequence[Request]) -> Sequence[bool]:
        """The same on a given connection."""
        day = today()
        salt = salt_of(day, using=using)
        missing: set[tuple[type[Visit], int]] = set()
        for of in (View, Read):
            seen = [
                sighting(article_id=one.article_id, author_id=_NOBODY, reader=one.reader, day=day, salt=salt)
                for one in batch
                if one.of is of
            ]
            if seen:
                new, unpublished = store(seen, of=of, using=using)
                missing |= {(of, article_id) for article_id in unpublished}
                self.has_news = self.has_news or new > 0
        return [(one.of, one.article_id) not in missing for one in batch]

    def have_rolled_up(self) -> None:
        """Ask for the roll-up, every few seconds at most and one thread at a time: it costs a write."""
        if not self.has_news or self.clock() - self.asked_at < EVERY_SECONDS or not self.asking.acquire(blocking=False):
            return
        try:
            self.asked_at = self.clock()
            self.has_news = False
            ask_for_roll_up()
        except Exception:  # The views are written; the next beacon asks again.
            logger.exception("The roll-up of views could not be asked for.")
        finally:
            close_old_connections()
            self.asking.release()


def request_of(environ: WSGIEnvironment) -> Request | None:
    """A beacon that can be answered here, or None where it is Django's to answer."""
    get = environ.get
    match = _PATH.fullmatch(environ["PATH_INFO"])
    if match is None:
        return None
    number, kind = match.groups()
    is_image = kind == ".gif"
    headers = {name: environ[variable] for name, variable in _HEADERS.items() if variable in environ}
    if (
        environ["REQUEST_METHOD"] != ("GET" if is_image else "POST")
        or settings.SESSION_COOKIE_NAME in get("HTTP_COOKIE", "")
        or get("QUERY_STRING")
        or get("CONTENT_LENGTH") not in {None, "", "0"}
        or not is_our_host(get("HTTP_HOST", ""))
        or (settings.SECURE_SSL_REDIRECT and not is_secure(environ))
        or not is_same_origin(headers, origin=settings.ORIGIN, is_image=is_image)
        or is_prefetch(headers)
    ):
        return None
    try:
        address = address_of(environ)
    except (ImproperlyConfigured, PermissionDenied):
        return None
    reader = Reader(address=address, user_agent=get("HTTP_USER_AGENT", ""))
    return Request(int(number), Read if kind == "/read/" else View, reader)


def is_our_host(host: str) -> bool:
    """Whether a Host header names this site, as Django reads it (`HttpRequest.get_host`)."""
    if host in settings.ALLOWED_HOSTS:
        return True
    domain, _port = split_domain_port(host)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


def address_of(environ: WSGIEnvironment) -> str:
    """The reader's address as every view reads it (`core.ratelimit.client_address`)."""
    proxies = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    forwarded = environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if proxies else []
    if len(forwarded) >= proxies:
        said: str = forwarded[-proxies].strip() if proxies else environ.get("REMOTE_ADDR", "")
        if IPV4.fullmatch(said):
            return said  # what nearly everybody has needs no parsing
    request = HttpRequest()
    request.META = {name: environ[name] for name in ("HTTP_X_FORWARDED_FOR", "REMOTE_ADDR") if name in environ}
    return client_address(request)


def headers_of(app: WSGIApplication, environ: WSGIEnvironment) -> Headers:
    """The headers of Django's 204: its answer to a page that is only prepared, which it gives without the database."""
    needed = {"HTTP_HOST", *(settings.SECURE_PROXY_SSL_HEADER or ())}
    kept = {k: v for k, v in environ.items() if not k.startswith("HTTP_") or k in needed}
    nothing = BytesIO()
    asked = {**kept, "PATH_INFO": "/beacon/0/", "REQUEST_METHOD": "POST", "wsgi.input": nothing}
    asked |= {"HTTP_SEC_FETCH_SITE": "same-origin", "HTTP_SEC_PURPOSE": "prefetch"}
    answer: Headers = []

    def start(status: str, headers: Headers, exc_info: object = None) -> Callable[[bytes], object]:
        answer[:] = headers
        return nothing.write

    chunks = app(asked, start)
    if close := getattr(chunks, "close", None):
        close()
    return [(name, value) for name, value in answer if name.lower() not in _CONTENT]
