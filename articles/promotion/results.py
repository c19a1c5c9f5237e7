"""What came of a promotion, day by day, beside the article's own traffic. For sponsors' pages and the admin alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from django.db.models import Sum
from django.utils import timezone

from articles.promotion.models import Promotion, PromotionDay
from articles.readership.models import DailyStats
from articles.readership.visitors import today


@dataclass(frozen=True, kw_only=True)
class Day:
    """A promotion's day. Each number counts visitors once."""

    day: date
    impressions: int = 0
    clicks: int = 0
    # Views of the article whose readers came by the promotion.
    views: int = 0
    # All views of the article on this day.
    article_views: int = 0

    @property
    def click_through(self) -> float | None:
        """Clicks for a hundred impressions; None where there are none."""
        return 100 * self.clicks / self.impressions if self.impressions else None


@dataclass(frozen=True, kw_only=True)
class Results:
    """What came of a promotion so far."""

    promotion: Promotion
    days: Sequence[Day]
    # The article's views a day in the time before, as long as the promotion at most; None where it was not there yet.
    views_a_day_before: float | None

    @cached_property
    def total(self) -> Day:
        """The sums of all days."""
        return Day(
            day=self.days[-1].day if self.days else today(),
            impressions=sum(one.impressions for one in self.days),
            clicks=sum(one.clicks for one in self.days),
            views=sum(one.views for one in self.days),
            article_views=sum(one.article_views for one in self.days),
        )

    @property
    def views_a_day(self) -> float | None:
        """The article's views a day while it was promoted."""
        return self.total.article_views / len(self.days) if self.days else None

    @property
    def share(self) -> float | None:
        """How many of a hundred views of the article came from the promotion, in its days."""
        return 100 * self.total.views / self.total.article_views if self.total.article_views else None


def results_of(promotion: Promotion, *, now: datetime | None = None) -> Results:
    """The days that a promotion has run, with what came of it: three queries, however long it ran."""
    days = _days_of(promotion, now or timezone.now())
    if not days:
        return Results(promotion=promotion, days=[], views_a_day_before=None)
    counted = {one.day: one for one in PromotionDay.objects.filter(promotion=promotion)}
    # What was counted in the hour after the end belongs to the promotion too, past midnight as well.
    days = sorted({*days, *counted})
    stats = DailyStats.objects.filter(article=promotion.article_id)
    views = dict(stats.filter(day__gte=days[0], day__lte=days[-1]).values_list("day", "views"))
    nothing = PromotionDay()
    rows = []
    for day in days:
        one = counted.get(day, nothing)
        rows.append(
            Day(
                day=day,
                impressions=one.impressions,
                clicks=one.clicks,
                views=one.views,
                article_views=views.get(day, 0),
            )
        )
    return Results(promotion=promotion, days=rows, views_a_day_before=_before(promotion, days[0], len(days)))


def _days_of(promotion: Promotion, now: datetime) -> list[date]:
    start, end = promotion.starts_at, promotion.ran_until
    if start is None or end is None or now < start or end <= start:
        return []
    zone = timezone.get_default_timezone()
    first = timezone.localdate(start, zone)
    # The last moment is outside of it: what ends at midnight did not run on the new day.
    last = timezone.localdate(min(end - timedelta(microseconds=1), now), zone)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _before(promotion: Promotion, first: date, days: int) -> float | None:
    published_at = promotion.article.published_at
    if published_at is None:
        return None
    since = max(first - timedelta(days=days), timezone.localdate(published_at, timezone.get_default_timezone()))
    if since >= first:
        return None
    stats = DailyStats.objects.filter(article=promotion.article_id, day__gte=since, day__lt=first)
    return (stats.aggregate(views=Sum("views"))["views"] or 0) / (first - since).days
