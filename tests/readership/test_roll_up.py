"""Views reach the public numbers once, whatever dies in between; old rows and salts go."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from articles.models import Article
from articles.readership import recount, services, tasks
from articles.readership.models import DailySalt, DailyStats, Read, Tally, View
from articles.readership.salts import salt_of
from articles.readership.visitors import today
from articles.services import publishing
from tests import factories
from tests.readership.rows import waiting

pytestmark = pytest.mark.django_db


def views(article: Article) -> int:
    article.refresh_from_db()
    return article.views


def test_each_kind_goes_into_its_own_column() -> None:
    article = factories.published()
    for n, kind in enumerate(View.Kind.values, start=1):
        waiting(article, n, kind=kind)
    assert services.roll_up() == 15
    stats = DailyStats.objects.get()
    assert (stats.views, stats.by_author, stats.by_staff, stats.by_bots, stats.over_rate) == (1, 2, 3, 4, 5)
    assert views(article) == 1


def test_days_and_articles_add_up_over_many_batches() -> None:
    one, other = factories.published(), factories.published()
    yesterday = today() - timedelta(days=1)
    for _ in range(2):
        waiting(one, 7, day=yesterday)
        waiting(one, 5)
        waiting(other, 3)
        assert services.roll_up(batch=4) == 15
        assert services.roll_up() == 0
    assert (views(one), views(other)) == (24, 6)
    assert list(DailyStats.objects.order_by("article", "day").values_list("views", flat=True)) == [14, 10, 6]


def test_views_that_came_before_an_article_was_hidden_are_kept() -> None:
    article = factories.published()
    waiting(article, 3)
    publishing.hide(article=article)
    services.roll_up()
    assert views(article) == DailyStats.objects.get().views == 3


def test_nothing_is_lost_or_doubled_when_it_dies_in_the_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    article = factories.published()
    waiting(article, 10)

    def dies(*args: object) -> None:
        raise SystemExit  # after the tallies are taken, before the numbers are committed

    with monkeypatch.context() as patch:
        patch.setattr("articles.readership.rolling_up._add", dies)
        with pytest.raises(SystemExit):
            services.roll_up()
    assert views(article) == 0
    assert not DailyStats.objects.exists()
    assert services.roll_up() == 10
    assert views(article) == 10


def test_a_batch_is_four_statements_and_one_transaction() -> None:
    articles = [factories.published() for _ in range(3)]
    for article in articles:
        waiting(article, 5)
    with CaptureQueriesContext(connection) as queries:
        services.roll_up()
    statements = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    assert len(statements) == 4, statements  # takes, locks, articles, days


def test_reads_go_into_their_own_column_and_no_counter_of_the_article() -> None:
    article = factories.published()
    waiting(article, 4)
    waiting(article, 3, of=Read)
    waiting(article, 2, of=Read, kind=Read.Kind.BOT)
    assert services.roll_up(batch=2) == 9
    stats = DailyStats.objects.get()
    assert (stats.views, stats.reads, stats.by_bots) == (4, 3, 0)
    assert views(article) == 4
    assert not list(recount.recount(repair=False))


def test_reads_of_past_days_are_dropped_too() -> None:
    waiting(factories.published(), 3, of=Read, day=today() - timedelta(days=4))
    services.roll_up()
    assert services.tidy_up(batch=2) == 3
    assert DailyStats.objects.get().reads == 3


def test_many_old_rows_are_dropped_by_one_task_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "TIDY_AT_ONCE", 2000)
    waiting(factories.published(), 3500, day=today() - timedelta(days=4))
    for left in (1500, 0):
        tasks.roll_up_views.call()
        assert View.objects.count() == left


def test_old_rows_are_dropped_and_what_they_add_up_to_is_not() -> None:
    article = factories.published()
    for days in (4, 3, 2, 1, 0):
        waiting(article, 3, day=today() - timedelta(days=days))
    assert services.tidy_up(batch=2) == 6
    assert View.objects.count() == 9
    services.roll_up()  # what they add up to is kept until it is added
    assert views(article) == 15
    assert not Tally.objects.exists()


def test_a_salt_is_one_for_its_day_and_destroyed_after_it() -> None:
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False) as clock:
        salt = salt_of(today())
        assert len(salt) == 32
        assert salt_of(today()) == salt == bytes(DailySalt.objects.get().salt)
        clock.move_to("2026-11-22T20:30:00Z")  # 00:30 of the next day here
        assert salt_of(today()) != salt
        services.tidy_up()
        assert DailySalt.objects.count() == 2  # a request of the day before may still be on its way
        clock.move_to("2026-11-22T21:05:00Z")
        services.tidy_up()
        assert [str(salt.day) for salt in DailySalt.objects.all()] == ["2026-11-23"]


def test_what_waited_before_there_were_tallies_is_counted_once() -> None:
    article = factories.published()
    waiting(article, 3)
    waiting(article, 2, of=Read)
    services.roll_up()
    waiting(article, 4)
    Tally.objects.all().delete()
    migration = import_module("articles.readership.migrations.0004_waiting_rows_are_tallied")
    with connection.cursor() as cursor:
        # As the version before wrote and rolled them up: the column is in the tables still.
        cursor.execute("UPDATE readership_view SET rolled_up = (id <= (SELECT min(id) + 2 FROM readership_view))")
        for _ in range(2):
            migration.tally(None, SimpleNamespace(connection=connection, execute=cursor.execute))
    assert services.roll_up() == 4
    assert views(article) == 7
    assert not list(recount.recount(repair=False))


def test_the_command_says_what_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    waiting(factories.published(), 2)
    waiting(factories.published(), 1, day=today() - timedelta(days=9))
    call_command("roll_up_views")
    assert capsys.readouterr().out == "3 views rolled up.\n1 old row dropped.\n"
