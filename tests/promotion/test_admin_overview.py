"""The calendar and the sums: where each bar stands, and that the money is right to the cent."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from articles.promotion import lifecycle
from articles.promotion.admin.accounts import income_by_month, outstanding, results_by_day, results_by_place, share
from articles.promotion.admin.drawing import Image, Window, draw, when_full
from articles.promotion.models import Placement, Promotion, PromotionDay
from articles.promotion.schedule import start_of
from tests import factories
from tests.factories import SectionFactory
from tests.moderation.users import moderator as group_member
from tests.promotion import making
from tests.promotion.factories import running
from tests.promotion.making import DAY

CALENDAR = "/admin/promotion/promotion/calendar/"
RESULTS = "/admin/promotion/promotion/results/"
NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)


@pytest.fixture
def moderator(client: Client, db: None) -> User:
    user = group_member(username="mod")
    client.force_login(user)
    return user


def image(*, around: date = date(2026, 6, 15), now: datetime = NOON) -> Image:
    window = Window(start_of(around - timedelta(days=30)), start_of(around + timedelta(days=31)))
    found = list(Promotion.objects.for_list().order_by("pk"))
    return draw(promotions=found, placements=Placement.objects.all(), window=window, now=now)


def test_a_moment_stands_where_it_is_and_never_outside() -> None:
    window = Window(NOON, NOON + 10 * DAY)
    assert window.at(NOON + 5 * DAY) == "50.000%"
    assert (window.at(NOON - DAY), window.at(NOON + 11 * DAY)) == ("0.000%", "100.000%")
    assert window.across(NOON - 5 * DAY, NOON + 2 * DAY) == "20.000%"
    assert not window.shows(NOON - DAY, NOON)
    assert not window.shows(NOON + DAY, NOON + DAY)


@pytest.mark.parametrize(
    ("intervals", "capacity", "full"),
    [
        ([], 1, []),
        ([(0, 5)], 1, [(0, 5)]),
        ([(0, 5), (5, 9)], 2, []),
        ([(0, 5), (5, 9)], 1, [(0, 9)]),
        ([(0, 6), (4, 9), (8, 12)], 2, [(4, 6), (8, 9)]),
    ],
)
def test_the_times_without_room(intervals: list[tuple[int, int]], capacity: int, full: list[tuple[int, int]]) -> None:
    def moments(pairs: list[tuple[int, int]]) -> list[tuple[datetime, datetime]]:
        return [(NOON + start * DAY, NOON + end * DAY) for start, end in pairs]

    found = when_full(moments(intervals), capacity)
    # Where one ends as the next begins, the place stays full: two stretches that touch are the same to a reader.
    assert merged(found) == moments(full)


def merged(intervals: list[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    found: list[tuple[datetime, datetime]] = []
    for start, end in intervals:
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


@pytest.mark.django_db
def test_bars_side_by_side_have_lanes_of_their_own_and_sections_rows() -> None:
    first = running(starts_at=NOON - 3 * DAY, days=7)
    second = running(starts_at=NOON - DAY, days=7)
    later = running(starts_at=NOON + 4 * DAY, days=2)
    culture = factories.published(section=SectionFactory.create(name="Culture"))
    running("section_top", article=culture, starts_at=NOON, days=5)
    front, section, beside = image().rows
    assert section.name.endswith(": Culture")
    assert not beside.bars
    at = {bar.promotion.pk: bar.y for bar in front.bars}
    assert at[first.pk] == at[later.pk] < at[second.pk]
    assert front.taken == "2 of 3 now"
    assert front.bottom < section.y < section.bottom < beside.y


@pytest.mark.django_db
def test_colour_says_the_kind_and_the_phase() -> None:
    running(starts_at=NOON - DAY)
    running(starts_at=NOON + DAY, kind="free")
    running(starts_at=NOON - 20 * DAY, kind="editorial")
    running(starts_at=NOON - 2 * DAY, approved_revision_id=factories.published().live_id)
    looks = {bar.look for bar in image().rows[0].bars}
    assert looks == {
        "bar--paid bar--running",
        "bar--free bar--scheduled",
        "bar--editorial bar--ended",
        "bar--paid bar--paused",
    }


@pytest.mark.django_db
def test_what_was_revoked_ends_where_it_ended_and_what_never_stood_is_not_drawn() -> None:
    running(starts_at=NOON - 4 * DAY, days=8, state="revoked", closed_at=NOON - 2 * DAY)
    running(starts_at=NOON + 4 * DAY, days=8, state="cancelled", closed_at=NOON - 2 * DAY)
    running(starts_at=NOON - 60 * DAY, days=8)
    (bar,) = image().rows[0].bars
    assert bar.width == f"{100 * 2 / 61:.3f}%"
    assert "revoked" in bar.look


@pytest.mark.django_db
def test_today_is_marked_only_where_it_is_in_the_picture() -> None:
    assert image().today is not None
    far = image(around=date(2026, 1, 15))
    assert far.today is None
    assert far.rows[0].taken == ""
    assert len(far.ticks) in {8, 9}


def test_the_calendar_is_a_picture_with_links_and_a_table(client: Client, moderator: User) -> None:
    made = making.approved(article=factories.published(title='Cats & "dogs" <b>'))
    html = client.get(CALENDAR).content.decode()
    svg = re.search(r'<svg class="picture".*</svg>\s*<ul', html, re.DOTALL)
    assert svg is not None
    drawn = ElementTree.fromstring(svg[0].removesuffix("<ul").strip().replace("&#x27;", "'"))  # noqa: S314 - our own
    links = [one.attrib["href"] for one in drawn.iter("a")]
    assert links == [f"/admin/promotion/promotion/{made.pk}/change/"]
    assert 'Cats & "dogs" <b>' in "".join(drawn.itertext())
    table = html.partition("<details")[2]
    assert links[0] in table
    assert " style=" not in svg[0]


@pytest.mark.parametrize(
    "around", ["2026-02-03", "", "x", "2026-13-45", "0001-01-01", "9999-12-31", "\u0662\u0660", "9" * 50]
)
def test_the_calendar_goes_to_any_day_and_stumbles_over_none(client: Client, moderator: User, around: str) -> None:
    answer = client.get(CALENDAR, {"around": around})
    assert answer.status_code == 200
    assert client.post(CALENDAR).status_code == 405


def test_the_calendar_in_another_language_has_numbers_that_a_browser_reads(client: Client, moderator: User) -> None:
    making.approved()
    html = client.get(f"/ru{CALENDAR}").content.decode()
    image = html.partition('<svg class="picture"')[2].partition("</svg>\n<ul")[0]
    assert not re.search(r' (?:x|y|x1|x2|y1|y2|width|height)="[^"]*,', image)


def test_the_calendar_asks_the_database_a_few_times(
    client: Client, moderator: User, django_assert_max_num_queries: Any
) -> None:
    for n in range(15):
        running("beside", starts_at=timezone.now() + n * DAY)
    with django_assert_max_num_queries(8):
        html = client.get(CALENDAR).content.decode()
    assert html.count('class="bar bar--paid') >= 15


@pytest.mark.django_db
def test_income_is_what_moved_in_each_month_and_currency() -> None:
    moderator = making.moderator()
    with time_machine.travel(datetime(2026, 4, 30, 21, tzinfo=UTC), tick=False):  # May in Yerevan.
        making.paid(price=2500)
    with time_machine.travel(datetime(2026, 5, 20, tzinfo=UTC), tick=False):
        back = making.paid(price=1250)
        making.paid(price=300, currency="JPY")
        lifecycle.decline(promotion=back, moderator=moderator, reason="No.")
    with time_machine.travel(datetime(2026, 6, 2, tzinfo=UTC), tick=False):
        lifecycle.record_refund(promotion=back, moderator=moderator)
        making.awaiting(price=999)
    rows = [(one.month, one.currency, one.received, one.given_back, one.payments) for one in income_by_month(now=NOON)]
    assert rows == [
        (date(2026, 6, 1), "EUR", 0, 1250, 0),
        (date(2026, 5, 1), "EUR", 3750, 0, 2),
        (date(2026, 5, 1), "JPY", 300, 0, 1),
    ]
    assert income_by_month(now=NOON)[1].left_shown == "37.50\u00a0EUR"
    assert income_by_month(now=NOON)[2].received_shown == "300\u00a0JPY"


@pytest.mark.django_db
def test_what_is_due_is_no_income_but_shown() -> None:
    lifecycle.decline(promotion=making.paid(price=1250), moderator=making.moderator(), reason="No.")
    making.awaiting(price=2500)
    making.awaiting(price=2500)
    (month,) = income_by_month(now=timezone.now())
    assert (month.received, month.given_back) == (1250, 0)
    found = outstanding()
    assert (found.to_come, found.to_give_back) == (["50.00\u00a0EUR"], ["12.50\u00a0EUR"])


@pytest.mark.django_db
def test_results_are_summed_by_day_and_place() -> None:
    one, other = running(), running("beside")
    today = timezone.localdate()
    for promotion, day, impressions in ((one, today, 100), (other, today, 50), (other, today - 40 * DAY, 9)):
        PromotionDay.objects.create(promotion=promotion, day=day, impressions=impressions, clicks=5, views=2)
    days = results_by_day(now=timezone.now())
    assert len(days) == 30
    assert (days[-1].day, days[-1].impressions, days[-1].clicks, days[-1].views) == (today, 150, 10, 4)
    assert sum(day.impressions for day in days) == 150
    front, section, beside = results_by_place(now=timezone.now())
    assert (front.impressions, front.running, front.click_through) == (100, 1, "5.0\u00a0%")
    assert (section.impressions, section.running, section.click_through) == (0, 0, "–")
    assert beside.impressions == 50


def test_a_share_of_nothing_is_no_number() -> None:
    assert (share(0, 0), share(1, 3), share(2, 3)) == ("–", "33.3\u00a0%", "66.7\u00a0%")


def test_the_page_of_results_asks_the_database_a_few_times(
    client: Client, moderator: User, django_assert_max_num_queries: Any
) -> None:
    for n in range(10):
        promotion = making.paid(price=100 + n)
        PromotionDay.objects.create(promotion=promotion, day=timezone.localdate() - n * DAY, impressions=1)
    with django_assert_max_num_queries(12):
        html = client.get(RESULTS).content.decode()
    assert "10.45\u00a0EUR" in html
    assert " style=" not in html.partition('id="content"')[2]
