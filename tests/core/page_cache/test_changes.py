"""A page that changes by the clock alone, because a scheduled article is due, is rendered again at that moment."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.wsgi import get_wsgi_application
from django.utils import timezone

from core.http_cache import CHANGES_IN
from core.page_cache import PageCache
from tests import factories
from tests.core.page_cache.helpers import Clock, Django, ParallelRequests, cache_status, fetch

pytestmark = pytest.mark.usefixtures("real_cache_timeouts")
NOW = datetime.fromisoformat("2026-11-28T12:00:30+00:00")


class Changing(Django):
    """An application whose pages change after some seconds, as `public_page` tells the page cache."""

    changes_in = 5.0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ[CHANGES_IN] = self.changes_in
        return super().__call__(environ, start_response)


@pytest.fixture
def django() -> Changing:
    return Changing()


def max_age(answer: Any) -> str:
    """Return for how many seconds a shared cache may store the answer."""
    return str(answer["headers"]["Cache-Control"]).partition("s-maxage=")[2].partition(",")[0]


def test_page_is_rendered_again_at_its_change(cache: PageCache, django: Changing, clock: Clock) -> None:
    django.changes_in = 2.5
    fetch(cache)
    clock.now += 2.4
    assert cache_status(fetch(cache)) == "hit"
    clock.now += 0.1
    assert cache_status(fetch(cache)) == "miss"


def test_no_stale_copy_is_served_after_the_change(cache: PageCache, django: Changing, clock: Clock) -> None:
    django.changes_in = 7
    fetch(cache)
    clock.now += 6.9
    django.entered.acquire()
    django.gate, django.body = threading.Event(), b"new"
    first = ParallelRequests(cache, 1)
    assert django.entered.acquire(timeout=10)
    assert cache_status(fetch(cache)) == "stale"
    clock.now += 0.1
    waiting = ParallelRequests(cache, 3)
    django.gate.set()
    assert {answer["body"] for answer in [*first.wait(), *waiting.wait()]} == {b"new"}


@pytest.mark.parametrize(("age", "expected"), [(0, "5"), (2.5, "4"), (4.9, "2"), (5, "5")])
def test_shared_caches_store_no_copy_for_longer(
    cache: PageCache, django: Changing, clock: Clock, age: float, expected: str
) -> None:
    django.changes_in = 7
    etag = fetch(cache)["headers"]["ETag"]
    clock.now += age
    answers = [fetch(cache), fetch(cache, if_none_match=etag)]
    # At five seconds it is rendered again, and this application says "in seven seconds" again.
    assert [max_age(answer) for answer in answers] == [expected, expected]
    assert [answer["status"] for answer in answers] == [200, 304]


def test_stale_copy_is_served_after_the_change_if_rendering_fails(
    cache: PageCache, django: Changing, clock: Clock
) -> None:
    fetch(cache)
    clock.now += 6
    django.raises = RuntimeError()
    failed = fetch(cache)
    assert (cache_status(failed), max_age(failed)) == ("stale", "0")


@pytest.fixture
def both_clocks(clock: Clock) -> Iterator[Any]:
    """Return a function that advances the clock of the page cache and that of everything else."""
    with time_machine.travel(NOW, tick=False) as traveller:

        def advance(seconds: float) -> None:
            clock.now += seconds
            traveller.shift(timedelta(seconds=seconds))

        yield advance


@pytest.mark.django_db
@pytest.mark.usefixtures("open_connection")
def test_scheduled_article_is_on_cached_pages_from_its_second_on(both_clocks: Any) -> None:
    cache = PageCache(get_wsgi_application(), max_bytes=1024 * 1024)
    beside = factories.published(title="Beside")
    article = factories.published(title="Quaggalicht", publish_at=timezone.now() + timedelta(seconds=30))
    page, first = article.get_absolute_url(), beside.get_absolute_url()
    pages = [page, "/", "/hot/", "/sections/technology/", "/feeds/rss.xml", first]

    def shown() -> list[bool]:
        return [b"Quaggalicht" in fetch(cache, path=one)["body"] for one in pages]

    assert not any(shown())
    both_clocks(27)  # The pages expire.
    assert not any(shown())
    assert [cache_status(fetch(cache, path=one)) for one in pages] == ["hit"] * len(pages)
    assert max_age(fetch(cache, path="/")) == "3"
    both_clocks(2.9)
    assert not any(shown())
    both_clocks(0.1)
    assert shown() == [True] * len(pages)
    assert max_age(fetch(cache, path=page)) == "5"
