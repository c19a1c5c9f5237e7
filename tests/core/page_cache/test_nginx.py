"""The site behind nginx with deploy/nginx.conf."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import brotli
import pytest
from django.conf import LazySettings
from django.core.wsgi import get_wsgi_application

from core.page_cache import PageCache
from tests import factories
from tests.core.page_cache.helpers import SAME_PAGE
from tests.core.page_cache.nginx import Nginx, Upstream, eventually


def x_cache(answer: dict[str, Any]) -> str | None:
    """Return nginx's cache status: MISS, HIT, EXPIRED, BYPASS …"""
    status: str | None = answer["headers"].get("x-cache")
    return status


def cache_for(front: Nginx, seconds: int, *, stale_if_error: int = 0) -> None:
    policy = f"public, max-age=0, s-maxage={seconds}, stale-if-error={stale_if_error}"
    front.upstream.headers = [("Content-Type", "text/html"), ("Cache-Control", policy)]


def test_public_page_is_requested_once_and_then_served(stub: Nginx) -> None:
    first, second = stub.fetch(), stub.fetch()
    assert (first["body"], x_cache(first)) == (b"page", "MISS")
    assert (second["body"], x_cache(second)) == (b"page", "HIT")
    assert len(stub.upstream.requests) == 1


@pytest.mark.parametrize("variant", [*SAME_PAGE, {"method": "HEAD"}])
def test_requests_of_other_visitors_share_one_page(stub: Nginx, variant: dict[str, Any]) -> None:
    stub.fetch()
    answer = stub.fetch(**variant)
    assert (answer["status"], x_cache(answer)) == (200, "HIT") or answer["status"] == 206
    assert len(stub.upstream.requests) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/about/?after=1",
        "/about/?after=1&after=2",
        "/about/?",
        "/about/?%61fter=1",
        "/about/x",
        "//about/",
        "/%61bout/",
    ],
)
def test_other_url_has_its_own_cache_entry(stub: Nginx, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: testserver\r\nConnection: close\r\n\r\n".encode()
    stub.upstream.body = b"other"
    assert stub.send(request).endswith(b"other")
    stub.upstream.body = b"page"
    assert stub.fetch()["body"] == b"page"
    assert stub.send(request).endswith(b"other")


@pytest.mark.parametrize(
    "variant",
    [
        {"cookie": "session=1"},
        {"cookie": "a=1; session=1"},
        {"cookie": "a=1;__Host-session=1"},
        {"cookie": "session="},
        {"path": "/beacon/1.gif"},
        {"method": "POST", "body": b"x=1"},
    ],
)
def test_session_beacon_or_post_bypasses_the_cache(stub: Nginx, variant: dict[str, Any]) -> None:
    path = variant.get("path", "/about/")
    stub.fetch()
    stub.upstream.body = b"mine"
    for _ in range(2):
        assert stub.fetch(**variant)["body"] == b"mine"
    if path == "/about/":
        assert stub.fetch()["body"] == b"page"


@pytest.mark.parametrize(
    "headers",
    [
        [("Cache-Control", "private, no-store")],
        [("Cache-Control", "public, max-age=0, s-maxage=0")],
        [("Cache-Control", "public, s-maxage=3600"), ("Set-Cookie", "a=1")],
        [],
    ],
)
@pytest.mark.parametrize("status", ["200 OK", "302 Found", "404 Not Found", "500 Internal Server Error"])
def test_private_response_is_not_stored(stub: Nginx, headers: list[tuple[str, str]], status: str) -> None:
    stub.upstream.status, stub.upstream.headers = status, headers
    for _ in range(2):
        stub.fetch()
    assert len(stub.upstream.requests) == 2


def test_forwarded_headers_are_set_by_nginx(stub: Nginx) -> None:
    stub.fetch(x_forwarded_for="203.0.113.9", x_forwarded_proto="https", host="TestServer:99", connection="close")
    received = stub.upstream.requests[0]
    assert received["HTTP_HOST"] == "testserver"
    assert received["HTTP_X_FORWARDED_FOR"] == "203.0.113.9, 127.0.0.1"
    assert received["HTTP_X_FORWARDED_PROTO"] == "http"


def test_unknown_host_gets_no_response(stub: Nginx) -> None:
    for request in (
        b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: testserver\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
    ):
        assert stub.send(request) == b""
    assert not stub.upstream.requests


def test_expired_page_is_rendered_again(stub: Nginx) -> None:
    cache_for(stub, 1)
    stub.fetch()
    stub.upstream.body = b"new"

    def is_renewed() -> bool:
        answer = stub.fetch()
        assert x_cache(answer) in {"HIT", "EXPIRED"}
        return bool(answer["body"] == b"new")

    eventually(is_renewed)


def test_stale_page_is_served_while_application_is_down_for_a_limited_time(stub: Nginx) -> None:
    cache_for(stub, 1, stale_if_error=3)
    stub.fetch()
    stub.upstream.is_down = True
    eventually(lambda: x_cache(stub.fetch()) == "STALE")
    eventually(lambda: stub.fetch()["status"] == 502)


def test_post_requests_of_an_address_are_limited(stub: Nginx) -> None:
    answers = [stub.fetch("/accounts/login/", "POST", b"x")["status"] for _ in range(80)]
    assert answers[:50] == [200] * 50
    assert 429 in answers[50:]
    assert stub.fetch("/about/")["status"] == 200


def test_body_over_size_limit_is_413_before_it_is_read(stub: Nginx) -> None:
    length = 12 * 1024 * 1024 + 1
    head = (
        f"POST /articles/1/vote/ HTTP/1.1\r\nHost: testserver\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )
    assert stub.send(head.encode()).startswith(b"HTTP/1.1 413 ")
    assert not stub.upstream.requests
    assert stub.fetch("/articles/1/vote/", "POST", b"x" * 11_000_000)["status"] == 200


@pytest.mark.parametrize(
    ("path", "megabytes", "sentence"),
    [
        ("/accounts/login/", 12, "The request is too large"),
        ("/ru/accounts/login/", 12, "Слишком большой запрос"),
        ("/hy/accounts/login/", 12, "Հարցումը չափազանց մեծ է"),
        ("/my/articles/new/", 40, "what you typed"),
        ("/ru/my/articles/5/", 40, "всё введённое"),
        ("/hy/accounts/profile/", 40, "մուտքագրածը"),
    ],
)
def test_body_over_size_limit_is_a_page_that_says_what_to_do(
    stub: Nginx, path: str, megabytes: int, sentence: str
) -> None:
    answer = stub.fetch(path, "POST", content_length=str(megabytes * 1024 * 1024 + 1))
    assert answer["status"] == 413
    assert answer["headers"]["content-type"] == "text/html; charset=utf-8"
    assert sentence in answer["body"].decode()
    assert "nginx" not in answer["body"].decode()
    assert not stub.upstream.requests
    # As large as allowed.
    body = b"x" * (megabytes * 1024 * 1024)
    assert stub.fetch(path, "POST", body)["body"] == b"page"


def test_access_log_has_no_address_and_no_query(stub: Nginx, tmp_path: Path) -> None:
    stub.fetch("/search/?q=secret")
    log = tmp_path / "nginx" / "access.log"
    eventually(lambda: "/search/" in log.read_text())
    assert "secret" not in log.read_text()
    assert "127.0.0.1" not in log.read_text()


def test_static_and_media_files(stub: Nginx, tmp_path: Path) -> None:
    (tmp_path / "static" / "site.0123.css").write_bytes(b"a{}")
    (tmp_path / "static" / "site.0123.css.gz").write_bytes(gzip.compress(b"a{}"))
    (tmp_path / "static" / "staticfiles.json").write_bytes(b"{}")
    (tmp_path / "media" / "x.webp").write_bytes(b"picture")
    plain = stub.fetch("/static/site.0123.css")
    small = stub.fetch("/static/site.0123.css", accept_encoding="gzip, br")
    image = stub.fetch("/media/x.webp", range="bytes=0-2")
    assert (plain["body"], gzip.decompress(small["body"])) == (b"a{}", b"a{}")
    assert small["headers"]["content-encoding"] == "gzip"
    assert plain["headers"]["content-type"] == "text/css"
    assert (image["status"], image["body"]) == (206, b"pic")
    assert "immutable" in plain["headers"]["cache-control"]
    assert "s-maxage=5" in image["headers"]["cache-control"]  # It can be taken down.
    for answer in (plain, small, image):
        assert answer["headers"]["x-content-type-options"] == "nosniff"
    for path in ("/static/staticfiles.json", "/static/none.css", "/static../media/x.webp", "/media/", "/static/"):
        assert stub.fetch(path)["status"] in {403, 404} or stub.upstream.requests.pop()["PATH_INFO"] == path
    assert not stub.upstream.requests


@pytest.mark.django_db(transaction=True)
def test_site_behind_nginx(start: Callable[[Upstream], Nginx], settings: LazySettings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    path = factories.published(title="Street lamps").get_absolute_url()
    front = start(Upstream(app=PageCache(get_wsgi_application(), max_bytes=1024 * 1024)))
    first = front.fetch(path, accept_encoding="gzip, br", x_forwarded_host="evil.example")
    assert (first["status"], x_cache(first)) == (200, "MISS")
    assert b"Street lamps" in brotli.decompress(first["body"])
    assert "set-cookie" not in first["headers"]
    second = front.fetch(path, accept_encoding="gzip, br")
    assert (second["body"], x_cache(second)) == (first["body"], "HIT")
    assert front.fetch(path, accept_encoding="gzip, br", if_none_match=first["headers"]["etag"])["status"] == 304
    assert len(front.upstream.requests) == 1
    assert b"Street lamps" in front.fetch(path)["body"]
    assert b"evil.example" not in front.fetch(path)["body"]
    assert x_cache(front.fetch(path, cookie="session=x")) == "BYPASS"
    assert front.fetch("/nothing/")["status"] == 404


SECURITY_HEADERS = ["content-security-policy", "referrer-policy", "x-content-type-options"]


@pytest.mark.parametrize(
    ("status", "request_options"),
    [
        (413, {"method": "POST", "headers": {"Content-Length": "99999999"}}),
        (502, {}),
        (404, {"path": "/static/staticfiles.json"}),
        (404, {"path": "/static/nothing.css"}),
        (404, {"path": "/media/nothing.webp"}),
    ],
)
def test_error_pages_of_nginx_have_security_headers(stub: Nginx, status: int, request_options: dict[str, Any]) -> None:
    stub.upstream.is_down = status == 502
    headers = request_options.pop("headers", {})
    answer = stub.fetch(**request_options, **headers)
    assert answer["status"] == status
    assert [name for name in SECURITY_HEADERS if not answer["headers"].get(name)] == []
    assert ("retry-after" in answer["headers"]) == (status == 502)


def test_headers_of_the_application_are_sent_once(stub: Nginx) -> None:
    stub.upstream.headers = [
        ("Content-Security-Policy", "default-src 'self'"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "same-origin"),
        ("Cache-Control", "public, max-age=0, s-maxage=5"),
    ]
    request = b"GET /about/ HTTP/1.1\r\nHost: testserver\r\nConnection: close\r\n\r\n"
    for status in (b"MISS", b"HIT"):
        answer = stub.send(request)
        assert status in answer
        assert answer.lower().count(b"content-security-policy:") == 1
        assert b"default-src 'self'" in answer
        assert answer.lower().count(b"x-content-type-options:") == answer.lower().count(b"referrer-policy:") == 1


@pytest.mark.parametrize(
    "request_options",
    [{}, {"path": "/static/none.css"}, {"method": "POST", "content_length": "99999999"}, {"cookie": "x" * 99_999}],
)
def test_nginx_hides_its_version(stub: Nginx, request_options: dict[str, Any]) -> None:
    for stub.upstream.is_down in (False, True):
        answer = stub.fetch(**request_options)
        assert answer["headers"]["server"] == "nginx"
        assert b"nginx/" not in answer["body"]


@pytest.mark.parametrize("path", ["/articles/1/vote/", "/my/articles/new/", "/accounts/login/", "/beacon/1/"])
def test_slow_clients_occupy_no_thread_of_the_application(stub: Nginx, path: str) -> None:
    """nginx reads the whole body before it passes a request on."""
    head = f"POST {path} HTTP/1.1\r\nHost: testserver\r\nContent-Length: 3000\r\n\r\nvote=1".encode()
    with ExitStack() as stack:
        slow = [stack.enter_context(socket.create_connection(("127.0.0.1", stub.port), timeout=30)) for _ in range(24)]
        for connection in slow:
            connection.sendall(head)
        began = time.monotonic()
        assert stub.fetch("/articles/2/vote/", "POST", b"vote=1")["status"] == 200
        assert time.monotonic() < began + 2
        assert [request["PATH_INFO"] for request in stub.upstream.requests] == ["/articles/2/vote/"]
        slow[0].sendall(b"x" * 2994)
        eventually(lambda: len(stub.upstream.requests) == 2)
        assert stub.upstream.requests[1]["PATH_INFO"] == path


@pytest.mark.parametrize("path", ["/search/?q={}", "/ru/search/?q={}", "/promotions.json?after={}"])
def test_nginx_limits_searches_and_exports_of_one_client(stub: Nginx, path: str) -> None:
    answers = [stub.fetch(path.format(n)) for n in range(80)]
    refused = [answer for answer in answers if answer["status"] == 429]
    assert answers[0]["status"] == 200
    assert len(refused) > 20
    assert refused[0]["headers"]["retry-after"] == "10"
    assert stub.fetch("/about/")["status"] == 200
