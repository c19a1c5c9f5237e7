"""Which page a request asks for: all that a kept page may depend on, and nothing else of the visitor's.

Everything is read as Django reads it, so that what is rendered for a key is what Django would have said to a visitor
without a session who sent nothing but that key.
"""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from urllib.parse import urlencode
from wsgiref.types import WSGIEnvironment

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.http import QueryDict
from django.http.cookie import parse_cookie
from django.http.request import split_domain_port
from django.urls import Resolver404, resolve
from django.utils import translation

from core.http_cache import PARAMETERS
from core.wsgi_environ import is_secure

# A longer address (host, path and query together, in bytes) goes to Django: nobody publishes one, and what we remember
# of requests stays small.
LONGEST = 2048
# What a rendering may see of the server; everything else in a WSGI environment may come from the visitor.
OF_THE_SERVER = (
    "SCRIPT_NAME",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_SOFTWARE",
    "wsgi.errors",
    "wsgi.multiprocess",
    "wsgi.multithread",
    "wsgi.run_once",
    "wsgi.version",
)

# (scheme, host, path, known query)
Key = tuple[str, str, str, str]


def has_session(cookies: str) -> bool:
    """Whether a Cookie header holds a session."""
    return settings.SESSION_COOKIE_NAME in cookies and settings.SESSION_COOKIE_NAME in parse_cookie(cookies)


def key_of(environ: WSGIEnvironment) -> Key | None:
    """The page that a GET or HEAD without a session asks for; None where Django itself must answer.

    That is: another host, a view that did not opt in, an address that is redirected to one with a slash, and whatever
    is too long or too much to be one of our addresses.
    """
    path = environ.get("PATH_INFO") or "/"
    query = environ.get("QUERY_STRING", "")
    if len(path) + len(query) > LONGEST:
        return None
    host = known_host(environ.get("HTTP_HOST", ""))
    parameters = parameters_of(path)
    if host is None or parameters is None:
        return None
    known = ""
    if query and parameters:
        try:
            given = QueryDict(query.encode("latin-1"))
        except (TooManyFieldsSent, UnicodeError):
            return None
        # The last of repeated ones, as `request.GET[name]` is. All others are dropped before rendering, so that they
        # neither split nor poison a page.
        known = urlencode([(name, given[name]) for name in parameters if name in given])
    return "https" if is_secure(environ) else "http", host, path, known


def known_host(header: str) -> str | None:
    """The name in a Host header where it is one of ours; whatever port and case it has, the page is the same."""
    if len(header) > LONGEST:
        return None
    name, _ = split_domain_port(header)
    return name if name in {one.lower() for one in settings.ALLOWED_HOSTS} else None


@lru_cache(maxsize=2048)
def parameters_of(path: str) -> tuple[str, ...] | None:
    """The query parameters that a path's page may depend on, or None where its view did not opt in.

    An address that no view has is everybody's too: its 404 depends on nothing.

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
            return None if settings.APPEND_SLASH and leads_somewhere(f"{path}/") else ()
    return getattr(view, "page_parameters", PARAMETERS) if getattr(view, "is_public_page", False) else None


def leads_somewhere(path: str) -> bool:
    """Whether a view has the path. (A redirect to it carries the visitor's whole query.)"""
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


@lru_cache(maxsize=512)
def encoding_of(accepted: str) -> str:
    """The compression to answer with: "br", "gzip" or "" (RFC 9110, 12.5.3; a weight of 0 refuses)."""
    offered = set()
    for part in accepted[:500].lower().split(","):
        name, _, weight = part.strip().partition(";")
        quality = weight.strip().removeprefix("q=").strip()
        if not (quality and quality.strip("0.") == ""):
            offered.add(name.strip())
    return "br" if "br" in offered else "gzip" if "gzip" in offered else ""


def clean_environ(environ: WSGIEnvironment, key: Key) -> WSGIEnvironment:
    """A GET for the key's page with the server's variables and nothing of the visitor's."""
    scheme, host, path, query = key
    return {name: environ[name] for name in OF_THE_SERVER if name in environ} | {
        "REQUEST_METHOD": "GET",
        "HTTP_HOST": host,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REMOTE_ADDR": "",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.input": BytesIO(),
        "wsgi.url_scheme": scheme,
    }
