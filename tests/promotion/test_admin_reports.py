"""The timeline, and income and results in the admin."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from articles.promotion.admin.finance import (
    format_share,
    income_by_month,
    outstanding,
    results_by_day,
    results_by_placement,
)
from articles.promotion.admin.timeline import DAYS, timeline_context
from articles.promotion.models import PromotionDay
from articles.promotion.services import decisions, refunds
from tests import factories
from tests.factories import SectionFactory
from tests.moderation.users import moderator as group_member
from tests.promotion import actions
from tests.promotion.actions import DAY
from tests.promotion.factories import running

TIMELINE = "/admin/promotion/promotion/timeline/"
RESULTS = "/admin/promotion/promotion/results/"
NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
MONEY = ("month", "currency", "received", "refunded", "payments")


@pytest.fixture
def moderator(client: Client, db: None) -> User:
    user = group_member(username="mod")
    client.force_login(user)
    return user


def groups(first_day: str = "2026-06-12") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = timeline_context(first_day, now=NOON)["groups"]
    return found


@pytest.mark.django_db
def test_timeline_groups_promotions_by_placement_and_section() -> None:
    first = running(starts_at=NOON - 3 * DAY, days=7)
    second = running(starts_at=NOON - DAY, days=7)
    culture = factories.published(section=SectionFactory.create(name="Culture"))
    running("section_top", article=culture, starts_at=NOON, days=5)
    front, section, beside = groups()
    assert [bar["promotion"] for bar in front["bars"]] == [first, second]
    assert (front["running"], front["placement"].capacity) == (2, 3)
    assert front["used"] == [1, 1, 2, 2, 2, 2, 2, 2, 1, 1, 0, 0, 0, 0]
    assert section["section"].name == "Culture"
    assert (len(section["bars"]), beside["bars"]) == (1, [])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("start", "days", "before", "length", "after"),
    [
        (NOON, 7, 3, 8, 3),  # from noon to noon: parts of eight days
        (NOON - 30 * DAY, 90, 0, 14, 0),
        (NOON - 10 * DAY, 7, 0, 1, 13),
        (NOON + 10 * DAY, 7, 13, 1, 0),
        (datetime(2026, 6, 14, 20, tzinfo=UTC), 1, 3, 1, 10),  # from midnight to midnight in Yerevan
    ],
)
def test_timeline_bar_covers_every_day_that_the_promotion_runs(
    start: datetime, days: int, before: int, length: int, after: int
) -> None:
    running(starts_at=start, days=days)
    (bar,) = groups()[0]["bars"]
    assert (bar["before"], bar["length"], bar["after"]) == (before, length, after)
    assert bar["before"] + bar["length"] + bar["after"] == DAYS


@pytest.mark.django_db
def test_timeline_leaves_out_what_does_not_run_in_these_days() -> None:
    running(starts_at=NOON + 4 * DAY, days=8, state="cancelled", closed_at=NOON - 2 * DAY)
    running(starts_at=NOON - 60 * DAY, days=8)
    running(starts_at=NOON + 11 * DAY)
    assert not groups()[0]["bars"]


@pytest.mark.django_db
def test_timeline_bar_of_revoked_promotion_ends_at_the_revocation() -> None:
    running(starts_at=NOON - 2 * DAY, days=8, state="revoked", closed_at=NOON)
    (bar,) = groups()[0]["bars"]
    assert (bar["before"], bar["length"], bar["phase"]) == (1, 3, "revoked")


def test_timeline_page_shows_kind_and_phase_with_links(client: Client, moderator: User) -> None:
    now = timezone.now()
    promotions = [
        running(starts_at=now - DAY, article=factories.published(title='Cats & "dogs" <b>')),
        running(starts_at=now + DAY, kind="free"),
        running(starts_at=now - 9 * DAY, kind="editorial"),
        running(starts_at=now - 2 * DAY, approved_revision_id=factories.published().live_id),
    ]
    html = client.get(TIMELINE).content.decode()
    table = html.partition('<table class="timeline">')[2].partition("</table>")[0]
    assert set(re.findall(r'class="(bar bar[^"]*)"', table)) == {
        "bar bar--paid bar--running",
        "bar bar--free bar--scheduled",
        "bar bar--editorial bar--ended",
        "bar bar--paid bar--paused",
    }
    for promotion in promotions:
        assert f'href="/admin/promotion/promotion/{promotion.pk}/change/"' in table
    assert "Cats &amp; &quot;dogs&quot; &lt;b&gt;" in table
    assert " style=" not in html.partition('id="content"')[2]


def test_timeline_table_has_headers_and_complete_rows(client: Client, moderator: User) -> None:
    running()
    running(starts_at=timezone.now() + 4 * DAY, days=2)
    html = client.get(TIMELINE).content.decode()
    table = html.partition('<table class="timeline">')[2].partition("</table>")[0]
    assert "<caption" in table
    assert table.count('scope="col"') == DAYS + 1
    assert table.count('scope="rowgroup"') == 3
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", table.partition("</thead>")[2], re.DOTALL)
    for row in rows:
        assert 'scope="row' in row
        cells = re.findall(r"<td([^>]*)>", row)
        spans = [int(span[1]) if (span := re.search(r'colspan="(\d+)"', cell)) else 1 for cell in cells]
        assert sum(spans) == DAYS


def test_timeline_marks_today_and_full_days(client: Client, moderator: User) -> None:
    actions.approved(plan=actions.plan(actions.place(capacity=1), days=2))
    html = client.get(TIMELINE).content.decode()
    assert html.count('aria-current="date"') == 1
    assert "1 of 1 places in use" in html
    assert html.count('<td class="full">1</td>') in {2, 3}
    other = client.get(TIMELINE, {"from": "2020-01-15"}).content.decode()
    assert 'aria-current="date"' not in other
    assert "of 1 places in use" not in other


@pytest.mark.parametrize(
    "first", ["2026-02-03", "", "x", "2026-13-45", "0001-01-01", "9999-12-31", "\u0662\u0660", "9" * 50]
)
def test_timeline_from_any_day(client: Client, moderator: User, first: str) -> None:
    answer = client.get(TIMELINE, {"from": first})
    assert answer.status_code == 200
    assert answer.context["days"][0] == (date(2026, 2, 3) if first == "2026-02-03" else timezone.localdate() - 3 * DAY)
    assert client.post(TIMELINE).status_code == 405


def test_timeline_in_another_language_has_valid_numbers(client: Client, moderator: User) -> None:
    actions.approved()
    html = client.get(f"/ru{TIMELINE}").content.decode()
    assert re.findall(r'colspan="(.*?)"', html)
    assert all(span.isascii() and span.isdecimal() for span in re.findall(r'colspan="(.*?)"', html))


def test_timeline_query_count(client: Client, moderator: User, django_assert_max_num_queries: Any) -> None:
    for n in range(15):
        running("beside", starts_at=timezone.now() + n % 8 * DAY)
    with django_assert_max_num_queries(8):
        html = client.get(TIMELINE).content.decode()
    assert html.count('<td class="bar bar--paid') == 15


@pytest.mark.django_db
def test_income_by_month_and_currency() -> None:
    moderator = actions.moderator()
    with time_machine.travel(datetime(2026, 4, 30, 21, tzinfo=UTC), tick=False):  # May in Yerevan.
        actions.paid(price=2500)
    with time_machine.travel(datetime(2026, 5, 20, tzinfo=UTC), tick=False):
        back = actions.paid(price=1250)
        actions.paid(price=300, currency="JPY")
        decisions.decline(promotion=back, moderator=moderator, reason="No.")
    with time_machine.travel(datetime(2026, 6, 2, tzinfo=UTC), tick=False):
        refunds.record_refund(promotion=back, moderator=moderator)
        actions.awaiting(price=999)
    rows = [tuple(row[name] for name in MONEY) for row in income_by_month(now=NOON)]
    assert rows == [
        (date(2026, 6, 1), "EUR", 0, 1250, 0),
        (date(2026, 5, 1), "EUR", 3750, 0, 2),
        (date(2026, 5, 1), "JPY", 300, 0, 1),
    ]
    assert income_by_month(now=NOON)[1]["left"] == 3750


@pytest.mark.django_db
def test_outstanding_amounts_are_not_income() -> None:
    decisions.decline(promotion=actions.paid(price=1250), moderator=actions.moderator(), reason="No.")
    actions.awaiting(price=2500)
    actions.awaiting(price=2500)
    (month,) = income_by_month(now=timezone.now())
    assert (month["received"], month["refunded"]) == (1250, 0)
    assert outstanding() == {"to_receive": ["50.00\u00a0EUR"], "to_refund": ["12.50\u00a0EUR"]}


@pytest.mark.django_db
def test_results_by_day_and_placement() -> None:
    one, other = running(), running("beside")
    today = timezone.localdate()
    for promotion, day, impressions in ((one, today, 100), (other, today, 50), (other, today - 40 * DAY, 9)):
        PromotionDay.objects.create(promotion=promotion, day=day, impressions=impressions, clicks=5, views=2)
    days = results_by_day(now=timezone.now())
    assert len(days) == 30
    assert (days[-1].day, days[-1].impressions, days[-1].clicks, days[-1].views) == (today, 150, 10, 4)
    assert sum(day.impressions for day in days) == 150
    front, section, beside = results_by_placement(now=timezone.now())
    assert (front["impressions"], front["running"], front["click_through"]) == (100, 1, "5.0\u00a0%")
    assert (section["impressions"], section["running"], section["click_through"]) == (0, 0, "–")
    assert beside["impressions"] == 50


def test_format_share_of_zero_is_a_dash() -> None:
    assert (format_share(0, 0), format_share(1, 3), format_share(2, 3)) == ("–", "33.3\u00a0%", "66.7\u00a0%")


def test_results_page_query_count(client: Client, moderator: User, django_assert_max_num_queries: Any) -> None:
    for n in range(10):
        promotion = actions.paid(price=100 + n)
        PromotionDay.objects.create(promotion=promotion, day=timezone.localdate() - n * DAY, impressions=1)
    with django_assert_max_num_queries(12):
        html = client.get(RESULTS).content.decode()
    assert "10.45\u00a0EUR" in html
    assert " style=" not in html.partition('id="content"')[2]
