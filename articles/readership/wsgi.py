"""The WSGI entry point of the beacon for readers without a session (docs/decisions/0012-view-beacon.md).

It calls the same views as Django does, without Django's handler, URL resolver and middleware, which cost more CPU than
everything else that a beacon does.
"""

import re
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, PermissionDenied, SuspiciousOperation
from django.core.handlers.wsgi import WSGIRequest

from articles.readership import views
from articles.readership.exits import MAX_BODY_LENGTH

_PATH = re.compile(r"/beacon/([0-9]{1,18})(/|/read/|/exit/|\.gif)")
_VIEWS = {"/": views.beacon, "/read/": views.beacon_read, "/exit/": views.beacon_exit, ".gif": views.beacon_image}
_NO_BODY = {None, "", "0"}
_BODY = {str(length) for length in range(1, MAX_BODY_LENGTH + 1)}


class BeaconApplication:
    """A WSGI application around another one: answers beacons without a session, passes on all other requests."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        match = _PATH.fullmatch(environ["PATH_INFO"])
        if (
            match is None
            or environ["REQUEST_METHOD"] != ("GET" if match[2] == ".gif" else "POST")
            or settings.SESSION_COOKIE_NAME in environ.get("HTTP_COOKIE", "")
            or environ.get("QUERY_STRING")
            or environ.get("CONTENT_LENGTH") not in (_BODY if match[2] == "/exit/" else _NO_BODY)
        ):
            return self.app(environ, start_response)
        request = WSGIRequest(environ)
        if settings.SECURE_SSL_REDIRECT and not request.is_secure():
            return self.app(environ, start_response)
        try:
            request.get_host()
            response = _VIEWS[match[2]](request, int(match[1]))
        except (ImproperlyConfigured, PermissionDenied, SuspiciousOperation):
            return self.app(environ, start_response)
        start_response(f"{response.status_code} {response.reason_phrase}", [*response.items(), *_SECURITY_HEADERS])
        return [response.content] if response.content else []


# What middleware sets on every response. (Strict-Transport-Security comes with the pages.)
_SECURITY_HEADERS = [
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Cross-Origin-Opener-Policy", settings.SECURE_CROSS_ORIGIN_OPENER_POLICY),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", settings.SECURE_REFERRER_POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", settings.X_FRAME_OPTIONS),
]
