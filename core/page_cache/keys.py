"""Cache keys: everything that a public page may depend on, and nothing else that a visitor sends.

All parts are read as Django reads them, so that the page rendered for a key is what Django would have answered to a
visitor without a session who sent nothing but that key.
"""

from functools import lru_cache
from io import BytesIO
from typing import NamedTuple
from urllib.parse import urlencode
from wsgiref.types import WSGIEnvironment

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.http import QueryDict
from django.http.cookie import parse_cookie
from django.http.request import split_domain_port
from django.urls import Resolver404, is_valid_path, resolve
from django.utils import translation

from core.http_cache import DEFAULT_PARAMETERS
from core.wsgi_environ import VISITOR, is_secure

# A longer host, path and query (bytes together) goes to Django uncached, so that the LRU caches below stay small.
MAX_URL_LENGTH = 2048
MAX_ACCEPT_ENCODING_LENGTH = 500
# The only variables of the WSGI environment that a cached rendering sees; all others may come from the visitor.
SERVER_VARIABLES = ("SCRIPT_NAME", "SERVER_NAME", "SERVER_PORT", "wsgi.errors")


class Key(NamedTuple):
    """What makes a page another page. `query` holds only the parameters that the view knows."""

    scheme: str
    host: str
    path: str
    query: str


def has_session(cookie_header: str) -> bool:
    """Return whether a Cookie header holds a session."""
    return settings.SESSION_COOKIE_NAME in cookie_header and settings.SESSION_COOKIE_NAME in parse_cookie(cookie_header)


def cache_key(environ: WSGIEnvironment) -> tuple[Key, str] | None:
    """Return the key and the content encoding of a GET or HEAD without a session, or None to pass it to Django.

    None for an unknown host, a view that is not declared public, a URL that Django redirects to one with a slash, and
    a URL that is too long.
    """
    host, path = environ.get("HTTP_HOST", ""), environ.get("PATH_INFO") or "/"
    query = environ.get("QUERY_STRING", "")
    if len(host) + len(path) + len(query) > MAX_URL_LENGTH:
        return None
    accept_encoding = environ.get("HTTP_ACCEPT_ENCODING", "")[:MAX_ACCEPT_ENCODING_LENGTH]
    return _parse(is_secure(environ), host, path, query, accept_encoding)


@lru_cache(maxsize=2048)
def _parse(secure: bool, host: str, path: str, query: str, accept_encoding: str) -> tuple[Key, str] | None:
    known_host, _port = split_domain_port(host)
    parameters = query_parameters(path)
    if known_host not in {allowed.lower() for allowed in settings.ALLOWED_HOSTS} or parameters is None:
        return None
    known_query = ""
    if query and parameters:
        try:
            values = QueryDict(query.encode("latin-1"))
        except (TooManyFieldsSent, UnicodeError):
            return None
        # Of repeated parameters the last one, as in `request.GET[name]`. Unknown ones are dropped before rendering, so
        # that they neither multiply nor poison cached pages.
        known_query = urlencode([(name, values[name]) for name in parameters if name in values])
    key = Key("https" if secure else "http", known_host, path, known_query)
    return key, negotiate_encoding(accept_encoding)


def query_parameters(path: str) -> tuple[str, ...] | None:
    """Return the query parameters that the page at `path` may depend on; None if its view is not declared public.

    A path without a view is public as well: its 404 depends on nothing.

    Args:
        path: PATH_INFO, its bytes as latin-1.
    """
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
            # Django's redirect to the path with a slash carries the visitor's whole query.
            return None if settings.APPEND_SLASH and is_valid_path(f"{path}/") else ()
    return getattr(view, "page_parameters", DEFAULT_PARAMETERS) if getattr(view, "is_public_page", False) else None


def negotiate_encoding(accept_encoding: str) -> str:
    """Return "br", "gzip" or "" (RFC 9110, 12.5.3; a weight of 0 refuses an encoding)."""
    accepted = set()
    for part in accept_encoding.lower().split(","):
        name, _, weight = part.strip().partition(";")
        quality = weight.strip().removeprefix("q=").strip()
        if not (quality and quality.strip("0.") == ""):
            accepted.add(name.strip())
    return "br" if "br" in accepted else "gzip" if "gzip" in accepted else ""


def render_environ(environ: WSGIEnvironment, key: Key) -> WSGIEnvironment:
    """Return the environment of a GET for the key's page, with nothing else of the visitor's request.

    `VISITOR` holds the environment of the request, for limits on rendering (`core.ratelimit`); pages must not read it.
    """
    return {name: environ[name] for name in SERVER_VARIABLES if name in environ} | {
        "REQUEST_METHOD": "GET",
        "HTTP_HOST": key.host,
        "PATH_INFO": key.path,
        "QUERY_STRING": key.query,
        "REMOTE_ADDR": "",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.input": BytesIO(),
        "wsgi.url_scheme": key.scheme,
        VISITOR: environ,
    }
