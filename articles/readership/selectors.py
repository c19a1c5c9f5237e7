"""What the daily statistics say: an article's last days, the sums that explain its number, and reads for authors."""

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
class Numbers:
    """What was counted in some time, and what was not and why. The names are those of `DailyStats`."""

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
        """Everybody and everything that opened the article, counted or not."""
        return self.views + self.not_counted

    @property
    def read_share(self) -> float | None:
        """Reads for a hundred views; None where there are no views."""
        return 100 * self.reads / self.views if self.views else None


@dataclass(frozen=True, kw_only=True)
class Day(Numbers):
    """The numbers of one day."""

    day: date


@dataclass(frozen=True, kw_only=True)
class Counts:
    """An article's numbers: the last days one by one, oldest first, and everything before them as one sum."""

    days: Sequence[Day]
    earlier: Numbers

    @cached_property
    def recent(self) -> Numbers:
        """The sums of the days."""
        return _sum(self.days)

    @cached_property
    def total(self) -> Numbers:
        """Everything: `total.views` is the number beside the eye."""
        return _sum([self.recent, self.earlier])


def counts_of(article: Article, *, until: date) -> Counts:
    """The article's numbers for the `DAYS` days that end with `until`, and of all other days together.

    One statement, so that the sums agree while views are being added.
    """
    days = [until - timedelta(days=before) for before in reversed(range(DAYS))]
    # What bears the date of another day (the clock may have been wrong, or the time zone another) is in the sum too.
    recent = Case(When(day__range=(days[0], days[-1]), then=F("day")), default=None, output_field=DateField())
    rows = (
        DailyStats.objects.filter(article=article)
        .annotate(recent=recent)
        .values_list("recent")
        .annotate(*(Sum(name) for name in _NAMES))
    )
    found = {day: dict(zip(_NAMES, sums, strict=True)) for day, *sums in rows}
    return Counts(days=[Day(day=day, **found.get(day, {})) for day in days], earlier=Numbers(**found.get(None, {})))


def reads_of(articles: Iterable[Article]) -> dict[int, int]:
    """How often each published article was read, by its number: one query for all of them, none for none."""
    published = [article.pk for article in articles if article.is_public]
    if not published:
        return {}
    rows = DailyStats.objects.filter(article__in=published).values_list("article").annotate(Sum("reads"))
    return dict.fromkeys(published, 0) | dict(rows)


_NAMES = tuple(field.name for field in fields(Numbers))


def _sum(parts: Iterable[Numbers]) -> Numbers:
    parts = list(parts)
    return Numbers(**{name: sum(getattr(part, name) for part in parts) for name in _NAMES})
