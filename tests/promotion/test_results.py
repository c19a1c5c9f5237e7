"""Results of a promotion: page and CSV."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from articles.models import Article
from articles.promotion.models import Promotion, PromotionDay
from articles.promotion.selectors import promotion_results
from articles.readership.models import DailyStats
from core.charts import chart
from tests import factories
from tests.promotion.factories import running

pytestmark = pytest.mark.django_db
# Noon in Yerevan, where the site of the tests is.
NOON = datetime(2026, 11, 22, 8, tzinfo=UTC)
FIRST = date(2026, 11, 22)


@pytest.fixture
def sponsor() -> User:
    return factories.UserFactory.create()


@pytest.fixture
def promotion(sponsor: User) -> Promotion:
    """Return a promotion of a week with results of its first two days."""
    article = factories.published()
    Article.objects.filter(pk=article.pk).update(published_at=NOON - timedelta(days=4))
    article.refresh_from_db()
    promotion = running(article=article, sponsor=sponsor, starts_at=NOON)
    PromotionDay.objects.create(promotion=promotion, day=FIRST, impressions=200, clicks=10, views=8)
    PromotionDay.objects.create(promotion=promotion, day=FIRST + timedelta(days=1), impressions=0, clicks=0, views=0)
    for days, views in [(-4, 10), (-1, 30), (0, 50), (1, 70)]:
        DailyStats.objects.create(article=article, day=FIRST + timedelta(days=days), views=views)
    return promotion


def test_results_by_day_with_article_views(promotion: Promotion) -> None:
    results = promotion_results(promotion, now=NOON + timedelta(days=1))
    assert [day.day for day in results.days] == [FIRST, FIRST + timedelta(days=1)]
    assert [day.click_through for day in results.days] == [5.0, None]
    assert (results.total.impressions, results.total.clicks, results.total.views) == (200, 10, 8)
    assert results.views_a_day == 60
    # As many days before as it has run so far: 21 and 20 November.
    assert results.views_a_day_before == 15
    assert results.share == pytest.approx(100 * 8 / 120)


@pytest.mark.parametrize(
    ("hours", "days"),
    [(-1, 0), (0, 1), (11, 1), (12, 2), (24 * 7, 8), (24 * 30, 8)],
)
def test_results_have_a_row_for_each_day(promotion: Promotion, hours: int, days: int) -> None:
    PromotionDay.objects.all().delete()
    assert len(promotion_results(promotion, now=NOON + timedelta(hours=hours)).days) == days


def test_results_of_revoked_promotion_end_at_revocation(promotion: Promotion) -> None:
    promotion.state, promotion.closed_at = Promotion.State.REVOKED, NOON + timedelta(hours=2)
    PromotionDay.objects.all().delete()
    assert [day.day for day in promotion_results(promotion, now=NOON + timedelta(days=5)).days] == [FIRST]


def test_results_of_new_article_have_no_comparison(sponsor: User) -> None:
    article = factories.published()
    assert article.published_at is not None
    promotion = running(article=article, starts_at=article.published_at)
    assert promotion_results(promotion, now=article.published_at + timedelta(hours=1)).views_a_day_before is None


def test_chart_of_results(promotion: Promotion) -> None:
    days = promotion_results(promotion, now=NOON + timedelta(days=1)).days
    drawn = chart(days, "Views", lambda day: day.article_views, lambda day: day.views)
    assert [(bar.height, bar.top) for bar in drawn.bars] == [(71, 29), (100, 0)]
    assert drawn.bars[0].part_height == 11
    assert drawn.total == 120
    assert chart([], "Views", lambda day: day.clicks).bars == []


def test_results_page(client: Client, promotion: Promotion, sponsor: User) -> None:
    client.force_login(sponsor)
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        page = client.get(f"/promotions/{promotion.pk}/results/")
    assert page.status_code == 200
    assert page["Cache-Control"] == "private, no-store"
    assert page.text.count("<svg viewBox=") == 3
    assert (
        '<th scope="row"><time datetime="2026-11-22">22 November</time></th><td>200</td><td>10</td><td>5.0 %</td>'
        in page.text
    )
    assert "6.7 % of the views in this period came from the promotion." in page.text


def test_results_csv(client: Client, promotion: Promotion, sponsor: User) -> None:
    client.force_login(sponsor)
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        answer = client.get(f"/promotions/{promotion.pk}/results.csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(answer.text.splitlines()))
    assert rows[0] == {
        "day": "2026-11-22",
        "impressions": "200",
        "clicks": "10",
        "click_through_percent": "5.00",
        "views_from_promotion": "8",
        "article_views": "50",
    }
    assert rows[1]["click_through_percent"] == ""


def test_results_page_before_start(client: Client, sponsor: User) -> None:
    promotion = running(sponsor=sponsor, state=Promotion.State.PAID, starts_at=NOON, approved_at=None)
    Promotion.objects.filter(pk=promotion.pk).update(starts_at=None, ends_at=None)
    client.force_login(sponsor)
    assert "has not been shown yet" in client.get(f"/promotions/{promotion.pk}/results/").text
    assert client.get(f"/promotions/{promotion.pk}/results.csv").status_code == 200


@pytest.mark.parametrize("suffix", ["/", ".csv"])
def test_results_are_404_for_others(client: Client, promotion: Promotion, suffix: str) -> None:
    address = f"/promotions/{promotion.pk}/results{suffix}"
    assert client.get(address)["Location"].startswith("/accounts/login/")
    for user in (
        promotion.article.author,
        factories.UserFactory.create(),
        factories.UserFactory.create(is_staff=True),
    ):
        client.force_login(user)
        assert client.get(address).status_code == 404
    moderator: Any = factories.UserFactory.create(is_staff=True)
    moderator.user_permissions.add(Permission.objects.get(codename="decide_promotion"))
    client.force_login(moderator)
    assert client.get(address).status_code == 200


def test_results_query_count_does_not_grow(
    client: Client, promotion: Promotion, sponsor: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(sponsor)
    client.get("/about/")
    with time_machine.travel(NOON + timedelta(days=7), tick=False):
        client.get("/about/")
        with django_assert_max_num_queries(6):
            assert client.get(f"/promotions/{promotion.pk}/results/").status_code == 200
