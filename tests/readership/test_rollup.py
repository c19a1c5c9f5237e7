"""Views reach the public numbers exactly once; old rows and salts are deleted."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from articles.models import Article
from articles.readership import recount, services
from articles.readership.models import DailySalt, DailyStats, PageRead, PageView, PendingCount
from articles.readership.salts import daily_salt
from articles.readership.visitors import today
from articles.services import publishing
from tests import factories
from tests.readership.rows import waiting

pytestmark = pytest.mark.django_db


def views(article: Article) -> int:
    article.refresh_from_db()
    return article.views


def test_rollup_each_kind_has_its_column() -> None:
    article = factories.published()
    for n, kind in enumerate(PageView.Kind.values, start=1):
        waiting(article, n, kind=kind)
    assert services.rollup() == 15
    stats = DailyStats.objects.get()
    assert (stats.views, stats.by_author, stats.by_staff, stats.by_bots, stats.over_rate) == (1, 2, 3, 4, 5)
    assert views(article) == 1


def test_rollup_in_batches() -> None:
    one, other = factories.published(), factories.published()
    yesterday = today() - timedelta(days=1)
    for _ in range(2):
        waiting(one, 7, day=yesterday)
        waiting(one, 5)
        waiting(other, 3)
        assert services.rollup(batch=4) == 15
        assert services.rollup() == 0
    assert (views(one), views(other)) == (24, 6)
    assert list(DailyStats.objects.order_by("article", "day").values_list("views", flat=True)) == [14, 10, 6]


def test_rollup_of_hidden_article() -> None:
    article = factories.published()
    waiting(article, 3)
    publishing.hide(article=article)
    services.rollup()
    assert views(article) == DailyStats.objects.get().views == 3


def test_rollup_that_fails_loses_and_doubles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    article = factories.published()
    waiting(article, 10)

    def dies(*args: object) -> None:
        raise SystemExit  # after the pending counts are read, before the numbers are committed

    with monkeypatch.context() as patch:
        patch.setattr("articles.readership.tracking._add_to_stats", dies)
        with pytest.raises(SystemExit):
            services.rollup()
    assert views(article) == 0
    assert not DailyStats.objects.exists()
    assert services.rollup() == 10
    assert views(article) == 10


def test_rollup_statements_do_not_grow_with_rows() -> None:
    articles = [factories.published() for _ in range(3)]
    for article in articles:
        waiting(article, 5)
    with CaptureQueriesContext(connection) as queries:
        services.rollup()
    statements = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    # Pending counts; lock and update of articles; insert, lock and update of days; delete of pending counts; and a look
    # for pending exits.
    assert len(statements) == 8, statements


def test_rollup_of_reads() -> None:
    article = factories.published()
    waiting(article, 4)
    waiting(article, 3, model=PageRead)
    waiting(article, 2, model=PageRead, kind=PageRead.Kind.BOT)
    assert services.rollup(batch=2) == 7  # reads by bots are not counted
    stats = DailyStats.objects.get()
    assert (stats.views, stats.reads, stats.by_bots) == (4, 3, 0)
    assert views(article) == 4
    assert not list(recount.recount(repair=False))


def test_delete_old_data_deletes_reads() -> None:
    waiting(factories.published(), 3, model=PageRead, day=today() - timedelta(days=4))
    services.rollup()
    assert services.delete_old_data(batch=2) == 3
    assert DailyStats.objects.get().reads == 3


def test_delete_old_data_keeps_pending_counts() -> None:
    article = factories.published()
    for days in (4, 3, 2, 1, 0):
        waiting(article, 3, day=today() - timedelta(days=days))
    assert services.delete_old_data(batch=2) == 6
    assert PageView.objects.count() == 9
    services.rollup()  # the pending counts are still there
    assert views(article) == 15
    assert not PendingCount.objects.exists()


def test_daily_salt_is_destroyed_after_its_day() -> None:
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False) as clock:
        salt = daily_salt(today())
        assert len(salt) == 32
        assert daily_salt(today()) == salt == bytes(DailySalt.objects.get().salt)
        clock.move_to("2026-11-22T20:30:00Z")  # 00:30 of the next day here
        assert daily_salt(today()) != salt
        services.delete_old_data()
        assert DailySalt.objects.count() == 2  # a request of the day before can still be in progress
        clock.move_to("2026-11-22T21:05:00Z")
        services.delete_old_data()
        assert [str(salt.day) for salt in DailySalt.objects.all()] == ["2026-11-23"]


def test_rollup_views_command(capsys: pytest.CaptureFixture[str]) -> None:
    waiting(factories.published(), 2)
    waiting(factories.published(), 1, day=today() - timedelta(days=9))
    call_command("rollup_views")
    assert capsys.readouterr().out == "3 views aggregated.\n1 old row deleted.\n"


def test_daily_salt_is_destroyed_by_the_requests_of_the_next_day_where_no_worker_runs() -> None:
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False) as clock:
        daily_salt(today())
        clock.move_to("2026-11-22T20:30:00Z")  # 00:30 of the next day here
        daily_salt(today())
        clock.move_to("2026-11-22T21:35:00Z")
        daily_salt(today())
        assert [str(salt.day) for salt in DailySalt.objects.all()] == ["2026-11-23"]
