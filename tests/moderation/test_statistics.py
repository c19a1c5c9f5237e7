"""The statistics of moderation by month and moderator."""

from __future__ import annotations

import csv
from datetime import date, datetime, timedelta
from io import StringIO
from typing import Any
from unittest import mock

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from articles.models import Revision
from articles.moderation.models import Decision, MonthlyFigures
from articles.moderation.services import decide, figures
from articles.moderation.services.appeals import appeal_decision, decide_appeal
from tests import factories
from tests.moderation.test_decide import latest
from tests.moderation.users import moderator

pytestmark = pytest.mark.django_db
URL = "/admin/statistics/moderation/"
CSV = "/admin/statistics/moderation.csv"
ZONE = timezone.get_default_timezone()
NOON = datetime(2031, 5, 15, 12, tzinfo=ZONE)


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def anna() -> User:
    return moderator(username="anna", display_name="Anna")


def decided(moderator: User, verdict: str, waited: timedelta, reason: str = "Because.") -> Decision:
    article = factories.in_review()
    Revision.objects.filter(article=article).update(submitted_at=timezone.now() - waited)
    return decide(revision=latest(article), moderator=moderator, verdict=verdict, reason=reason)


def figures_of(user: User | None, month: date = date(2031, 5, 1)) -> MonthlyFigures:
    return MonthlyFigures.objects.get(moderator=user, month=month)


def test_record_counts_decisions_and_waiting_times_of_each_moderator(anna: User) -> None:
    other = moderator()
    for hours in range(1, 11):
        decided(anna, "publish" if hours % 5 else "return", timedelta(hours=hours))
    decided(other, "publish", timedelta(hours=100))
    decide(revision=Revision.objects.filter(state="published")[0], moderator=other, verdict="hide", reason="x")
    figures.record()
    figures.record()
    of_anna, of_all = figures_of(anna), figures_of(None)
    assert (of_anna.decisions, of_anna.publish, of_anna.returned, of_anna.share_returned) == (10, 8, 2, 20)
    assert (of_anna.median_wait, of_anna.long_wait) == (5 * 3600, 9 * 3600)
    assert (of_all.decisions, of_all.publish, of_all.hide) == (12, 9, 1)
    assert (of_all.median_wait, of_all.long_wait) == (6 * 3600, 10 * 3600)
    assert MonthlyFigures.objects.filter(month=date(2031, 5, 1)).count() == 3


def test_record_counts_appeals_against_the_first_moderator(anna: User, clock: Any) -> None:
    other = moderator()
    for outcome in ("granted", "refused", "refused"):
        decision = decided(anna, "return", timedelta(hours=1))
        appeal = appeal_decision(decision=decision, user=decision.revision.article.author, text="Wrong.")
        clock.shift(timedelta(days=1))
        decide_appeal(appeal=appeal, moderator=other, outcome=outcome, answer="So it is.")
    figures.record()
    assert (figures_of(anna).appeals, figures_of(anna).appeals_granted, figures_of(anna).share_granted) == (3, 1, 33)
    # What is published after an appeal had waited for its first decision alone.
    assert (figures_of(None).publish, figures_of(None).long_wait) == (1, 3600)
    assert (figures_of(other).appeals, figures_of(other).median_wait) == (0, None)


def test_record_counts_each_month_to_its_end_once(anna: User, clock: Any) -> None:
    clock.move_to(datetime(2031, 4, 30, 12, tzinfo=ZONE))
    decided(anna, "publish", timedelta(hours=1))
    figures.record()
    clock.move_to(datetime(2031, 4, 30, 23, tzinfo=ZONE))
    decided(anna, "publish", timedelta(hours=1))
    clock.move_to(datetime(2031, 5, 1, 1, 10, tzinfo=ZONE))
    decided(anna, "publish", timedelta(hours=1))
    figures.record()
    assert (figures_of(None, date(2031, 4, 1)).publish, figures_of(None).publish) == (2, 1)
    with mock.patch.object(figures, "_count", wraps=figures._count) as count:
        figures.record()
    assert [call.args for call in count.call_args_list] == [(date(2031, 5, 1),)]


def test_every_verdict_has_a_column() -> None:
    assert {*figures.FIELDS} == set(Decision.Verdict.values)
    assert all(hasattr(MonthlyFigures(), field) for field in figures.FIELDS.values())


@pytest.mark.parametrize(
    ("day", "first"), [(date(2031, 12, 31), date(2031, 1, 1)), (date(2032, 1, 1), date(2031, 2, 1))]
)
def test_last_months_cross_the_year(day: date, first: date, clock: Any) -> None:
    clock.move_to(datetime(day.year, day.month, day.day, 12, tzinfo=ZONE))
    months = figures.last_months()
    assert (months[0], months[-1], len(months)) == (first, day.replace(day=1), 12)
    assert [figures.next_month(month) for month in months[:-1]] == months[1:]


def test_statistics_page_shows_charts_and_tables_with_constant_queries(anna: User, client: Client) -> None:
    client.force_login(anna)
    assert "No decisions in this month." in client.get(URL).text

    def queries() -> int:
        figures.record()
        client.get(URL)
        with CaptureQueriesContext(connection) as captured:
            client.get(URL)
        return len(captured)

    decided(anna, "return", timedelta(hours=5))
    few = queries()
    for name in ("<b>Levon</b>", "Ruzanna"):
        decided(moderator(display_name=name), "publish", timedelta(hours=9))
    assert queries() == few <= 6
    page = client.get(URL).text
    assert page.count('<svg class="chart"') == 6
    assert "<title>May 2031: 3</title>" in page
    assert "33 %" in page
    assert "&lt;b&gt;Levon" in page
    assert "<b>Levon" not in page


def test_statistics_page_of_one_moderator_and_month(anna: User, client: Client, clock: Any) -> None:
    decided(anna, "publish", timedelta(hours=5))
    clock.shift(timedelta(days=-30))
    decided(moderator(display_name="Levon"), "publish", timedelta(hours=9))
    clock.move_to(NOON)
    figures.record()
    client.force_login(anna)
    page = client.get(URL, {"moderator": str(anna.pk), "month": "2031-04"})
    assert [month.figures.decisions for month in page.context["months"]][:2] == [1, 0]
    assert [row.moderator.name for row in page.context["rows"]] == ["Levon"]
    for query in ("?moderator=x&month=x", "?moderator=99999&month=1999-01", "?moderator=" + "9" * 30):
        page = client.get(URL + query)
        assert (page.context["moderator"], page.context["month"]) == (None, date(2031, 5, 1))


def test_statistics_csv(anna: User, client: Client) -> None:
    decided(anna, "publish", timedelta(hours=5))
    figures.record()
    client.force_login(anna)
    rows = [row for row in csv.DictReader(StringIO(client.get(CSV).text)) if row["month"] == "2031-05"]
    assert [(row["moderator"], row["publish"], row["median_wait"]) for row in rows] == [
        ("", "1", "18000"),
        ("anna", "1", "18000"),
    ]


def test_statistics_of_moderation_need_a_permission(client: Client) -> None:
    user = factories.UserFactory.create(is_staff=True)
    client.force_login(user)
    assert (client.get(URL).status_code, client.get(CSV).status_code) == (403, 403)
    user.user_permissions.add(Permission.objects.get(codename="view_statistics"))
    assert (client.get(URL).status_code, client.get(CSV).status_code) == (200, 200)
