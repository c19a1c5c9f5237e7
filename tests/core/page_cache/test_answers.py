"""Responses from a stored page: 304, HEAD, encodings, and headers for shared caches."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from typing import Any

import brotli
import pytest

from core.page_cache.middleware import PageCache
from tests.core.page_cache.helpers import PUBLIC, Clock, Django, cache_status, environ_of, fetch


def test_304_for_matching_etag(cache: PageCache) -> None:
    first = fetch(cache)
    again = fetch(cache, if_none_match=first["headers"]["ETag"])
    assert again["status"] == 304
    assert again["body"] == b""
    assert again["headers"]["Cache-Control"] == PUBLIC
    assert again["headers"]["Vary"] == "Accept-Encoding"
    assert again["headers"]["X-Content-Type-Options"] == "nosniff"
    assert cache_status(again) == "hit"
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
        ('"{bare}-br"', 200),  # of another encoding
        ('"x{bare}"', 200),
        ('"' + "x" * 100_000, 200),
    ],
)
def test_if_none_match_compares_whole_tags(cache: PageCache, known: str, status: int) -> None:
    tag = fetch(cache)["headers"]["ETag"]
    known = known.replace("{bare}", tag.strip('"')).replace("{}", tag)
    assert fetch(cache, if_none_match=known)["status"] == status


def test_no_304_for_404_page(cache: PageCache, django: Django) -> None:
    django.status = "404 Not Found"
    tag = fetch(cache)["headers"]["ETag"]
    assert fetch(cache, if_none_match=tag)["status"] == 404
    assert fetch(cache, if_none_match="*")["status"] == 404


def test_each_encoding_has_its_own_body_and_etag(cache: PageCache, django: Django) -> None:
    plain, br, gz = (fetch(cache, accept_encoding=e) for e in ("identity", "gzip, br", "gzip"))
    assert brotli.decompress(br["body"]) == gzip.decompress(gz["body"]) == plain["body"]
    assert len({one["headers"]["ETag"] for one in (plain, br, gz)}) == 3
    assert all(one["headers"]["Vary"] == "Accept-Encoding" for one in (plain, br, gz))
    assert int(br["headers"]["Content-Length"]) == len(br["body"])
    assert len(django.requests) == 1


def test_head_has_the_headers_without_the_body(cache: PageCache, django: Django) -> None:
    head = fetch(cache, method="HEAD")
    assert head["body"] == b""
    assert int(head["headers"]["Content-Length"]) == len(django.body)
    assert fetch(cache)["body"] == django.body
    assert len(django.requests) == 1


def test_head_and_get_share_one_page(cache: PageCache, django: Django) -> None:
    for method in ("HEAD", "GET", "HEAD"):
        fetch(cache, method=method)
    assert len(django.requests) == 1
    assert django.requests[0]["REQUEST_METHOD"] == "GET"


def test_response_headers_are_a_copy(cache: PageCache) -> None:
    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        headers.append(("X-Server", "1"))

    fetch(cache)
    cache(environ_of("/about/"), start)
    assert "X-Server" not in fetch(cache)["headers"]


def test_iterable_response_is_joined_and_closed(cache: PageCache) -> None:
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
    assert fetch(cache)["body"] == fetch(cache)["body"] == b"one two"
    assert closed == [True]


def test_body_compressed_by_the_view_is_unchanged(cache: PageCache, django: Django) -> None:
    django.headers.append(("Content-Encoding", "gzip"))
    django.body = gzip.compress(b"hello")
    assert fetch(cache, accept_encoding="br")["body"] == django.body


def test_date_is_when_the_page_was_rendered(cache: PageCache, clock: Clock) -> None:
    first = fetch(cache)
    clock.now += 4
    second = fetch(cache)
    assert first["headers"]["Date"] == second["headers"]["Date"] == "Tue, 14 Nov 2023 22:30:00 GMT"


def test_shared_caches_store_fresh_responses_only(cache: PageCache, django: Django, clock: Clock) -> None:
    assert "s-maxage=5" in fetch(cache)["headers"]["Cache-Control"]
    django.status = "500 Internal Server Error"
    clock.now += 6
    stale = fetch(cache)
    assert cache_status(stale) == "stale"
    assert "s-maxage=0" in stale["headers"]["Cache-Control"]


def test_x_accel_expires_of_view_is_dropped(cache: PageCache, django: Django) -> None:
    django.headers = [("Cache-Control", "private"), ("X-Accel-Expires", "3600")]
    assert "X-Accel-Expires" not in fetch(cache)["headers"]
