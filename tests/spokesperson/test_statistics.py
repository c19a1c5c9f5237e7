"""The figures of each day, and the page that shows them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from unittest import mock

import pytest
import time_machine
from django.core.mail import EmailMultiAlternatives
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from articles.readership.models import DailyStats
from articles.search.models import ZeroResultWord
from articles.voting.models import Vote
from core.models import DailyFigure, PendingEmail
from core.tasks import send_pending_emails
from spokesperson import statistics
from tests import factories
from tests.moderation.users import administrator, moderator

pytestmark = pytest.mark.django_db
URL = "/admin/statistics/"


def figures(day: date | None = None) -> dict[str, int]:
    rows = DailyFigure.objects.filter(day=day or timezone.localdate()).exclude(name__in=statistics.ORDERED)
    return dict(rows.values_list("name", "number"))


def test_record_counts_today_and_yesterday() -> None:
    author = factories.UserFactory.create()
    article, other = factories.published(author), factories.published(author)
    factories.hidden(author)
    factories.in_review(author)
    yesterday = timezone.localdate() - timedelta(days=1)
    type(article).objects.filter(pk=other.pk).update(published_at=timezone.now() - timedelta(days=1))
    User.objects.update(date_joined=timezone.now() - timedelta(days=5))
    voter = factories.UserFactory.create()
    Vote.objects.create(article=article, voter=voter, value=-1)
    DailyStats.objects.create(article=article, day=timezone.localdate(), views=7, reads=2)
    DailyStats.objects.create(article=article, day=yesterday, views=5)
    statistics.record()
    statistics.record()
    assert figures() == {
        "articles": 1,
        "authors": 1,
        "views": 7,
        "reads": 2,
        "votes": 1,
        "users": 1,
        "submissions_waiting": 1,
    }
    assert figures(yesterday) == {"articles": 1, "authors": 1, "views": 5, "reads": 0, "votes": 0, "users": 0}


def test_record_counts_the_days_before_the_first_one_once() -> None:
    author = factories.UserFactory.create()
    article, other = factories.published(author), factories.published(author)
    day = timezone.localdate() - timedelta(days=40)
    for one, ago in ((article, 40), (other, 100)):
        type(article).objects.filter(pk=one.pk).update(published_at=timezone.now() - timedelta(days=ago))
    DailyStats.objects.create(article=article, day=day, views=5, reads=3)
    vote = Vote.objects.create(article=article, voter=factories.UserFactory.create(), value=1)
    Vote.objects.filter(pk=vote.pk).update(created_at=timezone.now() - timedelta(days=40))
    User.objects.update(date_joined=timezone.now() - timedelta(days=40))
    statistics.record()
    assert figures(day) == {"articles": 1, "authors": 1, "views": 5, "reads": 3, "votes": 1, "users": 2}
    assert figures(day - timedelta(days=1)) == dict.fromkeys(statistics.COUNTED, 0)
    assert not DailyFigure.objects.filter(day__lt=timezone.localdate() - timedelta(days=89)).exists()
    # What has been recorded stays as it was.
    Vote.objects.all().delete()
    statistics.record()
    assert figures(day)["votes"] == 1


def test_record_counts_days_on_which_the_worker_did_not_run() -> None:
    today = timezone.localdate()
    statistics.record()
    with time_machine.travel(timezone.now() + timedelta(days=2), tick=False):
        DailyStats.objects.create(article=factories.published(), day=timezone.localdate(), views=6)
    with time_machine.travel(timezone.now() + timedelta(days=5), tick=False):
        statistics.record()
    assert figures(today + timedelta(days=2))["views"] == 6
    assert figures(today + timedelta(days=2))["articles"] == 1
    assert figures(today + timedelta(days=3))["articles"] == 0


def test_record_needs_the_same_queries_for_any_number_of_days() -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            statistics.record()
        return len(queries)

    assert count() == count() < 20


def test_record_reads_only_later_rows_and_completes_the_day_before() -> None:
    article = factories.published()
    DailyStats.objects.create(article=article, day=timezone.localdate(), views=1)
    statistics.record()
    DailyStats.objects.create(article=factories.published(), day=timezone.localdate(), views=2)
    today = timezone.localdate()
    with time_machine.travel(timezone.now() + timedelta(days=1), tick=False):
        statistics.record()
        assert figures(today)["views"] == 3
    with time_machine.travel(timezone.now() + timedelta(days=2), tick=False):
        # Rows up to the last one of two days ago are not read again.
        DailyFigure.objects.filter(name="last_stats", day=today).update(number=10**9)
        DailyStats.objects.create(article=article, day=timezone.localdate(), views=4)
        statistics.record()
        assert figures()["views"] == 0


def test_emails_are_counted_by_day(monkeypatch: pytest.MonkeyPatch) -> None:
    PendingEmail.objects.create(to="a@example.org", subject="x", text="x", html="x")
    send_pending_emails()
    PendingEmail.objects.create(to="b@example.org", subject="x", text="x", html="x")
    monkeypatch.setattr(EmailMultiAlternatives, "send", mock.Mock(side_effect=OSError))
    send_pending_emails()
    assert figures() == {"emails_sent": 1, "emails_failed": 1}


@pytest.fixture
def admin_page(client: Client) -> Client:
    client.force_login(administrator())
    return client


def test_page_shows_charts_tables_queues_and_words(admin_page: Client) -> None:
    today = timezone.localdate()
    for ago, number in ((0, 3), (29, 4), (30, 1000), (89, 2000), (90, 9999)):
        DailyFigure.objects.create(day=today - timedelta(days=ago), name="articles", number=number)
    DailyFigure.objects.create(day=today, name="last_vote", number=123456)
    for ago, number in ((0, 6), (1, 8)):
        day = today - timedelta(days=ago)
        DailyFigure.objects.create(day=day, name="submissions_waiting", number=number)
    ZeroResultWord.objects.create(day=today, word="kolophon", number=3)
    ZeroResultWord.objects.create(day=today - timedelta(days=1), word="kolophon", number=4)
    factories.in_review()
    page = admin_page.get(URL).text
    assert "Articles published <b>7</b>" in page
    assert "Submissions waiting <b>6</b>" in page
    assert page.count('class="chart"') == 9
    assert re.search(r'<th scope="row">kolophon</th><td>7</td>', page)
    assert "<dt>Submissions</dt><dd>1" in page
    assert "123" not in page
    assert page.count('<tr><th scope="row">') == 30 + 1
    page = admin_page.get(f"{URL}?days=90").text
    assert "Articles published <b>3,007</b>" in page
    for wrong in ("x", "-1", "99999"):
        assert "Articles published <b>7</b>" in admin_page.get(URL, {"days": wrong}).text


@pytest.mark.parametrize("language", ["", "/ru", "/hy"])
def test_page_without_figures(admin_page: Client, language: str) -> None:
    response = admin_page.get(f"{language}{URL}")
    assert response.status_code == 200
    assert "kolophon" not in response.text


def test_page_is_for_users_with_the_permission(client: Client) -> None:
    user = moderator()
    client.force_login(user)
    assert client.get(URL).status_code == 403
    assert 'href="/admin/statistics/"' not in client.get("/admin/").text
    from django.contrib.auth.models import Permission

    user.user_permissions.add(Permission.objects.get(codename="view_statistics"))
    assert client.get(URL).status_code == 200
    assert "/admin/statistics/" in client.get("/admin/").text
    assert Client().get(URL).status_code == 302


def test_page_needs_the_same_queries_however_much_there_is(admin_page: Client) -> None:
    def count(days: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            admin_page.get(f"{URL}?days={days}")
        return len(queries)

    count(30)
    few = count(30)
    today = timezone.localdate()
    for ago in range(90):
        day = today - timedelta(days=ago)
        DailyFigure.objects.bulk_create(DailyFigure(day=day, name=name, number=1) for name in ("views", "votes"))
        ZeroResultWord.objects.create(day=day, word=f"w{ago}", number=3)
    factories.in_review()
    assert count(90) == few < 15


# --- Plans -------------------------------------------------------------------------------------


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


@pytest.mark.postgres
@pytest.mark.skipif(connection.vendor != "postgresql", reason="plans of PostgreSQL")
def test_record_and_page_read_few_of_many_rows(admin_page: Client) -> None:
    """Of 50,000 rows by day, 40,000 votes and 20 years of figures, from the third day on."""
    article, voter = factories.published(), factories.UserFactory.create()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(
            "INSERT INTO readership_dailystats "
            "(article_id, day, views, reads, by_author, by_staff, by_bots, over_rate) "
            "SELECT %s, current_date - 50002 + n, 1, 0, 0, 0, 0, 0 FROM generate_series(1, 50000) n",
            [article.pk],
        )
        cursor.execute("ALTER TABLE voting_vote DROP CONSTRAINT vote_once")
        cursor.execute(
            "INSERT INTO voting_vote (article_id, voter_id, value, created_at, updated_at) "
            "SELECT %s, %s, 1, now() - interval '3 days', now() FROM generate_series(1, 40000) n",
            [article.pk, voter.pk],
        )
        cursor.execute(
            "INSERT INTO core_dailyfigure (day, name, number) SELECT current_date - n / 10 - 100, 'x' || n % 10, n "
            "FROM generate_series(1, 73000) n"
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ANALYZE readership_dailystats, voting_vote, core_dailyfigure")
    for ago in (2, 1):
        with time_machine.travel(timezone.now() - timedelta(days=ago), tick=False):
            statistics.record()
    with CaptureQueriesContext(connection) as queries:
        statistics.record()
        admin_page.get(f"{URL}?days=90")
    tables = ("readership_dailystats", "voting_vote", "core_dailyfigure")
    read: dict[str, float] = {}
    for query in queries:
        sql = query["sql"]
        if not sql.startswith("SELECT") or not any(f'FROM "{table}"' in sql for table in tables):
            continue
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}")
            found = cursor.fetchone()[0]
        for node in nodes((json.loads(found) if isinstance(found, str) else found)[0]["Plan"]):
            if table := node.get("Relation Name"):
                removed = node.get("Rows Removed by Filter", 0)
                read[table] = max(read.get(table, 0), (node["Actual Rows"] + removed) * node["Actual Loops"])
    assert set(read) >= set(tables)
    assert {table: number for table, number in read.items() if number > 1000} == {}
