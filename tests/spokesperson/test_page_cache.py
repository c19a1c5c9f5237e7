"""Anonymous readers get stored bytes: rendered once, the same for all, never from what one visitor sent."""

from __future__ import annotations

import gzip
import os
import random
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
from spokesperson.kept_pages import Shelf
from spokesperson.page_cache import PageCache
from tests import factories

PUBLIC = "public, max-age=0, s-maxage=5"


class Clock:
    """Stands in for the monotonic clock; tests move it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return 1_700_000_000 + self.now


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
        self.headers = [
            ("Content-Type", "text/html"),
            ("Cache-Control", PUBLIC),
            ("X-Content-Type-Options", "nosniff"),
            ("Vary", "Cookie, Accept-Language"),
        ]
        self.body = b"<p>Hello</p>" * 50
        self.gate: threading.Event | None = None
        self.entered = threading.Semaphore(0)
        self.raises: Exception | None = None

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.asked.append(environ)
        self.entered.release()
        if self.gate:
            assert self.gate.wait(10)
        if self.raises:
            raise self.raises
        start_response(self.status, list(self.headers))
        return [self.body]


@pytest.fixture
def django() -> Django:
    return Django()


@pytest.fixture
def cache(django: Django, clock: Clock) -> PageCache:
    return PageCache(django, max_bytes=64 * 1024)


@pytest.fixture
def roomy(django: Django, clock: Clock) -> PageCache:
    return PageCache(django, max_bytes=1024 * 1024)


def environ_of(path: str = "/about/", method: str = "GET", query: str = "", **headers: str) -> dict[str, Any]:
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
    environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items() if name != "scheme"}
    environ["wsgi.url_scheme"] = headers.get("scheme", "http")
    return environ


def ask(cache: PageCache, path: str = "/about/", method: str = "GET", query: str = "", **headers: str) -> Any:
    return send(cache, environ_of(path, method, query, **headers))


def send(cache: PageCache, environ: dict[str, Any]) -> Any:
    """What the cache answers: status, headers, body as sent, and `plain`, the body without its compression."""
    answer: dict[str, Any] = {}

    def start(status: str, given: list[tuple[str, str]], exc_info: Any = None, /) -> Any:
        answer["status"], answer["headers"] = int(status.split(maxsplit=1)[0]), dict(given)

    chunks = cache(environ, start)
    answer["body"] = answer["plain"] = b"".join(chunks)
    if hasattr(chunks, "close"):
        chunks.close()
    if answer["body"] and (encoding := answer["headers"].get("Content-Encoding")):
        answer["plain"] = {"br": brotli.decompress, "gzip": gzip.decompress}[encoding](answer["body"])
    return answer


class Crowd:
    """Readers who ask at the same time, each in a thread."""

    def __init__(self, cache: PageCache, readers: int, **asked: str) -> None:
        self.answers: list[Any] = []
        self.threads = [
            threading.Thread(target=lambda: self.answers.append(ask(cache, **asked))) for _ in range(readers)
        ]
        for thread in self.threads:
            thread.start()

    def wait(self) -> list[Any]:
        for thread in self.threads:
            thread.join(20)
        assert len(self.answers) == len(self.threads)
        return self.answers


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
        {"range": "bytes=0-3", "if_range": '"x"'},
        {"x_http_method_override": "POST"},
        {"accept_language": "ru"},
        {"hx_request": "true", "hx_boosted": "true"},
        {"forwarded": "host=evil.example;proto=https"},
        {"x_original_url": "/desk/", "x_rewrite_url": "/desk/"},
        {"if_modified_since": "Sat, 01 Jan 2050 00:00:00 GMT"},
        {"if_none_match": "nothing"},
        {"accept_encoding": "zstd, identity;q=0, br;q=0"},
        {"host": "testserver."},
        {"query": "afte=1&AFTER=2&x;after=3&after[]=4"},
        {"authorization": "Basic eDp4"},
    ],
)
def test_variants_of_a_request_share_one_page(cache: PageCache, django: Django, variant: dict[str, str]) -> None:
    expected = ask(cache)["body"]
    answer = ask(cache, **variant)
    assert how(answer) == "hit"
    assert answer["status"] == 200
    assert answer["body"] == expected
    assert "Set-Cookie" not in answer["headers"]
    assert len(django.asked) == 1


@pytest.mark.parametrize(
    "variant",
    [
        {"range": "bytes=0-3"},
        {"accept_language": "ru"},
        {"x_forwarded_host": "evil.example"},
        {"x_forwarded_proto": "https"},
        {"method": "HEAD"},
        {"if_none_match": "*"},
        {"query": "utm_source=1"},
        {"cookie": "csrf=1"},
        {"hx_request": "true"},
    ],
)
def test_who_comes_first_changes_nothing_for_who_comes_next(
    cache: PageCache, django: Django, variant: dict[str, str]
) -> None:
    ask(cache, **variant)
    second = ask(cache)
    alone = ask(PageCache(django, max_bytes=64 * 1024))
    assert (second["status"], second["body"]) == (alone["status"], alone["body"])
    assert second["headers"] | {"X-Cache": ""} == alone["headers"] | {"X-Cache": ""}
    assert how(second) == "hit"


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
        {"path": "/about"},  # to be redirected with all that it carries
        {"path": "/articles/1/"},
        {"cookie": "session="},
        {"cookie": 'a=b;session="x"'},
        {"cookie": "session=1;session=2"},
        {"method": "OPTIONS"},
        {"method": "get"},
        {"host": ""},
        {"host": "testserver,evil.example"},
        {"host": "testserver evil.example"},
        {"host": "evil.example/testserver"},
        {"host": "x.testserver"},
        {"host": "[::1]"},
        {"query": "after=" + "1" * 3000},
        {"query": "&".join(f"x{number}=" for number in range(300))},
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
    assert not cache.pages.pages
    assert not cache.missing.pages
    assert not cache.aliases


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        ("200 OK", [("Cache-Control", "private, no-store")]),
        ("200 OK", []),
        ("200 OK", [("Cache-Control", PUBLIC), ("Set-Cookie", "a=1")]),
        ("200 OK", [("Cache-Control", PUBLIC), ("set-cookie", "a=1")]),
        ("206 Partial Content", [("Cache-Control", PUBLIC)]),
        ("301 Moved Permanently", [("Location", "/"), ("Cache-Control", PUBLIC)]),
        ("302 Found", [("Location", "/"), ("Cache-Control", PUBLIC)]),
        ("400 Bad Request", [("Cache-Control", PUBLIC)]),
        ("404 Not Found", [("Set-Cookie", "a=1")]),
        ("429 Too Many Requests", [("Cache-Control", PUBLIC)]),
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
    assert again["headers"]["Vary"] == "Accept-Encoding"
    assert again["headers"]["X-Content-Type-Options"] == "nosniff"
    assert how(again) == "hit"
    assert not {"Content-Length", "Content-Type", "Content-Encoding"} & again["headers"].keys()


@pytest.mark.parametrize(
    ("known", "status"),
    [
        ("{}", 304),
        ("W/{}", 304),
        ('"a", W/{},"b"', 304),
        ("*", 304),
        (" * ", 304),
        ('"other"', 200),
        ("", 200),
        ('"*"', 200),
        ("{bare}", 200),
        ('"{bare}-br"', 200),  # another encoding's
        ('"x{bare}"', 200),
        ('"' + "x" * 100_000, 200),
    ],
)
def test_tags_are_compared_whole(cache: PageCache, known: str, status: int) -> None:
    tag = ask(cache)["headers"]["ETag"]
    known = known.replace("{bare}", tag.strip('"')).replace("{}", tag)
    assert ask(cache, if_none_match=known)["status"] == status


def test_only_a_page_that_is_there_can_be_unchanged(cache: PageCache, django: Django) -> None:
    django.status = "404 Not Found"
    tag = ask(cache)["headers"]["ETag"]
    assert ask(cache, if_none_match=tag)["status"] == 404
    assert ask(cache, if_none_match="*")["status"] == 404


def test_each_encoding_has_its_own_bytes_and_etag(cache: PageCache, django: Django) -> None:
    plain, br, gz = (ask(cache, accept_encoding=e) for e in ("identity", "gzip, br", "gzip"))
    assert brotli.decompress(br["body"]) == gzip.decompress(gz["body"]) == plain["body"]
    assert len({one["headers"]["ETag"] for one in (plain, br, gz)}) == 3
    assert all(one["headers"]["Vary"] == "Accept-Encoding" for one in (plain, br, gz))
    assert int(br["headers"]["Content-Length"]) == len(br["body"])
    assert len(django.asked) == 1


def test_head_has_the_headers_without_the_body(cache: PageCache, django: Django) -> None:
    head = ask(cache, method="HEAD")
    assert head["body"] == b""
    assert int(head["headers"]["Content-Length"]) == len(django.body)
    assert ask(cache)["body"] == django.body
    assert len(django.asked) == 1


def test_head_after_get_and_the_other_way_round_are_one_page(cache: PageCache, django: Django) -> None:
    for method in ("HEAD", "GET", "HEAD"):
        ask(cache, method=method)
    assert len(django.asked) == 1
    assert django.asked[0]["REQUEST_METHOD"] == "GET"


def test_a_server_may_change_the_headers_that_it_got(cache: PageCache) -> None:
    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        headers.append(("X-Server", "1"))

    ask(cache)
    cache(environ_of("/about/"), start)
    assert "X-Server" not in ask(cache)["headers"]


def test_an_answer_in_parts_is_kept_whole_and_closed(cache: PageCache) -> None:
    closed = []

    class Parts:
        def __iter__(self) -> Iterator[bytes]:
            yield b"one "
            yield b"two"

        def close(self) -> None:
            closed.append(True)

    def parts(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Cache-Control", PUBLIC)])
        return Parts()

    cache.app = parts
    assert ask(cache)["body"] == ask(cache)["body"] == b"one two"
    assert closed == [True]


def test_what_the_view_compressed_stays_as_it_is(cache: PageCache, django: Django) -> None:
    django.headers.append(("Content-Encoding", "gzip"))
    django.body = gzip.compress(b"hello")
    assert ask(cache, accept_encoding="br")["body"] == django.body


def test_one_renders_while_the_others_get_the_last_copy(cache: PageCache, django: Django, clock: Clock) -> None:
    old = ask(cache)["body"]
    clock.now += 6
    django.gate, django.body = threading.Event(), b"new"
    django.entered.acquire()
    first = Crowd(cache, 1)
    assert django.entered.acquire(timeout=10)
    waiting = ask(cache)
    assert (how(waiting), waiting["body"]) == ("stale", old)
    django.gate.set()
    assert how(first.wait()[0]) == "miss"
    assert ask(cache)["body"] == b"new"
    assert len(django.asked) == 2


def test_a_crowd_at_a_new_page_is_one_rendering(cache: PageCache, django: Django) -> None:
    django.gate = threading.Event()
    crowd = Crowd(cache, 20)
    assert django.entered.acquire(timeout=10)
    django.gate.set()
    answers = crowd.wait()
    assert {answer["body"] for answer in answers} == {django.body}
    assert [how(answer) for answer in answers].count("miss") == 1
    assert len(django.asked) == 1


def test_nobody_is_served_a_copy_older_than_ten_seconds(cache: PageCache, django: Django, clock: Clock) -> None:
    ask(cache)
    clock.now += 10
    django.entered.acquire()
    django.gate, django.body = threading.Event(), b"new"
    crowd = Crowd(cache, 5)
    assert django.entered.acquire(timeout=10)
    django.gate.set()
    assert {answer["body"] for answer in crowd.wait()} == {b"new"}


def test_a_page_is_as_old_as_what_it_was_made_from(cache: PageCache, clock: Clock) -> None:
    def slow(environ: Any, start_response: Any) -> Iterable[bytes]:
        clock.now += 4  # after the database was read
        start_response("200 OK", [("Cache-Control", PUBLIC)])
        return [b"slow"]

    cache.app = slow
    ask(cache)
    assert how(ask(cache)) == "hit"
    clock.now += 1
    assert how(ask(cache)) == "miss"


def test_what_is_for_one_reader_is_given_to_nobody_who_waited(cache: PageCache, django: Django) -> None:
    django.headers, django.gate = [("Cache-Control", "private"), ("Set-Cookie", "a=1")], threading.Event()
    crowd = Crowd(cache, 5, user_agent="me")
    assert django.entered.acquire(timeout=10)
    django.gate.set()
    crowd.wait()
    assert len(django.asked) == 5


def test_while_rendering_fails_the_last_copy_serves_for_thirty_seconds(
    cache: PageCache, django: Django, clock: Clock
) -> None:
    good = ask(cache)["body"]
    django.status, django.body = "500 Internal Server Error", b"broken"
    clock.now += 29
    answer = ask(cache)
    assert (answer["status"], how(answer), answer["body"]) == (200, "stale", good)
    clock.now += 1
    assert ask(cache)["status"] == 500


def test_while_rendering_raises_the_last_copy_serves_too(cache: PageCache, django: Django, clock: Clock) -> None:
    good = ask(cache)["body"]
    django.raises = MemoryError()
    clock.now += 29
    assert ask(cache)["body"] == good
    clock.now += 1
    with pytest.raises(MemoryError):
        ask(cache)


def test_who_waits_for_a_rendering_that_fails_gets_the_last_copy(
    cache: PageCache, django: Django, clock: Clock
) -> None:
    good = ask(cache)["body"]
    django.entered.acquire()
    clock.now += 20
    django.gate, django.status = threading.Event(), "503 Service Unavailable"
    crowd = Crowd(cache, 8)
    assert django.entered.acquire(timeout=10)
    django.gate.set()
    assert {(how(answer), answer["body"]) for answer in crowd.wait()} == {("stale", good)}
    assert len(django.asked) == 2


def test_a_page_that_fails_is_left_alone_for_a_second(cache: PageCache, django: Django, clock: Clock) -> None:
    ask(cache)
    django.status = "500 Internal Server Error"
    clock.now += 6
    for _ in range(10):
        assert how(ask(cache)) == "stale"
    assert len(django.asked) == 2
    clock.now += 1
    django.status = "200 OK"
    assert how(ask(cache)) == "miss"


def test_a_crowd_at_a_page_that_fails_is_one_rendering(cache: PageCache, django: Django) -> None:
    django.gate, django.status = threading.Event(), "500 Internal Server Error"
    crowd = Crowd(cache, 8)
    assert django.entered.acquire(timeout=10)
    while len(cache.rendering) and sum(thread.is_alive() for thread in crowd.threads) < 8:
        threading.Event().wait(0.001)
    django.gate.set()
    assert {answer["status"] for answer in crowd.wait()} == {500}
    assert not cache.pages.pages


def test_a_rendering_that_hangs_holds_nobody_for_good(
    cache: PageCache, django: Django, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waited long enough is refused; who comes after that tries anew, one at a time."""
    monkeypatch.setattr(page_cache, "WAIT_SECONDS", 0.01)
    django.gate = threading.Event()
    hung = Crowd(cache, 1)
    assert django.entered.acquire(timeout=10)
    refused = ask(cache, path="/about/")
    assert (refused["status"], how(refused)) == (503, None)
    assert refused["headers"]["Retry-After"]
    assert refused["headers"]["X-Content-Type-Options"] == "nosniff"
    gate, django.gate, django.body = django.gate, None, b"new"
    clock.now += 1
    assert ask(cache)["body"] == b"new"
    assert ask(cache)["body"] == b"new"
    assert len(django.asked) == 2
    django.body = b"late"
    gate.set()
    hung.wait()
    assert ask(cache)["body"] == b"new"  # what hung came too late
    assert not cache.rendering


def test_where_a_rendering_hangs_the_last_copy_serves(
    cache: PageCache, django: Django, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_cache, "PATIENCE_SECONDS", 0.01)
    good = ask(cache)["body"]
    django.entered.acquire()
    clock.now += 15
    django.gate = threading.Event()
    hung = Crowd(cache, 1)
    assert django.entered.acquire(timeout=10)
    answer = ask(cache)
    assert (how(answer), answer["body"]) == ("stale", good)
    django.gate.set()
    hung.wait()


def test_a_failure_lets_the_next_reader_try_again(cache: PageCache, django: Django) -> None:
    django.raises = RuntimeError()
    with pytest.raises(RuntimeError):
        ask(cache)
    django.raises = None
    assert ask(cache)["status"] == 200
    assert not cache.rendering


def test_caches_in_front_learn_when_the_page_was_made(cache: PageCache, clock: Clock, settings: LazySettings) -> None:
    first = ask(cache)
    clock.now += 4
    second = ask(cache)
    assert first["headers"]["Date"] == second["headers"]["Date"] == "Tue, 14 Nov 2023 22:30:00 GMT"
    assert "X-Accel-Expires" not in first["headers"]
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert ask(cache, path="/rules/")["headers"]["X-Accel-Expires"] == "@1700001009"


def test_a_copy_that_may_not_be_kept_tells_no_proxy_to(
    cache: PageCache, django: Django, settings: LazySettings
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    django.headers = [("Cache-Control", "private"), ("X-Accel-Expires", "3600")]
    assert "X-Accel-Expires" not in ask(cache)["headers"]


def held(shelf: Shelf) -> int:
    """Bytes that a shelf's pages really hold, counted anew."""
    pages = shelf.pages.values()
    return sum(len(page.body) + sum(len(page.forms[one].body) for one in page.forms if one) for page in pages)


def test_memory_is_bounded_and_the_least_recently_used_goes_first(cache: PageCache, django: Django) -> None:
    django.body = os.urandom(12_000)
    addresses = [f"/articles/{number}/x/" for number in range(5)]
    for path in addresses[:2]:
        ask(cache, path=path)
    ask(cache, path=addresses[0])
    for path in addresses[2:]:
        ask(cache, path=path)
    assert len(cache.pages.pages) == 4
    assert how(ask(cache, path=addresses[0])) == "hit"
    assert how(ask(cache, path=addresses[1])) == "miss"


def test_the_bound_counts_what_pages_come_to_hold(cache: PageCache, django: Django) -> None:
    django.body = os.urandom(5_000)  # compressing makes it no shorter
    for number in range(40):
        for accepted in ("", "br", "gzip"):
            ask(cache, path=f"/articles/{number}/x/", accept_encoding=accepted)
            shelf = cache.pages
            assert held(shelf) <= shelf.bytes <= shelf.max_bytes
            assert shelf.bytes == sum(page.weight for page in shelf.pages.values())
    assert 0 < len(cache.pages.pages) < 10


def test_a_page_that_would_push_out_many_others_is_not_kept(cache: PageCache, django: Django) -> None:
    ask(cache)
    django.body = b"x" * 20_000
    assert ask(cache, path="/rules/")["body"] == django.body
    assert how(ask(cache, path="/rules/")) == "miss"
    assert how(ask(cache)) == "hit"


def test_a_flood_of_missing_addresses_pushes_no_page_out(roomy: PageCache, django: Django) -> None:
    cache = roomy
    ask(cache)
    django.status, django.headers = "404 Not Found", [("Cache-Control", "private, no-store")]
    for number in range(1000):
        ask(cache, path=f"/nothing/{number}/")
    assert how(ask(cache, path="/nothing/999/")) == "hit"
    assert cache.missing.bytes <= cache.missing.max_bytes == 1024 * 1024 // 16
    assert how(ask(cache)) == "hit"


def test_a_missing_page_is_kept_as_briefly_as_any(roomy: PageCache, django: Django, clock: Clock) -> None:
    cache = roomy
    django.status = "404 Not Found"
    ask(cache)
    assert how(ask(cache)) == "hit"
    clock.now += 5
    django.status = "200 OK"
    assert ask(cache)["status"] == 200
    assert how(ask(cache)) == "hit"
    assert not cache.missing.pages
    clock.now += 5
    django.status = "404 Not Found"
    assert ask(cache)["status"] == 404
    assert not cache.pages.pages


def test_a_flood_of_odd_requests_is_remembered_boundedly(
    clock: Clock, django: Django, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_cache, "ALIAS_BYTES", 500_000)
    cache = PageCache(django, max_bytes=64 * 1024)
    most = 0
    for number in range(3000):
        ask(cache, query=f"x={number}" + "x" * 300, accept_encoding=f"br, {number}")
        ask(cache, query="utm_source=channel")
        most = max(most, len(cache.aliases) + len(cache.older_aliases))
    assert most < 2 * 500_000 // 900
    assert len(django.asked) == 1
    assert any(seen[4] == "utm_source=channel" for seen in cache.aliases)


def test_a_header_of_any_length_is_not_remembered(cache: PageCache) -> None:
    ask(cache, accept_encoding="x" * 100_000)
    ask(cache, x_forwarded_proto="x" * 100_000)
    ask(cache, host="testserver:" + "1" * 100_000)
    assert not cache.aliases


def test_threads_leave_the_counting_right(clock: Clock) -> None:
    """Pages come, go, grow and are renewed from eight threads at once; sums stay true and answers whole."""
    django = Django()
    django.body = b"<p>Hello</p>" * 300
    cache = PageCache(django, max_bytes=128 * 1024)
    wrong: list[Any] = []
    seen: set[Any] = set()

    def read(seed: int) -> None:
        dice = random.Random(seed)  # noqa: S311 - no secret
        for _ in range(600):
            path = f"/articles/{dice.randrange(30)}/x/"
            accepted = dice.choice(["", "br", "gzip"])
            answer = ask(cache, path=path, accept_encoding=accepted)
            seen.add(how(answer))
            if answer["status"] != 200 or answer["plain"] != django.body:
                wrong.append(answer)
            if dice.random() < 0.05:
                clock.now += 1

    threads = [threading.Thread(target=read, args=[seed]) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong
    assert seen == {"hit", "miss", "stale"} or seen == {"hit", "miss"}
    assert cache.pages.bytes == sum(page.weight for page in cache.pages.pages.values())
    assert held(cache.pages) <= cache.pages.bytes <= cache.pages.max_bytes
    assert not cache.rendering


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
