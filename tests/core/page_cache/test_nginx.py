"""The site behind a real nginx with deploy/nginx.conf."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brotli
import pytest
from django.conf import LazySettings
from django.core.wsgi import get_wsgi_application

from core.page_cache import PageCache
from tests import factories
from tests.core.page_cache.helpers import SAME_PAGE
from tests.core.page_cache.nginx import Behind, Front, eventually


def x_cache(answer: dict[str, Any]) -> str | None:
    """nginx's own word for how it answered: MISS, HIT, EXPIRED, BYPASS …"""
    return answer["headers"].get("x-cache")


def cache_for(front: Front, seconds: int, *, stale_if_error: int = 0) -> None:
    policy = f"public, max-age=0, s-maxage={seconds}, stale-if-error={stale_if_error}"
    front.behind.headers = [("Content-Type", "text/html"), ("Cache-Control", policy)]


def test_public_page_is_requested_once_and_then_served(stub: Front) -> None:
    first, second = stub.ask(), stub.ask()
    assert (first["body"], x_cache(first)) == (b"page", "MISS")
    assert (second["body"], x_cache(second)) == (b"page", "HIT")
    assert len(stub.behind.asked) == 1


@pytest.mark.parametrize("variant", [*SAME_PAGE, {"method": "HEAD"}])
def test_requests_of_other_visitors_share_one_page(stub: Front, variant: dict[str, Any]) -> None:
    stub.ask()
    answer = stub.ask(**variant)
    assert (answer["status"], x_cache(answer)) == (200, "HIT") or answer["status"] == 206
    assert len(stub.behind.asked) == 1


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
def test_another_url_never_answers_for_the_page(stub: Front, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: testserver\r\nConnection: close\r\n\r\n".encode()
    stub.behind.body = b"other"
    assert stub.send(request).endswith(b"other")
    stub.behind.body = b"page"
    assert stub.ask()["body"] == b"page"
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
def test_request_with_session_or_effect_bypasses_the_cache(stub: Front, variant: dict[str, Any]) -> None:
    path = variant.get("path", "/about/")
    stub.ask()
    stub.behind.body = b"mine"
    for _ in range(2):
        assert stub.ask(**variant)["body"] == b"mine"
    if path == "/about/":
        assert stub.ask()["body"] == b"page"


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
def test_private_response_is_not_stored(stub: Front, headers: list[tuple[str, str]], status: str) -> None:
    stub.behind.status, stub.behind.headers = status, headers
    for _ in range(2):
        stub.ask()
    assert len(stub.behind.asked) == 2


def test_forwarded_headers_are_nginx_own(stub: Front) -> None:
    stub.ask(x_forwarded_for="203.0.113.9", x_forwarded_proto="https", host="TestServer:99", connection="close")
    received = stub.behind.asked[0]
    assert received["HTTP_HOST"] == "testserver"
    assert received["HTTP_X_FORWARDED_FOR"] == "203.0.113.9, 127.0.0.1"
    assert received["HTTP_X_FORWARDED_PROTO"] == "http"


def test_unknown_host_gets_no_answer(stub: Front) -> None:
    for request in (
        b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: testserver\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
    ):
        assert stub.send(request) == b""
    assert not stub.behind.asked


def test_expired_page_is_not_served_while_the_application_answers(stub: Front) -> None:
    cache_for(stub, 1)
    stub.ask()
    stub.behind.body = b"new"

    def is_renewed() -> bool:
        answer = stub.ask()
        assert x_cache(answer) in {"HIT", "EXPIRED"}
        return bool(answer["body"] == b"new")

    eventually(is_renewed)


def test_last_copy_is_served_while_the_application_is_away_and_no_longer_than_allowed(stub: Front) -> None:
    cache_for(stub, 1, stale_if_error=3)
    stub.ask()
    stub.behind.away = True
    eventually(lambda: x_cache(stub.ask()) == "STALE")
    eventually(lambda: stub.ask()["status"] == 502)


def test_writes_of_one_address_are_limited(stub: Front) -> None:
    answers = [stub.ask("/accounts/login/", "POST", b"x")["status"] for _ in range(80)]
    assert answers[:50] == [200] * 50
    assert 429 in answers[50:]
    assert stub.ask("/about/")["status"] == 200


def test_body_of_more_than_twelve_megabytes_is_refused_before_it_is_read(stub: Front) -> None:
    length = 12 * 1024 * 1024 + 1
    head = f"POST /my/articles/ HTTP/1.1\r\nHost: testserver\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    assert stub.send(head.encode()).startswith(b"HTTP/1.1 413 ")
    assert not stub.behind.asked
    assert stub.ask("/my/articles/", "POST", b"x" * 11_000_000)["status"] == 200


def test_access_log_has_no_address_and_no_query(stub: Front, tmp_path: Path) -> None:
    stub.ask("/search/?q=secret")
    log = tmp_path / "nginx" / "access.log"
    eventually(lambda: "/search/" in log.read_text())
    assert "secret" not in log.read_text()
    assert "127.0.0.1" not in log.read_text()


def test_files_are_served_from_the_disk_and_immutable(stub: Front, tmp_path: Path) -> None:
    (tmp_path / "static" / "site.0123.css").write_bytes(b"a{}")
    (tmp_path / "static" / "site.0123.css.gz").write_bytes(gzip.compress(b"a{}"))
    (tmp_path / "static" / "staticfiles.json").write_bytes(b"{}")
    (tmp_path / "media" / "x.webp").write_bytes(b"picture")
    plain = stub.ask("/static/site.0123.css")
    small = stub.ask("/static/site.0123.css", accept_encoding="gzip, br")
    image = stub.ask("/media/x.webp", range="bytes=0-2")
    assert (plain["body"], gzip.decompress(small["body"])) == (b"a{}", b"a{}")
    assert small["headers"]["content-encoding"] == "gzip"
    assert plain["headers"]["content-type"] == "text/css"
    assert (image["status"], image["body"]) == (206, b"pic")
    for answer in (plain, small, image):
        assert "immutable" in answer["headers"]["cache-control"]
        assert answer["headers"]["x-content-type-options"] == "nosniff"
    for path in ("/static/staticfiles.json", "/static/none.css", "/static../media/x.webp", "/media/", "/static/"):
        assert stub.ask(path)["status"] in {403, 404} or stub.behind.asked.pop()["PATH_INFO"] == path
    assert not stub.behind.asked


@pytest.mark.django_db(transaction=True)
def test_site_behind_nginx(start: Callable[[Behind], Front], settings: LazySettings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    path = factories.published(title="Street lamps").get_absolute_url()
    front = start(Behind(app=PageCache(get_wsgi_application(), max_bytes=1024 * 1024)))
    first = front.ask(path, accept_encoding="gzip, br", x_forwarded_host="evil.example")
    assert (first["status"], x_cache(first)) == (200, "MISS")
    assert b"Street lamps" in brotli.decompress(first["body"])
    assert "set-cookie" not in first["headers"]
    second = front.ask(path, accept_encoding="gzip, br")
    assert (second["body"], x_cache(second)) == (first["body"], "HIT")
    assert front.ask(path, accept_encoding="gzip, br", if_none_match=first["headers"]["etag"])["status"] == 304
    assert len(front.behind.asked) == 1
    assert b"Street lamps" in front.ask(path)["body"]
    assert b"evil.example" not in front.ask(path)["body"]
    assert x_cache(front.ask(path, cookie="session=x")) == "BYPASS"
    assert front.ask("/nothing/")["status"] == 404
