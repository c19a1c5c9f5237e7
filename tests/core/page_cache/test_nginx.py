"""deploy/nginx.conf keeps the page cache's promises one level up: a real nginx with this file, the site behind it."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import brotli
import pytest
from django.conf import LazySettings
from django.core.wsgi import get_wsgi_application

from core.page_cache.application import PageCache
from tests import factories
from tests.core.page_cache.helpers import SAME_PAGE, how
from tests.core.page_cache.nginx import Behind, Front, eventually

PUBLIC = "public, max-age=0, s-maxage={fresh}, stale-while-revalidate={stale}, stale-if-error={error}"


def said(front: Front, *, fresh: int, stale: int = 0, error: int = 0) -> None:
    """Have what stands behind say how long its page is fresh, seconds each."""
    policy = PUBLIC.format(fresh=fresh, stale=stale, error=error)
    front.behind.headers = [("Content-Type", "text/html"), ("Cache-Control", policy)]


def test_a_page_is_asked_for_once_and_then_served(stub: Front) -> None:
    first, second = stub.ask(), stub.ask()
    assert (first["body"], how(first)) == (b"page", None)
    assert (second["body"], how(second)) == (b"page", "hit")
    assert len(stub.behind.asked) == 1


@pytest.mark.parametrize(
    "variant",
    [
        *SAME_PAGE,
        {"path": "/about/?utm_source=x"},
        {"path": "/about/?AFTER=1&after[]=1&xafter=2&afterx=3"},
        {"accept_encoding": "br;q=0, gzip;q=0.000, *"},
        {"method": "HEAD"},
    ],
)
def test_variants_of_a_request_share_one_page(stub: Front, variant: dict[str, Any]) -> None:
    stub.ask()
    answer = stub.ask(**variant)
    assert (answer["status"], how(answer)) == (200, "hit")
    assert answer["body"] == (b"" if variant.get("method") == "HEAD" else b"page")
    assert len(stub.behind.asked) == 1


@pytest.mark.parametrize(
    "variant",
    [
        {"path": "/about/?after=1"},
        {"path": "/about/?x=1&after=1"},
        {"path": "/about/?after"},
        {"path": "/about/?q=x"},
        {"path": "/about/x"},
        {"path": "//about/"},
        {"path": "/x/../about/"},
        {"path": "/%61bout/"},
        {"accept_encoding": "gzip"},
        {"accept_encoding": "gzip, deflate, br;q=0.9"},
    ],
)
def test_what_a_page_depends_on_makes_another_copy(stub: Front, variant: dict[str, Any]) -> None:
    stub.ask()
    stub.behind.body = b"another"
    assert stub.ask(**variant)["body"] == b"another"
    again = stub.ask(**variant)
    assert (again["body"], how(again)) == (b"another", "hit")
    assert stub.ask()["body"] == b"page"


@pytest.mark.parametrize(
    "path",
    [
        "/about/?after=1&after=2",
        "/about/?after=2&x=1&after=1",
        "/about/?after&after=2",
        "/about/?%61fter=1",
        "/about/?aft%65r=1&after=1",
        "/about/?x=1#&after=1",
        "/about/?q=1&" + "x" * 1000,
    ],
)
def test_what_two_programs_may_read_differently_is_never_kept(stub: Front, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: testserver\r\nConnection: close\r\n\r\n".encode()
    for _ in range(2):
        assert stub.send(request).endswith(b"page")
    assert len(stub.behind.asked) == 2
    stub.behind.body = b"clean"
    assert stub.ask("/about/?after=1")["body"] == stub.ask()["body"] == b"clean"


@pytest.mark.parametrize("path", ["/about/?", "/about/#?after=1", "/about/#", "/%61bout/", "/about/\u00e9"])
def test_another_spelling_answers_for_itself_alone(stub: Front, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: testserver\r\nConnection: close\r\n\r\n".encode()
    stub.behind.body = b"odd"
    for _ in range(2):
        assert stub.send(request).endswith(b"odd")
    stub.behind.body = b"clean"
    assert stub.ask("/about/?after=1")["body"] == stub.ask()["body"] == b"clean"
    assert stub.send(request).endswith(b"odd")


@pytest.mark.parametrize(
    "variant",
    [
        {"cookie": "session=1"},
        {"cookie": "a=1; session=1"},
        {"cookie": "a=1;__Host-session=1"},
        {"cookie": "session="},
        {"path": "/my/articles/"},
        {"path": "/hy/accounts/login/?next=/my/articles/"},
        {"path": "/beacon/1.gif"},
        {"path": "/admin/"},
        {"method": "POST", "body": b"x=1"},
    ],
)
def test_what_is_not_everybodys_is_neither_served_nor_kept(stub: Front, variant: dict[str, Any]) -> None:
    path = variant.get("path", "/about/")
    stub.ask()
    stub.behind.body = b"mine"
    for _ in range(2):
        assert stub.ask(**variant)["body"] == b"mine"
    if path == "/about/":
        assert stub.ask()["body"] == b"page"
    asked = stub.behind.asked[-1]
    assert f"{asked['PATH_INFO']}?{asked['QUERY_STRING']}".rstrip("?") == path


@pytest.mark.parametrize(
    "headers",
    [
        [("Cache-Control", "private, no-store")],
        [("Cache-Control", "public, s-maxage=3600"), ("Set-Cookie", "a=1")],
        [],
    ],
)
@pytest.mark.parametrize("status", ["200 OK", "302 Found", "404 Not Found", "500 Internal Server Error"])
def test_what_may_not_be_kept_is_not(stub: Front, headers: list[tuple[str, str]], status: str) -> None:
    stub.behind.status, stub.behind.headers = status, headers
    for _ in range(2):
        stub.ask()
    assert len(stub.behind.asked) == 2


def test_only_what_nginx_knows_itself_is_forwarded(stub: Front) -> None:
    stub.ask(
        x_forwarded_for="203.0.113.9",
        x_forwarded_proto="https",
        x_forwarded_host="evil.example",
        x_forwarded_port="1",
        forwarded="host=evil.example",
        accept_encoding="zstd, gzip;q=0.5",
        host="TestServer:99",
        connection="close",
    )
    asked = stub.behind.asked[0]
    assert asked["HTTP_HOST"] == "testserver"
    assert asked["HTTP_X_FORWARDED_FOR"] == "203.0.113.9, 127.0.0.1"
    assert asked["HTTP_X_FORWARDED_PROTO"] == "http"
    assert asked["HTTP_ACCEPT_ENCODING"] == "gzip"
    for name in ("X_FORWARDED_HOST", "X_FORWARDED_PORT", "FORWARDED"):
        assert not asked.get(f"HTTP_{name}")


def test_another_host_gets_no_answer(stub: Front) -> None:
    for request in (
        b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: testserver\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
    ):
        assert stub.send(request) == b""
    assert not stub.behind.asked


def test_a_crowd_at_a_new_page_asks_once(stub: Front) -> None:
    stub.behind.gate = threading.Event()
    with ThreadPoolExecutor(8) as crowd:
        answers = [crowd.submit(stub.ask) for _ in range(8)]
        assert stub.behind.entered.acquire(timeout=20)
        stub.behind.gate.set()
        assert {answer.result()["body"] for answer in answers} == {b"page"}
    assert len(stub.behind.asked) == 1


def test_a_stale_page_serves_while_it_is_renewed_behind_the_answer(stub: Front) -> None:
    said(stub, fresh=1, stale=3600)
    stub.ask()
    stub.behind.entered.acquire()
    stub.behind.gate, stub.behind.body = threading.Event(), b"new"
    eventually(lambda: how(stub.ask()) == "stale")
    assert stub.behind.entered.acquire(timeout=20)
    for _ in range(5):
        assert stub.ask()["body"] == b"page"
    assert len(stub.behind.asked) == 2
    stub.behind.gate.set()
    eventually(lambda: stub.ask()["body"] == b"new")


def test_a_page_that_is_too_old_is_not_served_while_it_is_renewed(stub: Front) -> None:
    said(stub, fresh=1)
    stub.ask()
    stub.behind.body = b"new"

    def renewed() -> bool:
        answer = stub.ask()
        assert how(answer) != "stale"
        return bool(answer["body"] == b"new")

    eventually(renewed)


def test_the_age_counts_from_the_rendering(stub: Front) -> None:
    """What the application kept for a while may be kept here for what is left of its time."""
    said(stub, fresh=3600)
    stub.behind.headers.append(("X-Accel-Expires", f"@{int(time.time()) - 1}"))
    for _ in range(2):
        answer = stub.ask()
        assert "x-accel-expires" not in answer["headers"]
    assert len(stub.behind.asked) == 2
    stub.behind.headers[-1] = ("X-Accel-Expires", f"@{int(time.time()) + 3600}")
    stub.ask()
    assert how(stub.ask()) == "hit"


def test_while_the_application_is_away_the_last_copy_serves(stub: Front) -> None:
    said(stub, fresh=1, error=3600)
    stub.ask()
    stub.behind.away = True
    eventually(lambda: how(stub.ask()) == "stale")
    answer = stub.ask()
    assert (answer["status"], answer["body"]) == (200, b"page")


def test_it_serves_no_longer_than_the_page_allows(stub: Front) -> None:
    said(stub, fresh=1)
    stub.ask()
    stub.behind.away = True
    eventually(lambda: stub.ask()["status"] == 502)


def test_an_error_of_the_application_is_its_last_word(stub: Front) -> None:
    """It has covered it up for thirty seconds itself."""
    said(stub, fresh=1, stale=0, error=3600)
    stub.ask()
    stub.behind.status, stub.behind.headers = "500 Internal Server Error", []
    eventually(lambda: stub.ask()["status"] == 500)


def test_more_than_twelve_megabytes_are_refused_before_they_are_read(stub: Front) -> None:
    length = 12 * 1024 * 1024 + 1
    head = f"POST /my/articles/ HTTP/1.1\r\nHost: testserver\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    assert stub.send(head.encode()).startswith(b"HTTP/1.1 413 ")
    assert not stub.behind.asked
    assert stub.ask("/my/articles/", "POST", b"x" * 11_000_000)["status"] == 200


def test_files_are_served_from_the_disk_and_for_good(stub: Front, tmp_path: Path) -> None:
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
def test_in_front_of_the_real_site(start: Callable[[Behind], Front], settings: LazySettings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    path = factories.published(title="Street lamps").get_absolute_url()
    front = start(Behind(app=PageCache(get_wsgi_application(), max_bytes=1024 * 1024)))
    first = front.ask(path, accept_encoding="gzip, br", x_forwarded_host="evil.example")
    assert (first["status"], how(first)) == (200, "miss")
    assert b"Street lamps" in brotli.decompress(first["body"])
    assert "set-cookie" not in first["headers"]
    assert "x-accel-expires" not in first["headers"]
    second = front.ask(f"{path}?utm_source=x", accept_encoding="br")
    assert (second["body"], how(second)) == (first["body"], "hit")
    assert front.ask(path, accept_encoding="br", if_none_match=first["headers"]["etag"])["status"] == 304
    assert len(front.behind.asked) == 1
    assert b"Street lamps" in front.ask(path)["body"]
    assert b"evil.example" not in front.ask(path)["body"]
    assert how(front.ask(path, cookie="session=x")) is None
    assert front.ask("/nothing/")["status"] == 404
