"""A database that is down, hangs or is gone for a moment: views get a 503 in time, cached pages are served."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import BoundedSemaphore, Event
from typing import Any
from wsgiref.types import WSGIApplication

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import OperationalError, connection, transaction

from articles.models import Article
from articles.readership import beacon, tracking
from articles.readership.beacon import group_commit
from articles.readership.models import PageView
from articles.readership.services import Beacon, ingest
from articles.readership.visitors import Visitor, today
from articles.readership.wsgi import BeaconApplication
from articles.services import publishing
from core import maintenance
from core.page_cache.middleware import PageCache
from tests import factories
from tests.readership.wsgi import FIREFOX, ask, environ_of, group_commit_closed, open_connections

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def article() -> Article:
    return factories.published()


@pytest.fixture
def app() -> Iterator[WSGIApplication]:
    with open_connections(), group_commit_closed():
        yield BeaconApplication(PageCache(get_wsgi_application(), max_bytes=10**7))


@contextmanager
def held_by_another() -> Iterator[None]:
    """Another connection locks the views."""
    other = connection.copy()
    other.settings_dict["OPTIONS"].pop("pool", None)
    other.inc_thread_sharing()
    try:
        with other.cursor() as cursor:
            if connection.vendor == "postgresql":
                other.set_autocommit(False)
                cursor.execute("LOCK TABLE readership_pageview IN ACCESS EXCLUSIVE MODE")
            else:
                cursor.execute("BEGIN IMMEDIATE")
            yield
            cursor.execute("ROLLBACK")
    finally:
        other.close()


def view(app: WSGIApplication, article: Article, *, address: str = "192.0.2.1") -> int:
    answer = ask(app, environ_of(f"/beacon/{article.pk}/", REMOTE_ADDR=address))
    if answer.status == 503:
        assert answer.headers["retry-after"].isdigit()
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
    return answer.status


def page(app: WSGIApplication, article: Article) -> str:
    environ = environ_of(article.get_absolute_url(), method="GET", HTTP_SEC_FETCH_SITE=None)
    answer = ask(app, environ)
    assert answer.status == 200
    return answer.headers["x-cache"]


def test_beacon_while_the_database_hangs(
    app: WSGIApplication, article: Article, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert page(app, article) == "miss"
    assert view(app, article) == 204
    with monkeypatch.context() as patch:
        patch.setattr(beacon.group_commit, "timeout", 0.4)
        with held_by_another():
            assert view(app, article, address="192.0.2.2") == 503
            # The write that hangs is known by now: others are refused at once.
            patch.setattr(beacon.group_commit, "timeout", 0)
            assert view(app, article, address="192.0.2.4") == 503
            assert page(app, article) == "hit"
    assert view(app, article, address="192.0.2.3") == 204
    # What took too long was written after all.
    assert PageView.objects.count() == 3


def test_beacon_over_the_limit_of_waiting_threads(
    app: WSGIApplication, article: Article, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beacon.group_commit, "slots", BoundedSemaphore(1))
    monkeypatch.setattr(beacon.group_commit, "timeout", 60)
    page(app, article)
    is_writing, goes_on, write = Event(), Event(), beacon.group_commit.write

    def waits(beacons: Any) -> Any:
        is_writing.set()
        assert goes_on.wait(60)
        return write(beacons)

    monkeypatch.setattr(beacon.group_commit, "write", waits)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(view, app, article, address="192.0.2.2")
        assert is_writing.wait(60)
        assert view(app, article, address="192.0.2.3") == 503
        assert page(app, article) == "hit"
        goes_on.set()
        assert waiting.result(timeout=60) == 204
    assert PageView.objects.count() == 1


def test_beacon_while_the_database_is_down(
    app: WSGIApplication, article: Article, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert page(app, article) == "miss"
    before = group_commit.refused, group_commit.written, group_commit.batches

    def is_down(*_: Any, **__: Any) -> None:
        raise OperationalError

    with monkeypatch.context() as patch:
        patch.setattr("articles.readership.services.daily_salt", is_down)
        assert view(app, article) == 503
        assert page(app, article) == "hit"
    assert view(app, article) == 204
    assert PageView.objects.count() == 1
    # For metrics.
    assert (group_commit.refused, group_commit.written, group_commit.batches) == tuple(number + 1 for number in before)


def test_beacon_with_a_lost_connection(app: WSGIApplication, article: Article, monkeypatch: pytest.MonkeyPatch) -> None:
    assert view(app, article) == 204

    def loses_it(beacons: Any) -> Any:
        monkeypatch.undo()
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor, pytest.raises(OperationalError):
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        else:
            connection.connection.close()
            raise OperationalError
        return beacon._write(beacons)

    monkeypatch.setattr(beacon.group_commit, "write", loses_it)
    assert view(app, article, address="192.0.2.2") == 204
    assert PageView.objects.count() == 2


def delete(article: Article) -> None:
    publishing.hide(article=article)
    Article.objects.filter(pk=article.pk).update(live=None, latest=None, state="draft", published_at=None)
    article.delete()


def hit(article: Article) -> Beacon:
    return Beacon(PageView, article.pk, Visitor(address="192.0.2.1", user_agent=FIREFOX))


def test_ingest_with_an_article_that_is_deleted_meanwhile(article: Article, monkeypatch: pytest.MonkeyPatch) -> None:
    other = factories.published()

    def deletes(*arguments: Any) -> Any:
        monkeypatch.undo()
        delete(other)
        return tracking._new_hits(*arguments)

    monkeypatch.setattr(tracking, "_new_hits", deletes)
    assert ingest([hit(article), hit(other)])[0] == [True, False]
    assert list(PageView.objects.values_list("article", "day")) == [(article.pk, today())]


@pytest.mark.postgres
@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL")
def test_ingest_while_an_article_is_being_deleted(article: Article) -> None:
    other = factories.published()
    beacons = [hit(article), hit(other)]
    pids: list[int] = []

    def writes() -> tuple[list[bool], int]:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                pids.extend(cursor.fetchone())
            return ingest(beacons)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            delete(other)
            writing = pool.submit(writes)
            blocking: list[int] = []
            while not blocking and not writing.done():
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_blocking_pids(%s)", pids or [0])
                    (blocking,) = cursor.fetchone()
            assert blocking
        assert writing.result(timeout=60)[0] == [True, False]
    assert list(PageView.objects.values_list("article", flat=True)) == [article.pk]


def test_beacon_of_an_article_that_was_just_hidden(app: WSGIApplication, article: Article) -> None:
    assert view(app, article) == 204
    publishing.hide(article=article)
    assert view(app, article, address="192.0.2.2") == 404
    assert PageView.objects.count() == 1


def test_view_during_maintenance_is_503_and_not_counted(app: WSGIApplication, article: Article) -> None:
    maintenance.switch(on=True)
    assert view(app, article) == 503
    assert not PageView.objects.exists()
    maintenance.switch(on=False)
    assert view(app, article) == 204
    assert PageView.objects.count() == 1
