"""Cache keys: host, scheme, path and known query parameters, read as Django reads them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.exceptions import DisallowedHost, TooManyFieldsSent
from django.core.handlers.wsgi import WSGIRequest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from core.page_cache.keys import MAX_URL_LENGTH, Key, cache_key, has_session, negotiate_encoding, query_parameters
from core.page_cache.middleware import PageCache
from tests.core.page_cache.helpers import PUBLIC, environ_of, send


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("", ""),
        ("br", "br"),
        ("gzip", "gzip"),
        ("gzip, deflate, br;q=0.9", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=0, br;q=0.0", ""),
        ("br;q=0, gzip", "gzip"),
        ("br ; q=0.000 ,gzip ; q=0.001", "gzip"),
        ("GZIP", "gzip"),
        ("identity;q=0", ""),
        ("*;q=0", ""),
        (";;;,,q=", ""),
        ("br;q=x", "br"),
        ("*", ""),
        ("brotli, xbr, br2, x-gzip", ""),
        ("br" * 200, ""),
        ("gzip," + "x," * 200, "gzip"),
        ("\xff\x00, br", "br"),
    ],
)
def test_negotiate_encoding(accepted: str, expected: str) -> None:
    assert negotiate_encoding(accepted) == expected


@pytest.mark.parametrize(
    ("cookies", "expected"),
    [
        ("session=abc", True),
        ("a=1; session=abc", True),
        ("a=1;session=2", True),
        (" session =x", True),
        ("session=", True),
        ('session="quoted"', True),
        ("session=1; session=2", True),
        ("", False),
        (";;=;", False),
        ("session", False),
        ("sessionid=1", False),
        ("xsession=1", False),
        ("x-session=1; session_=2; Session=3", False),
        ("a=session=1", False),
        ('"session"=1', False),
        ("a=1, session=2", False),
        ("csrf=session", False),
    ],
)
def test_has_session_agrees_with_django(cookies: str, expected: bool) -> None:
    assert has_session(cookies) is expected
    request = WSGIRequest(environ_of(cookie=cookies))
    assert ("session" in request.COOKIES) is expected


def test_has_session_with_host_prefixed_cookie(settings: LazySettings) -> None:
    settings.SESSION_COOKIE_NAME = "__Host-session"
    assert has_session("a=1; __Host-session=x")
    assert not has_session("session=x")


def key_of(environ: dict[str, Any]) -> Key | None:
    parsed = cache_key(environ)
    return parsed and parsed[0]


def key(**parts: str) -> Key | None:
    return key_of(environ_of(**parts))


@pytest.mark.parametrize(
    "host", ["testserver", "TestServer", "testserver:80", "testserver:8443", "testserver.", "TESTSERVER.:1"]
)
def test_allowed_host_in_any_spelling(host: str) -> None:
    assert key(host=host) == ("http", "testserver", "/about/", "")


@pytest.mark.parametrize(
    "host",
    [
        "",
        ".",
        "evil.example",
        "testserver.evil.example",
        "testserver:80:80",
        "testserver:",
        "testserver:x",
        "testserver,evil.example",
        "testserver evil",
        "user@testserver",
        "http://testserver/",
        "testserver\x00",
        "[testserver]",
        "[::1]:80",
        "..testserver",
        "testserver" * 1000,
    ],
)
def test_cache_key_of_unknown_host_is_none(host: str) -> None:
    assert key(host=host) is None


def test_cache_key_without_host_is_none() -> None:
    environ = environ_of()
    del environ["HTTP_HOST"]
    assert cache_key(environ) is None


@pytest.mark.parametrize(
    ("given_", "known"),
    [
        ("", ""),
        ("after=5-1", "after=5-1"),
        ("after=1&after=2", "after=2"),
        ("after=2&utm_source=x&after=1", "after=1"),
        ("%61fter=1", "after=1"),
        ("after=%35", "after=5"),
        ("AFTER=1", ""),
        ("after[]=1", ""),
        ("x;after=1", ""),
        ("after=1;after=2", "after=1%3Bafter%3D2"),
        ("after", "after="),
        ("after=", "after="),
        ("&&after=1&&", "after=1"),
        ("=after", ""),
        ("after=a+b", "after=a+b"),
        ("after=%ff", "after=%EF%BF%BD"),
        ("after=%00", "after=%00"),
        ("after=é".encode().decode("latin-1"), "after=%C3%A9"),
        ("utm_source=x&fbclid=y", ""),
    ],
)
def test_query_in_key_is_what_the_view_reads(given_: str, known: str) -> None:
    found = key(path="/", query=given_)
    assert found
    assert found[3] == known
    view = WSGIRequest(environ_of(path="/", query=given_)).GET
    rendered = WSGIRequest(environ_of(path="/", query=found[3])).GET
    assert rendered.get("after") == view.get("after")


def test_cache_key_of_too_long_url_is_none() -> None:
    assert key(path="/", query="after=1&" * 150) is not None
    assert key(path="/", query="a&" * 300) is None
    assert key(path="/", query="after=" + "1" * MAX_URL_LENGTH) is None
    assert key(path="/" + "x" * MAX_URL_LENGTH + "/") is None
    assert key(query="utm_source=" + "x" * (MAX_URL_LENGTH - 50)) is not None
    assert key(query="x" * 400_000) is None


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/", ("after",)),
        ("/ru/", ("after",)),
        ("/nothing/here/", ()),
        ("//", ()),
        ("//evil.example/", ()),
        ("/./about/", ()),
        ("/about/../", ()),
        ("/articles/1//x/", ()),
        ("/about/\x00", ()),
        ("/%2e%2e/", ()),
        ("/about", None),
        ("/articles/1/", None),
        ("/my/articles/", None),
        ("/admin/", None),
        ("/accounts/login/", None),
        ("/beacon/1.gif", None),
        ("/health/", None),
        ("/static/css/site.css", None),
        ("/media/x", None),
        ("/\xff/", None),  # not UTF-8
        ("/\xc0\xaf/", None),  # an overlong encoding of a slash
        ("/\xed\xa0\x80/", None),  # a surrogate
    ],
)
def test_query_parameters_of_path(path: str, parameters: tuple[str, ...] | None) -> None:
    found = query_parameters(path)
    if parameters:
        assert found is not None
        assert set(parameters) <= set(found)
    else:
        assert found == parameters


def test_empty_path_is_the_front_page() -> None:
    environ = environ_of(path="")
    assert cache_key(environ) == cache_key(environ_of(path="/"))
    del environ["PATH_INFO"]
    assert cache_key(environ) == cache_key(environ_of(path="/"))


@pytest.mark.parametrize("trusted", [False, True])
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("header", [None, "", "http", "https", " https ", "https, http", "http,https", "HTTPS", "x"])
def test_scheme_in_key_agrees_with_django(
    settings: LazySettings, trusted: bool, scheme: str, header: str | None
) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if trusted else None
    environ = environ_of(scheme=scheme)
    if header is not None:
        environ["HTTP_X_FORWARDED_PROTO"] = header
    found = key_of(environ)
    assert found
    assert found[0] == WSGIRequest(environ).scheme
    if not trusted:
        assert found[0] == scheme


def echo(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Return everything that the request contains."""
    start_response("200 OK", [("Cache-Control", PUBLIC), ("Content-Type", "text/plain")])
    return [json.dumps({name: value for name, value in environ.items() if isinstance(value, str)}).encode()]


PIECES = st.sampled_from(
    ["after", "%61fter", "AFTER", "=", "&", ";", "1", "5-2", "+", "%00", "%ff", "\xff", "utm_source", "x", "%26", "%3d"]
)
PAIRS = st.sampled_from(["after=1", "after=2", "%61fter=3", "after", "AFTER=4", "utm_source=x", "after=%31", "x=after"])
QUERIES = st.one_of(
    st.lists(PAIRS, max_size=4).map("&".join),
    st.lists(PIECES, max_size=9).map("".join),
    st.text(st.characters(max_codepoint=255), max_size=40),
)
VALUES = st.one_of(
    st.sampled_from(
        [
            "evil.example",
            "https",
            "http",
            "DELETE",
            "ru",
            "br",
            "gzip;q=0, br",
            "bytes=0-1",
            "*",
            '"x"',
            "true",
            "csrf=1; sessionid=2",
            "testserver",
            "TESTSERVER:1",
        ]
    ),
    st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=20),
)
NAMES = st.sampled_from(
    [
        "accept",
        "accept_encoding",
        "accept_language",
        "authorization",
        "cookie",
        "forwarded",
        "host",
        "hx_request",
        "if_match",
        "if_modified_since",
        "if_none_match",
        "if_range",
        "origin",
        "range",
        "referer",
        "user_agent",
        "x_forwarded_for",
        "x_forwarded_host",
        "x_forwarded_port",
        "x_forwarded_proto",
        "x_http_method_override",
        "x_original_url",
        "x_requested_with",
    ]
)
PATHS = st.sampled_from(
    ["/", "/about/", "/ru/", "//", "/nothing/", "//evil.example/", "/articles/1/%2f/", "/\xd0\xb0/"]
)
VISITORS = st.fixed_dictionaries(
    {
        "path": PATHS,
        "query": QUERIES,
        "method": st.sampled_from(["GET", "HEAD"]),
        "headers": st.dictionaries(NAMES, VALUES, max_size=6),
    }
)


@effort(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])  # for busy machines
@given(visitors=st.lists(VISITORS, min_size=1, max_size=6))
def test_response_depends_on_cache_key_only(visitors: list[dict[str, Any]]) -> None:
    """The bytes depend only on what Django reads from the request for this page, not on other headers or cookies."""
    cache = PageCache(echo, max_bytes=1024 * 1024)
    for visitor in visitors:
        environ = environ_of(path=visitor["path"], query=visitor["query"], **visitor["headers"])
        environ["REQUEST_METHOD"] = visitor["method"]
        environ["QUERY_STRING"] = visitor["query"]
        answer = send(cache, environ)
        request = WSGIRequest(dict(environ))
        try:
            request.get_host()
            given_ = request.GET
        except (DisallowedHost, TooManyFieldsSent):
            assert "X-Cache" not in answer["headers"]
            continue
        if "session" in request.COOKIES:
            assert "X-Cache" not in answer["headers"]
            continue
        known = query_parameters(environ["PATH_INFO"])
        assert known is not None
        expected = {"PATH_INFO": environ["PATH_INFO"], "HTTP_HOST": "testserver", "REQUEST_METHOD": "GET"}
        assert "X-Cache" in answer["headers"]
        if answer["status"] == 304 or visitor["method"] == "HEAD":
            assert answer["body"] == b""
            continue
        seen = json.loads(answer["plain"])
        assert {name for name in seen if name.startswith(("HTTP_", "REMOTE_", "CONTENT_"))} <= {
            "HTTP_HOST",
            "REMOTE_ADDR",
        }
        assert expected.items() <= seen.items()
        assert seen["REMOTE_ADDR"] == ""
        rendered = WSGIRequest(environ_of(query=seen["QUERY_STRING"])).GET
        assert dict(rendered.lists()) == {name: [given_[name]] for name in known if name in given_}
