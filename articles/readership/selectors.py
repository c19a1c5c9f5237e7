"""Read the daily statistics: an article's last days, their sums, and reads for authors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from functools import cached_property

from django.db.models import Case, DateField, F, Sum, When

from articles.models import Article
from articles.readership.models import DailyStats

DAYS = 30


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What was counted in a period, and what was not and why. The fields are those of `DailyStats`."""

    views: int = 0
    reads: int = 0
    by_author: int = 0
    by_staff: int = 0
    by_bots: int = 0
    over_rate: int = 0

    @property
    def not_counted(self) -> int:
        return self.by_author + self.by_staff + self.by_bots + self.over_rate

    @property
    def seen(self) -> int:
        """All views, counted or not."""
        return self.views + self.not_counted

    @property
    def read_share(self) -> float | None:
        """Reads as a percentage of the views; None without views."""
        return 100 * self.reads / self.views if self.views else None


@dataclass(frozen=True, kw_only=True)
class DailyCounts(Counts):
    """The counts of one day."""

    day: date


@dataclass(frozen=True, kw_only=True)
class ArticleCounts:
    """An article's counts: each of the last days, oldest first, and the sum of everything before them."""

    days: Sequence[DailyCounts]
    earlier: Counts

    @cached_property
    def recent(self) -> Counts:
        """The sum of the days."""
        return _sum(self.days)

    @cached_property
    def total(self) -> Counts:
        """The sum of everything: `total.views` is the number that readers see."""
        return _sum([self.recent, self.earlier])


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
        .annotate(*(Sum(name) for name in _NAMES))
    )
    found = {day: dict(zip(_NAMES, sums, strict=True)) for day, *sums in rows}
    return ArticleCounts(
        days=[DailyCounts(day=day, **found.get(day, {})) for day in days], earlier=Counts(**found.get(None, {}))
    )


def reads_by_article(articles: Iterable[Article]) -> dict[int, int]:
    """Return the number of reads of each published article by its primary key, in one query."""
    published = [article.pk for article in articles if article.is_public]
    if not published:
        return {}
    rows = DailyStats.objects.filter(article__in=published).values_list("article").annotate(Sum("reads"))
    return dict.fromkeys(published, 0) | dict(rows)


_NAMES = tuple(field.name for field in fields(Counts))


def _sum(parts: Iterable[Counts]) -> Counts:
    parts = list(parts)
    return Counts(**{name: sum(getattr(part, name) for part in parts) for name in _NAMES})
