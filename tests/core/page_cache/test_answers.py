"""What one kept page answers: 304 and HEAD, each encoding its own bytes, and what caches in front learn."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from typing import Any

import brotli
import pytest
from django.conf import LazySettings

from core.page_cache.application import PageCache
from tests.core.page_cache.helpers import PUBLIC, Clock, Django, ask, environ_of, how


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
