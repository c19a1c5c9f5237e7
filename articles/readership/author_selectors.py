"""Read what an author sees of their readers: sums of days, and the sites that readers came from."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from django.db.models import Q, Sum

from articles.readership.exits import MIN_VISITS, NO_REFERRER, QUARTERS, SAME_SITE
from articles.readership.models import DailyReferrer, DailyStats

# Sites shown by name.
MAX_NAMED = 20


class ReaderCounts(NamedTuple):
    """Sums of a day or of several; `quarters` is None where they were not counted yet."""

    views: int = 0
    reads: int = 0
    quarters: Sequence[int] | None = None

    @property
    def exits(self) -> int:
        """Readers of whom it is known where they stopped."""
        return sum(self.quarters or ())

    def plus(self, other: "ReaderCounts") -> "ReaderCounts":
        """Return the sum of both."""
        quarters = self.quarters or other.quarters
        if self.quarters is not None and other.quarters is not None:
            quarters = [one + another for one, another in zip(self.quarters, other.quarters, strict=True)]
        return ReaderCounts(self.views + other.views, self.reads + other.reads, quarters)


class Sites(NamedTuple):
    """Visits by site; `other` has no names."""

    named: Sequence[tuple[str, int]]
    same_site: int
    unknown: int
    other: int

    @property
    def total(self) -> int:
        return sum(visits for _, visits in self.named) + self.same_site + self.unknown + self.other


def counts_by_day(articles: Mapping[str, Any], *, since: date | None, until: date) -> dict[date, ReaderCounts]:
    """Return the sums of each day on which something was counted, in one query.

    Args:
        articles: which rows, as arguments for `filter`.
        since: the first day; None for all days.
    """
    days = DailyStats.objects.filter(**articles, **_between(since, until)).order_by().values_list("day")
    rows = days.annotate(Sum("views"), Sum("reads"), *(Sum(quarter) for quarter in QUARTERS))
    return {
        day: ReaderCounts(views, reads, None if set(quarters) == {None} else [number or 0 for number in quarters])
        for day, views, reads, *quarters in rows
    }


def sites(articles: Mapping[str, Any], *, since: date | None, until: date) -> Sites:
    """Return the sites that readers came from, in two queries; those with fewer visits than `MIN_VISITS` as others."""
    rows = DailyReferrer.objects.filter(**articles, **_between(since, until)).order_by()
    # The name of no site has fewer than two characters.
    hosts = rows.filter(site__contains=".").values_list("site").annotate(number=Sum("visits"))
    named = list(hosts.filter(number__gte=MIN_VISITS).order_by("-number", "site")[:MAX_NAMED])
    sums = rows.aggregate(
        total=Sum("visits", default=0),
        same_site=Sum("visits", filter=Q(site=SAME_SITE), default=0),
        unknown=Sum("visits", filter=Q(site=NO_REFERRER), default=0),
    )
    rest = sums["total"] - sums["same_site"] - sums["unknown"] - sum(number for _, number in named)
    return Sites(named, sums["same_site"], sums["unknown"], rest)


def _between(since: date | None, until: date) -> dict[str, date]:
    return {"day__lte": until} | ({"day__gte": since} if since else {})
