"""The WSGI entry point of the beacon for readers without a session (docs/decisions/0012-view-beacon.md).

It answers what nearly all pages send, and counts it with the function that the Django views use. It passes on everything
else, so that Django redirects, refuses, and looks for users: sessions, other hosts, missing articles.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.conf import settings

from articles.readership.beacon import count
from articles.readership.group_commit import NotWritten
from articles.readership.models import PageRead, PageView
from articles.readership.services import Beacon
from articles.readership.views import NO_STORE, PIXEL, RETRY_AFTER
from articles.readership.visitors import Visitor, is_prefetch, is_same_origin
from core.wsgi_environ import is_secure

_PATH = re.compile(r"/beacon/([0-9]{1,18})(/|/read/|\.gif)")
_IPV4 = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){3}", re.ASCII)
# The headers that `is_same_origin` and `is_prefetch` read.
_HEADERS = {
    name: f"HTTP_{name.upper().replace('-', '_')}"
    for name in ("Sec-Fetch-Site", "Origin", "Referer", "Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
}
_HOSTS = {*settings.ALLOWED_HOSTS, urlsplit(settings.ORIGIN).netloc}
# What Django's middleware sets on every response. (Strict-Transport-Security comes with the pages.)
_COMMON_HEADERS = [
    *NO_STORE.items(),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Cross-Origin-Opener-Policy", settings.SECURE_CROSS_ORIGIN_OPENER_POLICY),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", settings.SECURE_REFERRER_POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", settings.X_FRAME_OPTIONS),
]


class BeaconApplication:
    """A WSGI application around another one: counts views and reads, and passes on all other requests."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        beacon = beacon_of(environ) if environ["PATH_INFO"].startswith("/beacon/") else None
        if beacon is None:
            return self.app(environ, start_response)
        status, headers, body = HTTPStatus.NO_CONTENT, [], b""
        try:
            if not count(beacon):
                return self.app(environ, start_response)
        except NotWritten:
            status = HTTPStatus.SERVICE_UNAVAILABLE
            headers = [("Retry-After", str(RETRY_AFTER)), ("Content-Length", "0")]
        else:
            if environ["REQUEST_METHOD"] == "GET":
                status, body = HTTPStatus.OK, PIXEL
                headers = [("Content-Type", "image/gif"), ("Content-Length", str(len(PIXEL)))]
        start_response(f"{status.value} {status.phrase}", [*_COMMON_HEADERS, *headers])
        return [body]


def beacon_of(environ: WSGIEnvironment) -> Beacon | None:
    """Return what a request reports, or None if Django has to answer it."""
    match = _PATH.fullmatch(environ["PATH_INFO"])
    if match is None:
        return None
    number, kind = match.groups()
    is_image = kind == ".gif"
    headers = {name: environ[variable] for name, variable in _HEADERS.items() if variable in environ}
    address = _address_of(environ)
    if (
        environ["REQUEST_METHOD"] != ("GET" if is_image else "POST")
        or environ.get("HTTP_HOST") not in _HOSTS
        or settings.SESSION_COOKIE_NAME in environ.get("HTTP_COOKIE", "")
        or environ.get("QUERY_STRING")
        or environ.get("CONTENT_LENGTH") not in {None, "", "0"}
        or (settings.SECURE_SSL_REDIRECT and not is_secure(environ))
        or not is_same_origin(headers, origin=settings.ORIGIN, is_image=is_image)
        or is_prefetch(headers)
        or not _IPV4.fullmatch(address)
    ):
        return None
    visitor = Visitor(address=address, user_agent=environ.get("HTTP_USER_AGENT", ""))
    return Beacon(PageRead if kind == "/read/" else PageView, int(number), visitor)


def _address_of(environ: WSGIEnvironment) -> str:
    """Return the address of the reader, or nothing if `core.ratelimit.client_address` has to find it."""
    proxies = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    if not proxies:
        return str(environ.get("REMOTE_ADDR", ""))
    forwarded = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
    return forwarded[-proxies].strip() if len(forwarded) >= proxies else ""
