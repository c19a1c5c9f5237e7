"""A database that is down, hangs or has gone for a moment: views get a 503 in time, pages go on."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connection, connections, transaction

from articles.models import Article
from articles.readership import own_connection, storing
from articles.readership.beacon import Beacon, request_of
from articles.readership.models import View
from articles.readership.visitors import today
from articles.services import publishing
from core.page_cache.middleware import PageCache
from tests import factories
from tests.readership.wsgi import ask, environ_of, open_connections

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def article() -> Article:
    return factories.published()


def around(*, most_waiting: int = 8, patience: float = 0.4) -> Beacon:
    return Beacon(PageCache(get_wsgi_application(), max_bytes=10**7), most_waiting=most_waiting, patience=patience)


@pytest.fixture
def app() -> Iterator[Beacon]:
    app = around()
    with open_connections():
        yield app
    app.connection.close()


@contextmanager
def held_by_another() -> Iterator[None]:
    """Another connection holds the views locked."""
    other = connection.copy()
    other.settings_dict["OPTIONS"].pop("pool", None)
    other.inc_thread_sharing()
    try:
        with other.cursor() as cursor:
            if connection.vendor == "postgresql":
                other.set_autocommit(False)
                cursor.execute("LOCK TABLE readership_view IN ACCESS EXCLUSIVE MODE")
            else:
                cursor.execute("BEGIN IMMEDIATE")
            yield
            cursor.execute("ROLLBACK")
    finally:
        other.close()


def view(app: Beacon, article: Article, *, address: str = "192.0.2.1") -> int:
    answer = ask(app, environ_of(f"/beacon/{article.pk}/", REMOTE_ADDR=address))
    if answer.status == 503:
        assert answer.headers["retry-after"].isdigit()
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
    return answer.status


def page(app: Beacon, article: Article) -> str:
    environ = environ_of(article.get_absolute_url(), method="GET", HTTP_SEC_FETCH_SITE=None)
    answer = ask(app, environ)
    assert answer.status == 200
    return answer.headers["x-cache"]


def test_a_database_that_hangs(app: Beacon, article: Article) -> None:
    assert page(app, article) == "miss"
    assert view(app, article) == 204
    with held_by_another():
        assert view(app, article, address="192.0.2.2") == 503
        assert page(app, article) == "hit"
    assert view(app, article, address="192.0.2.3") == 204
    assert View.objects.count() == 2


def test_while_it_hangs_others_are_turned_away_and_pages_go_on(
    article: Article, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = around(most_waiting=1, patience=60)
    app.asked_at = app.clock()  # nobody asks for the roll-up, which would hang too
    with open_connections(), ThreadPoolExecutor(1) as pool:
        page(app, article)
        assert view(app, article) == 204
        with held_by_another():
            is_inside = Event()
            write_on = app.write_on

            def says_so(*arguments: Any) -> Any:
                is_inside.set()
                return write_on(*arguments)

            monkeypatch.setattr(app, "write_on", says_so)
            waits = pool.submit(view, app, article, address="192.0.2.2")
            assert is_inside.wait(60)
            assert view(app, article, address="192.0.2.3") == 503
            assert page(app, article) == "hit"
        assert waits.result(timeout=60) == 204
    app.connection.close()
    assert View.objects.count() == 2


def test_a_database_that_is_down_and_comes_back(app: Beacon, article: Article, monkeypatch: pytest.MonkeyPatch) -> None:
    assert page(app, article) == "miss"
    with monkeypatch.context() as patch:
        wrong = connections["default"].copy()
        where = {"HOST": "127.0.0.1", "PORT": "1"} if connection.vendor == "postgresql" else {"NAME": "/nowhere/db"}
        wrong.settings_dict.update(where)
        patch.setattr(own_connection, "connections", {"default": wrong})
        assert view(app, article) == 503
        assert page(app, article) == "hit"
    app.connection = own_connection.OwnConnection(patience=1)
    assert view(app, article) == 204
    assert View.objects.count() == 1


def test_a_connection_that_broke_is_replaced(app: Beacon, article: Article) -> None:
    assert view(app, article) == 204
    assert app.connection._wrapper is not None
    if connection.vendor == "postgresql":
        pid = app.connection._wrapper.connection.info.backend_pid
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])
    else:
        app.connection._wrapper.connection.close()
    assert view(app, article, address="192.0.2.2") == 204
    assert View.objects.count() == 2


def delete(article: Article) -> None:
    publishing.hide(article=article)
    Article.objects.filter(pk=article.pk).update(live=None, latest=None, state="draft", published_at=None)
    article.delete()


@pytest.mark.skipif(connection.vendor == "postgresql", reason="asks and writes in one statement")
def test_an_article_that_is_deleted_before_the_rows_are_written_costs_only_its_own(
    app: Beacon, article: Article, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = factories.published()
    insert = storing._insert

    def after_the_other_was_deleted(*arguments: Any) -> int:
        delete(other)
        return insert(*arguments)

    monkeypatch.setattr(storing, "_insert", after_the_other_was_deleted)
    batch = [request_of(environ_of(f"/beacon/{pk}/")) for pk in (article.pk, other.pk)]
    assert app.write([one for one in batch if one]) == [True, True]
    assert list(View.objects.values_list("article", "day")) == [(article.pk, today())]


@pytest.mark.postgres
@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL")
def test_an_article_that_is_being_deleted_costs_only_its_own_row(article: Article) -> None:
    app, other = around(most_waiting=1, patience=60), factories.published()
    batch = [request_of(environ_of(f"/beacon/{pk}/")) for pk in (article.pk, other.pk)]
    assert view(app, article, address="192.0.2.2") == 204
    assert app.connection._wrapper is not None
    pid = app.connection._wrapper.connection.info.backend_pid
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        delete(other)
        writes = pool.submit(app.write, [one for one in batch if one])
        with connection.cursor() as cursor:
            blocking: list[int] = []
            while not blocking and not writes.done():
                cursor.execute("SELECT pg_blocking_pids(%s)", [pid])
                (blocking,) = cursor.fetchone()
        assert blocking
    assert writes.result(timeout=60) == [True, True]
    assert list(View.objects.values_list("article", flat=True)) == [article.pk] * 2
    app.connection.close()


def test_what_was_taken_down_is_seen_at_once(app: Beacon, article: Article) -> None:
    assert view(app, article) == 204
    publishing.hide(article=article)
    assert view(app, article, address="192.0.2.2") == 404
    assert View.objects.count() == 1
