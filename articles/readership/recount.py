"""Whether the daily statistics are what their rows say, but for what still waits to be added, and every article's views
the sum of its days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from articles.models import Article
from articles.models.article import ArticleQuerySet
from articles.readership.models import DailyStats, Read, Tally, View, Visit
from articles.readership.rolling_up import COLUMNS
from articles.readership.visitors import today
from articles.selectors import article_pk_ranges
from core.recount import CounterMismatch

_BY_NAME: dict[str, type[Visit]] = {of.what: of for of in (View, Read)}


def recount(*, repair: bool) -> Iterator[CounterMismatch]:
    """Compare, a batch of articles at a time: the days whose rows are still there with them, then views with the days.

    Only today and yesterday are compared with their rows: the rows of older days are being dropped.

    Args:
        repair: also write what was counted, each article under its lock.
    """
    since = today() - timedelta(days=1)
    for first, last in article_pk_ranges():
        for article_id in _with_wrong_days(first, last, since):
            yield from _days_again(article_id, since, repair=repair)
        for article in _with_sums(Article.objects.filter(pk__range=(first, last))):
            if _difference(article):
                yield from _views_again(article.pk, repair=repair)


def _with_wrong_days(first: int, last: int, since: date) -> list[int]:
    stats = _with_counts(DailyStats.objects.filter(article_id__gte=first, article_id__lte=last, day__gte=since))
    wrong = {one.article_id for one in stats if any(_day_differences(one))}
    for of in (View, Read):
        rows = of._default_manager.filter(article_id__gte=first, article_id__lte=last, day__gte=since)
        wrong |= set(_without_stats(rows).values_list("article_id", flat=True))
    return sorted(wrong)


def _days_again(article_id: int, since: date, *, repair: bool) -> Iterator[CounterMismatch]:
    differences: list[CounterMismatch] = []
    with transaction.atomic():
        if not _locked(article_id):
            return
        days: set[date] = set()
        for of in (View, Read):
            rows = of._default_manager.filter(article_id=article_id, day__gte=since)
            days |= set(_without_stats(rows).values_list("day", flat=True))
        if repair:
            DailyStats.objects.bulk_create([DailyStats(article_id=article_id, day=day) for day in sorted(days)])
        else:
            differences += [
                CounterMismatch(what=f"article {article_id} on {day}, row", stored=0, counted=1) for day in sorted(days)
            ]
        for stats in _with_counts(DailyStats.objects.filter(article_id=article_id, day__gte=since)):
            differences += _day_differences(stats)
            if repair:
                counted = {column: getattr(stats, f"counted_{column}") for column in COLUMNS.values()}
                DailyStats.objects.filter(pk=stats.pk).update(**counted)
    yield from differences


def _views_again(pk: int, *, repair: bool) -> Iterator[CounterMismatch]:
    with transaction.atomic():
        if not _locked(pk):
            return
        article: Any = _with_sums(Article.objects.filter(pk=pk)).get()
        difference = _difference(article)
        if repair and difference:
            Article.objects.filter(pk=pk).update(views=article.counted_views)
    if difference:
        yield difference


def _locked(pk: int) -> bool:
    # A roll-up writes days and views in one transaction and takes this lock for the latter.
    return Article.objects.select_for_update(of=("self",), no_key=True).filter(pk=pk).exists()


def _with_counts(stats: QuerySet[DailyStats]) -> QuerySet[DailyStats]:
    # One statement, so that counters, rows and tallies are of the same moment.
    return stats.annotate(
        **{
            f"counted_{column}": Coalesce(_rows(_BY_NAME[what], kind), 0) - Coalesce(_waiting(what, kind), 0)
            for (what, kind), column in COLUMNS.items()
        }
    ).order_by("day")


def _rows(of: type[Visit], kind: str) -> Subquery:
    rows = of._default_manager.filter(article=OuterRef("article"), day=OuterRef("day")).order_by()
    return Subquery(rows.values("day").annotate(n=Count("pk", filter=Q(kind=kind))).values("n"))


def _waiting(what: str, kind: str) -> Subquery:
    tallies = Tally.objects.filter(article=OuterRef("article"), day=OuterRef("day"), what=what, kind=kind).order_by()
    return Subquery(tallies.values("day").annotate(n=Sum("number")).values("n"))


def _without_stats(rows: QuerySet[Any]) -> QuerySet[Any]:
    # Where something waits, the roll-up makes the day.
    this = {"article": OuterRef("article"), "day": OuterRef("day")}
    known = [~Exists(one.filter(**this)) for one in (DailyStats.objects.all(), Tally.objects.all())]
    return rows.filter(*known).order_by().distinct()


def _with_sums(articles: ArticleQuerySet) -> ArticleQuerySet:
    days = DailyStats.objects.filter(article=OuterRef("pk")).order_by().values("article")
    return articles.only("views").annotate(
        counted_views=Coalesce(Subquery(days.annotate(n=Sum("views")).values("n")), 0)
    )


def _day_differences(stats: Any) -> Iterator[CounterMismatch]:
    for column in COLUMNS.values():
        stored, counted = getattr(stats, column), getattr(stats, f"counted_{column}")
        if stored != counted:
            yield CounterMismatch(
                what=f"article {stats.article_id} on {stats.day}, {column}", stored=stored, counted=counted
            )


def _difference(article: Any) -> CounterMismatch | None:
    if article.views == article.counted_views:
        return None
    return CounterMismatch(what=f"article {article.pk} views", stored=article.views, counted=article.counted_views)
