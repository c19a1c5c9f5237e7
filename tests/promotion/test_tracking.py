"""The beacon of promoted cards, events, rollup and recount."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.conf import LazySettings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from articles.promotion.models import PendingPromotionCount, Promotion, PromotionDay, PromotionEvent
from articles.promotion.services import tracking
from articles.services import publishing
from tests import factories
from tests.parallel import at_once
from tests.promotion.factories import FIREFOX, running

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def report(
    client: Client, *, address: str = "192.0.2.1", agent: str = FIREFOX, site: str = "same-origin", **event: object
) -> Any:
    """Send what the page's script sends: `report(client, impressions="1,2", clicks=2)`."""
    return client.post(
        reverse("promotion_beacon"),
        {name: str(numbers) for name, numbers in event.items()},
        headers={"Sec-Fetch-Site": site, "User-Agent": agent},
        REMOTE_ADDR=address,
    )


def numbers(promotion: Promotion) -> tuple[int, int, int]:
    """Return the impressions, clicks and views of all days, after a rollup."""
    tracking.add_pending_counts()
    days = list(PromotionDay.objects.filter(promotion=promotion))
    return sum(one.impressions for one in days), sum(one.clicks for one in days), sum(one.views for one in days)


@pytest.fixture
def promotion() -> Promotion:
    return running()


# --- The request ---


def test_beacon_reports_whole_page(client: Client, promotion: Promotion) -> None:
    other = running("beside")
    answer = report(client, impressions=f"{promotion.pk},{other.pk}", clicks=other.pk)
    assert answer.status_code == 204
    assert answer["Cache-Control"] == "no-store"
    assert not answer.cookies
    assert numbers(promotion) == (1, 0, 0)
    assert numbers(other) == (1, 1, 0)


def test_beacon_query_count(
    client: Client, promotion: Promotion, django_assert_max_num_queries: DjangoAssertNumQueries, settings: LazySettings
) -> None:
    settings.TASKS = {"default": {"BACKEND": "django.tasks.backends.dummy.DummyBackend"}}
    pks = [promotion.pk, *(running("beside").pk for _ in range(4))]
    report(client, impressions=pks[0], address="192.0.2.9")  # creates the salt of the day
    with django_assert_max_num_queries(7):  # two of them for the savepoint
        assert report(client, impressions=",".join(map(str, pks))).status_code == 204
    assert PromotionEvent.objects.count() == 6


@pytest.mark.parametrize(
    "seen", ["x", "1,", ",1", "-1", "1;2", "1 2", "9" * 19, ",".join(["1"] * 21), "٣", "1.5", "\x00", "1e3"]
)
def test_beacon_with_invalid_list_is_400(client: Client, seen: str) -> None:
    assert report(client, impressions=seen).status_code == 400


@pytest.mark.parametrize("seen", ["", "0", "999999999999999999", "1,1,1"])
def test_beacon_with_unknown_promotion_counts_nothing(client: Client, seen: str) -> None:
    assert report(client, impressions=seen).status_code == 204
    assert not PromotionEvent.objects.exists()


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_beacon_from_other_site_is_403(client: Client, promotion: Promotion, site: str) -> None:
    assert report(client, impressions=promotion.pk, site=site).status_code == 403
    assert not PromotionEvent.objects.exists()


@pytest.mark.parametrize("body", [b"\xff\xfe", b"impressions=%ff", b"[1,2]", b""])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/json", "text/plain", "multipart/x"])
def test_beacon_with_any_body_is_not_a_500(client: Client, body: bytes, kind: str) -> None:
    answer = client.post("/beacon/promotions/", body, content_type=kind, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code in {204, 400}


def test_beacon_get_is_405(client: Client) -> None:
    assert client.get("/beacon/promotions/").status_code == 405


# --- Once a day ---


def test_visitor_counts_once_a_day(client: Client, promotion: Promotion) -> None:
    for _ in range(5):
        report(client, impressions=promotion.pk, clicks=promotion.pk)
    assert numbers(promotion) == (1, 1, 0)
    report(client, impressions=promotion.pk, address="192.0.2.2")
    assert numbers(promotion) == (2, 1, 0)


def test_visitor_counts_again_next_day(client: Client) -> None:
    article = factories.published()
    promotion = running(article=article, starts_at=NOON)
    for hours in (1, 2, 25):
        with time_machine.travel(NOON + timedelta(hours=hours), tick=False):
            report(client, impressions=promotion.pk)
    assert list(PromotionDay.objects.order_by("day").values_list("impressions", flat=True)) == [1, 1]


def test_click_counts_as_impression(client: Client, promotion: Promotion) -> None:
    report(client, clicks=promotion.pk)
    assert numbers(promotion) == (1, 1, 0)


def test_visit_counts_only_after_click(client: Client, promotion: Promotion) -> None:
    report(client, visits=promotion.pk)
    assert numbers(promotion) == (0, 0, 0)
    report(client, clicks=promotion.pk, address="192.0.2.2")
    report(client, visits=promotion.pk)
    assert numbers(promotion) == (1, 1, 0)
    report(client, clicks=promotion.pk)
    report(client, visits=promotion.pk)
    report(client, visits=promotion.pk)
    assert numbers(promotion) == (2, 2, 1)


# --- Visitors that do not count ---


@pytest.mark.parametrize(
    "who",
    [
        lambda promotion: promotion.article.author,
        lambda promotion: promotion.sponsor,
        lambda _: factories.UserFactory.create(is_staff=True),
    ],
    ids=["author", "sponsor", "staff"],
)
def test_author_sponsor_and_staff_do_not_count(
    client: Client, promotion: Promotion, who: Callable[[Promotion], User]
) -> None:
    client.force_login(who(promotion))
    report(client, impressions=promotion.pk, clicks=promotion.pk, visits=promotion.pk)
    assert not PromotionEvent.objects.exists()


def test_signed_in_reader_counts_once_on_any_address(client: Client, promotion: Promotion) -> None:
    client.force_login(factories.UserFactory.create())
    report(client, clicks=promotion.pk)
    report(client, impressions=promotion.pk, visits=promotion.pk, address="192.0.2.2")
    assert numbers(promotion) == (1, 1, 1)


@pytest.mark.parametrize("agent", ["", "curl/8", "Googlebot/2.1"])
def test_declared_bots_do_not_count(client: Client, promotion: Promotion, agent: str) -> None:
    report(client, impressions=promotion.pk, agent=agent)
    assert not PromotionEvent.objects.exists()


def test_limit_of_visitors_per_address(client: Client, promotion: Promotion, settings: LazySettings) -> None:
    settings.VIEWS_PER_ADDRESS = 3
    for n in range(6):
        report(client, clicks=promotion.pk, agent=f"{FIREFOX}.{n}")
    assert numbers(promotion) == (3, 3, 0)


@pytest.mark.parametrize(
    ("moment", "counted"),
    [
        (timedelta(seconds=-1), 0),
        (timedelta(0), 1),
        (timedelta(days=7, minutes=59), 1),  # the page was opened before the end
        (timedelta(days=7, minutes=61), 0),
    ],
)
def test_counts_while_running_and_an_hour_after(client: Client, moment: timedelta, counted: int) -> None:
    promotion = running(starts_at=NOON)
    with time_machine.travel(NOON + moment, tick=False):
        report(client, impressions=promotion.pk)
    assert PromotionEvent.objects.count() == counted


@pytest.mark.parametrize("state", ["requested", "awaiting_payment", "paid", "declined", "cancelled", "revoked"])
def test_promotion_that_is_not_shown_does_not_count(client: Client, state: str) -> None:
    report(client, impressions=running(state=state).pk)
    assert not PromotionEvent.objects.exists()


def test_hidden_article_does_not_count(client: Client, promotion: Promotion) -> None:
    publishing.hide(article=promotion.article)
    report(client, impressions=promotion.pk)
    assert not PromotionEvent.objects.exists()


# --- Rollup and recount ---


def record_impressions(promotion: Promotion, number: int) -> None:
    """Store impressions of so many visitors that the rollup has not added yet."""
    day = timezone.localdate()
    PromotionEvent.objects.bulk_create(
        PromotionEvent(promotion=promotion, day=day, metric="impression", visitor=UUID(int=n), source=UUID(int=0))
        for n in range(number)
    )
    PendingPromotionCount.objects.bulk_create(
        PendingPromotionCount(promotion=promotion, day=day, metric="impressions", number=1) for _ in range(number)
    )


def test_rollup_adds_each_count_once(promotion: Promotion) -> None:
    record_impressions(promotion, 25)
    assert tracking.add_pending_counts(batch=10) == 25
    assert tracking.add_pending_counts() == 0
    assert numbers(promotion) == (25, 0, 0)


def test_old_events_are_deleted_and_sums_stay(client: Client) -> None:
    promotion = running(starts_at=NOON)
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        report(client, impressions=promotion.pk)
    with time_machine.travel(NOON + timedelta(days=4), tick=False):
        assert tracking.delete_old_events() == 1
    assert not PromotionEvent.objects.exists()
    assert numbers(promotion) == (1, 0, 0)


def test_recount_finds_and_repairs_mismatches(
    client: Client, promotion: Promotion, capsys: pytest.CaptureFixture[str]
) -> None:
    report(client, clicks=promotion.pk)
    call_command("recount", "--check")
    PromotionDay.objects.update(impressions=7)
    with pytest.raises(CommandError):
        call_command("recount", "--check")
    assert "impressions: 7 stored, 1 counted" in capsys.readouterr().out
    PromotionDay.objects.all().delete()
    call_command("recount")
    call_command("recount", "--check")
    assert numbers(promotion) == (1, 1, 0)


@pytest.mark.postgres
@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs real parallel connections")
@pytest.mark.django_db(transaction=True)
def test_parallel_beacons_of_one_reader_count_once(settings: LazySettings) -> None:
    settings.TASKS = {"default": {"BACKEND": "django.tasks.backends.dummy.DummyBackend"}}
    promotion = running()

    def click() -> None:
        assert report(Client(), clicks=promotion.pk).status_code == 204

    assert at_once([click] * 12) == [None] * 12
    assert at_once([lambda: tracking.add_pending_counts(batch=1)] * 4) == [None] * 4
    assert numbers(promotion) == (1, 1, 0)


@pytest.mark.postgres
@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs real parallel connections")
@pytest.mark.django_db(transaction=True)
def test_parallel_rollups_lose_and_double_nothing() -> None:
    promotions = [running() for _ in range(3)]
    for promotion in promotions:
        record_impressions(promotion, 200)
    assert at_once([lambda: tracking.add_pending_counts(batch=7)] * 6) == [None] * 6
    tracking.add_pending_counts()
    assert [numbers(promotion) for promotion in promotions] == [(200, 0, 0)] * 3
