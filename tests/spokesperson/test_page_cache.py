"""Anonymous readers get stored bytes: rendered once, the same for all, never from what one visitor sent."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any

import brotli
import pytest
from django.conf import LazySettings
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections

from articles import publishing
from articles.models import Article
from spokesperson import page_cache
from spokesperson.page_cache import PageCache, encoding_of
from tests import factories

PUBLIC = "public, max-age=0, s-maxage=5"


class Clock:
    """Stands in for the monotonic clock; tests move it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(page_cache, "time", clock)
    return clock


class Django:
    """A WSGI application that counts its renderings and keeps what it was asked with."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.status = "200 OK"
        self.headers = [("Content-Type", "text/html"), ("Cache-Control", PUBLIC)]
        self.body = b"<p>Hello</p>" * 50
        self.gate: threading.Event | None = None

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.asked.append(environ)
        if self.gate:
            assert self.gate.wait(10)
        start_response(self.status, list(self.headers))
        return [self.body]


@pytest.fixture
def django() -> Django:
    return Django()


@pytest.fixture
def cache(django: Django, clock: Clock) -> PageCache:
    return PageCache(django, max_bytes=64 * 1024)


def ask(cache: PageCache, path: str = "/about/", method: str = "GET", query: str = "", **headers: str) -> Any:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path.encode().decode("latin-1"),
        "SCRIPT_NAME": "",
        "QUERY_STRING": query,
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.1",
        "HTTP_HOST": "testserver",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(),
        "wsgi.errors": BytesIO(),
    }
    environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    answer: dict[str, Any] = {}

    def start(status: str, given: list[tuple[str, str]], exc_info: Any = None, /) -> Any:
        answer["status"], answer["headers"] = int(status.split(maxsplit=1)[0]), dict(given)

    chunks = cache(environ, start)
    answer["body"] = b"".join(chunks)
    if hasattr(chunks, "close"):
        chunks.close()
    return answer


def how(answer: dict[str, Any]) -> str | None:
    found: str | None = answer["headers"].get("X-Cache")
    return found


def test_a_page_is_rendered_once_and_then_served(cache: PageCache, django: Django) -> None:
    first, second = ask(cache), ask(cache)
    assert (how(first), how(second)) == ("miss", "hit")
    assert first["body"] == second["body"] == django.body
    assert len(django.asked) == 1


def test_a_page_lives_five_seconds(cache: PageCache, django: Django, clock: Clock) -> None:
    ask(cache)
    clock.now += 4.9
    assert how(ask(cache)) == "hit"
    clock.now += 0.2
    django.body = b"new"
    assert ask(cache)["body"] == b"new"


def test_nothing_of_the_visitor_reaches_the_rendering(cache: PageCache, django: Django) -> None:
    ask(
        cache,
        query="utm_source=x&after=5-1&evil=%22",
        cookie="csrf=abc; theme=dark; xsession=1",
        x_forwarded_host="evil.example",
        x_forwarded_proto="https",
        x_http_method_override="DELETE",
        accept_language="ru",
        user_agent="x",
        range="bytes=0-1",
        if_none_match="nothing",
    )
    seen = django.asked[0]
    assert {name for name in seen if name.startswith("HTTP_")} == {"HTTP_HOST"}
    assert seen["QUERY_STRING"] == "after=5-1"
    assert seen["REMOTE_ADDR"] == ""
    assert seen["REQUEST_METHOD"] == "GET"


@pytest.mark.parametrize(
    "variant",
    [
        {"query": "utm_source=1"},
        {"user_agent": "another"},
        {"cookie": "csrf=1"},
        {"cookie": "sessionid=1; xsession=2; session_=3"},
        {"host": "TESTSERVER"},
        {"host": "testserver:81"},
        {"x_forwarded_host": "evil.example"},
        {"x_forwarded_proto": "https"},
        {"range": "bytes=0-3"},
        {"x_http_method_override": "POST"},
        {"accept_encoding": "zstd, identity;q=0, br;q=0"},
    ],
)
def test_variants_of_a_request_share_one_page(cache: PageCache, django: Django, variant: dict[str, str]) -> None:
    expected = ask(cache)["body"]
    answer = ask(cache, **variant)
    assert how(answer) == "hit"
    assert answer["status"] == 200
    assert answer["body"] == expected
    assert len(django.asked) == 1


@pytest.mark.parametrize("variant", [{"query": "after=5-1"}, {"path": "/rules/"}, {"host": "localhost"}])
def test_what_a_page_depends_on_makes_another_page(cache: PageCache, django: Django, variant: dict[str, str]) -> None:
    ask(cache)
    assert how(ask(cache, **variant)) == "miss"


@pytest.mark.parametrize(
    "request_",
    [
        {"cookie": "session=abc"},
        {"cookie": "a=1; session=abc"},
        {"method": "POST"},
        {"path": "/accounts/login/"},
        {"path": "/desk/"},
        {"path": "/static/css/site.css"},
        {"path": "/media/x.webp"},
        {"host": "evil.example"},
        {"host": "evil.example:testserver"},
    ],
)
def test_what_is_not_everybodys_goes_to_django_untouched(
    cache: PageCache, django: Django, request_: dict[str, str]
) -> None:
    for _ in range(2):
        answer = ask(cache, user_agent="me", **request_)
        assert how(answer) is None
    assert len(django.asked) == 2
    assert django.asked[0]["HTTP_USER_AGENT"] == "me"
    assert not cache.pages


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        ("200 OK", [("Cache-Control", "private, no-store")]),
        ("200 OK", []),
        ("200 OK", [("Cache-Control", PUBLIC), ("Set-Cookie", "a=1")]),
        ("302 Found", [("Location", "/"), ("Cache-Control", PUBLIC)]),
        ("500 Internal Server Error", [("Cache-Control", PUBLIC)]),
    ],
)
def test_what_may_not_be_kept_is_not(
    cache: PageCache, django: Django, status: str, headers: list[tuple[str, str]]
) -> None:
    django.status, django.headers = status, headers
    ask(cache)
    assert how(ask(cache)) == "miss"
    assert len(django.asked) == 2


def test_a_reader_who_has_the_page_gets_304(cache: PageCache) -> None:
    first = ask(cache)
    again = ask(cache, if_none_match=first["headers"]["ETag"])
    assert again["status"] == 304
    assert again["body"] == b""
    assert again["headers"]["Cache-Control"] == PUBLIC
    assert "Content-Length" not in again["headers"]
    assert ask(cache, if_none_match='"other"')["status"] == 200


def test_each_encoding_has_its_own_bytes_and_etag(cache: PageCache, django: Django) -> None:
    plain, br, gz = (ask(cache, accept_encoding=e) for e in ("identity", "gzip, br", "gzip"))
    assert brotli.decompress(br["body"]) == gzip.decompress(gz["body"]) == plain["body"]
    assert len({one["headers"]["ETag"] for one in (plain, br, gz)}) == 3
    assert all(one["headers"]["Vary"] == "Accept-Encoding" for one in (plain, br, gz))
    assert int(br["headers"]["Content-Length"]) == len(br["body"])
    assert len(django.asked) == 1


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("", ""),
        ("br", "br"),
        ("gzip, deflate, br;q=0.9", "br"),
        ("gzip;q=0, br;q=0.0", ""),
        ("GZIP", "gzip"),
        (";;;,,q=", ""),
        ("br;q=x", "br"),
        ("*", ""),
        ("br" * 9999, ""),
    ],
)
def test_odd_encodings_are_read_calmly(accepted: str, expected: str) -> None:
    assert encoding_of(accepted) == expected


def test_head_has_the_headers_without_the_body(cache: PageCache, django: Django) -> None:
    head = ask(cache, method="HEAD")
    assert head["body"] == b""
    assert int(head["headers"]["Content-Length"]) == len(django.body)
    assert ask(cache)["body"] == django.body
    assert len(django.asked) == 1


def test_one_renders_while_the_others_get_the_last_copy(cache: PageCache, django: Django, clock: Clock) -> None:
    ask(cache)
    clock.now += 6
    django.gate, django.body = threading.Event(), b"new"
    renderer = threading.Thread(target=ask, args=[cache])
    renderer.start()
    while len(django.asked) < 2:
        pass
    waiting = ask(cache)
    assert how(waiting) == "stale"
    assert waiting["body"] != b"new"
    django.gate.set()
    renderer.join()
    assert ask(cache)["body"] == b"new"
    assert len(django.asked) == 2


def test_a_crowd_at_a_new_page_is_one_rendering(cache: PageCache, django: Django) -> None:
    django.gate = threading.Event()
    answers: list[Any] = []
    crowd = [threading.Thread(target=lambda: answers.append(ask(cache))) for _ in range(20)]
    for reader in crowd:
        reader.start()
    while not django.asked:
        pass
    django.gate.set()
    for reader in crowd:
        reader.join()
    assert {answer["body"] for answer in answers} == {django.body}
    assert len(django.asked) == 1


def test_nobody_is_served_a_copy_older_than_ten_seconds(cache: PageCache, django: Django, clock: Clock) -> None:
    ask(cache)
    clock.now += 10.1
    django.gate, django.body = threading.Event(), b"new"
    answers: list[Any] = []
    readers = [threading.Thread(target=lambda: answers.append(ask(cache))) for _ in range(5)]
    for reader in readers:
        reader.start()
    while len(django.asked) < 2:
        pass
    django.gate.set()
    for reader in readers:
        reader.join()
    assert {answer["body"] for answer in answers} == {b"new"}


def test_while_rendering_fails_the_last_copy_serves_for_thirty_seconds(
    cache: PageCache, django: Django, clock: Clock
) -> None:
    good = ask(cache)["body"]
    django.status, django.body = "500 Internal Server Error", b"broken"
    clock.now += 29
    answer = ask(cache)
    assert (answer["status"], how(answer), answer["body"]) == (200, "stale", good)
    clock.now += 2
    assert ask(cache)["status"] == 500


def test_a_failure_lets_the_next_reader_try_again(cache: PageCache, django: Django) -> None:
    def broken(environ: Any, start_response: Any) -> Any:
        raise RuntimeError

    cache.app = broken
    with pytest.raises(RuntimeError):
        ask(cache)
    cache.app = django
    assert ask(cache)["status"] == 200


def test_memory_is_bounded_and_the_least_recently_used_goes_first(cache: PageCache, django: Django) -> None:
    django.body = b"x" * 10_000
    for number in (1, 2):
        ask(cache, path=f"/articles/{number}/x/")
    ask(cache, path="/articles/1/x/")
    ask(cache, path="/articles/3/x/")
    assert cache.bytes <= cache.max_bytes
    assert cache.bytes == sum(page.size for page in cache.pages.values())
    assert how(ask(cache, path="/articles/1/x/")) == "hit"
    assert how(ask(cache, path="/articles/2/x/")) == "miss"


def test_a_flood_of_missing_addresses_pushes_no_page_out(cache: PageCache, django: Django) -> None:
    ask(cache)
    django.status, django.headers = "404 Not Found", [("Cache-Control", "private, no-store")]
    for number in range(1000):
        ask(cache, path=f"/nothing/{number}/")
    assert how(ask(cache, path="/nothing/999/")) == "hit"
    assert len(cache.missing) <= page_cache.MISSING_PAGES
    assert how(ask(cache)) == "hit"


def test_a_flood_of_odd_requests_is_remembered_boundedly(cache: PageCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_cache, "ALIASES", 50)
    for number in range(200):
        ask(cache, query=f"x={number}")
    assert len(cache.aliases) <= 50


@pytest.fixture
def kept_connection(db: None) -> Iterator[None]:
    """Keep the requests from closing the connection that holds the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("kept_connection")
def test_around_the_real_site_a_hidden_article_is_gone_after_five_seconds(clock: Clock, settings: LazySettings) -> None:
    cache = PageCache(get_wsgi_application(), max_bytes=1024 * 1024)
    article = factories.published(title="Գրադարան")
    path = article.get_absolute_url()
    first = ask(cache, path=f"/articles/{article.pk}/գրադարան/")
    assert path.startswith("/articles/")
    assert (first["status"], how(first)) == (200, "miss")
    assert "Set-Cookie" not in first["headers"]
    assert how(ask(cache, path=f"/articles/{article.pk}/գրադարան/")) == "hit"
    publishing.hide(article=Article.objects.get(pk=article.pk))
    clock.now += 5
    gone = ask(cache, path=f"/articles/{article.pk}/գրադարան/")
    assert gone["status"] == 404
    assert "Գրադարան" not in gone["body"].decode()


@pytest.mark.usefixtures("kept_connection")
def test_around_the_real_site_odd_addresses_are_no_errors(clock: Clock) -> None:
    cache = PageCache(get_wsgi_application(), max_bytes=1024 * 1024)
    factories.published()
    for path in ("//about/", "/%2e%2e/", "/about", "/articles/1//x/", "/\xff", "/ru/about/", "/about/\x00"):
        assert ask(cache, path=path)["status"] in {200, 301, 302, 400, 404}
