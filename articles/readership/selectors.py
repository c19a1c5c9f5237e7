"""Read the daily statistics: an article's last days, their sums, and reads for authors."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Case, DateField, F, Sum, When

from articles.models import Article
from articles.readership.models import DailyStats

DAYS = 30
METRICS = ("views", "reads", "by_author", "by_staff", "by_bots", "over_rate")


@dataclass(frozen=True, kw_only=True)
class ArticleCounts:
    """An article's counts: each of the last days, oldest first, and sums. `total.views` is what readers see."""

    days: Sequence[DailyStats]
    recent: DailyStats
    earlier: DailyStats
    total: DailyStats


def article_counts(article: Article, *, until: date) -> ArticleCounts:
    """Return the article's counts for the `DAYS` days that end with `until`, and the sum of all other days.

    One statement, so that the sums agree while views are being added.
    """
    days = [until - timedelta(days=before) for before in reversed(range(DAYS))]
    # Other dates (after a change of the clock or the time zone) are part of the earlier sum.
    recent = Case(When(day__range=(days[0], days[-1]), then=F("day")), default=None, output_field=DateField())
    rows = (
        DailyStats.objects.filter(article=article)
        .annotate(recent=recent)
        .values_list("recent")
        .annotate(*(Sum(name) for name in METRICS))
    )
    found = {day: DailyStats(day=day, **dict(zip(METRICS, sums, strict=True))) for day, *sums in rows}
    daily = [found.get(day) or DailyStats(day=day) for day in days]
    return ArticleCounts(
        days=daily, recent=_sum(daily), earlier=found.get(None) or DailyStats(), total=_sum(found.values())
    )


def reads_by_article(articles: Iterable[Article]) -> dict[int, int]:
    """Return the number of reads of each published article by its primary key, in one query."""
    published = [article.pk for article in articles if article.is_public]
    if not published:
        return {}
    rows = DailyStats.objects.filter(article__in=published).values_list("article").annotate(Sum("reads"))
    return dict.fromkeys(published, 0) | dict(rows)


def _sum(parts: Iterable[DailyStats]) -> DailyStats:
    parts = list(parts)
    return DailyStats(**{name: sum(getattr(part, name) for part in parts) for name in METRICS})
