"""Compare the daily statistics with their rows, and every article's views with the sum of its days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from articles.models import Article
from articles.models.article import ArticleQuerySet
from articles.readership.models import ArticleHit, DailyStats, PageRead, PageView, PendingCount
from articles.readership.visitors import today
from articles.selectors import article_pk_ranges
from core.recount import CounterMismatch

MODELS: tuple[type[ArticleHit], ...] = (PageView, PageRead)
METRICS = [metric for model in MODELS for metric in model.metrics.values()]


def recount(*, repair: bool) -> Iterator[CounterMismatch]:
    """Compare a batch of articles at a time: recent days with their rows, then views with the sums of all days.

    Only today and yesterday are compared with their rows: the rows of older days are deleted.

    Args:
        repair: write what was counted, each article under its lock.
    """
    since = today() - timedelta(days=1)
    for first, last in article_pk_ranges():
        for article_id in _articles_with_wrong_days(first, last, since):
            yield from _recount_days(article_id, since, repair=repair)
        for article in _with_sums(Article.objects.filter(pk__range=(first, last))):
            if _views_mismatch(article):
                yield from _recount_views(article.pk, repair=repair)


def _articles_with_wrong_days(first: int, last: int, since: date) -> list[int]:
    stats = _with_counts(DailyStats.objects.filter(article_id__gte=first, article_id__lte=last, day__gte=since))
    wrong = {day.article_id for day in stats if any(_day_mismatches(day))}
    for model in MODELS:
        rows = model._default_manager.filter(article_id__gte=first, article_id__lte=last, day__gte=since)
        wrong |= set(_without_stats(rows, model).values_list("article_id", flat=True))
    return sorted(wrong)


def _recount_days(article_id: int, since: date, *, repair: bool) -> Iterator[CounterMismatch]:
    mismatches: list[CounterMismatch] = []
    with transaction.atomic():
        if not _lock(article_id):
            return
        days: set[date] = set()
        for model in MODELS:
            rows = model._default_manager.filter(article_id=article_id, day__gte=since)
            days |= set(_without_stats(rows, model).values_list("day", flat=True))
        if repair:
            DailyStats.objects.bulk_create([DailyStats(article_id=article_id, day=day) for day in sorted(days)])
        else:
            mismatches += [
                CounterMismatch(what=f"article {article_id} on {day}, row", stored=0, counted=1) for day in sorted(days)
            ]
        for stats in _with_counts(DailyStats.objects.filter(article_id=article_id, day__gte=since)):
            mismatches += _day_mismatches(stats)
            if repair:
                counted = {metric: getattr(stats, f"counted_{metric}") for metric in METRICS}
                DailyStats.objects.filter(pk=stats.pk).update(**counted)
    yield from mismatches


def _recount_views(pk: int, *, repair: bool) -> Iterator[CounterMismatch]:
    with transaction.atomic():
        if not _lock(pk):
            return
        article: Any = _with_sums(Article.objects.filter(pk=pk)).get()
        mismatch = _views_mismatch(article)
        if repair and mismatch:
            Article.objects.filter(pk=pk).update(views=article.counted_views)
    if mismatch:
        yield mismatch


def _lock(pk: int) -> bool:
    # The rollup writes days and views in one transaction and takes this lock first.
    return Article.objects.select_for_update(of=("self",), no_key=True).filter(pk=pk).exists()


def _with_counts(stats: QuerySet[DailyStats]) -> QuerySet[DailyStats]:
    # One statement, so that statistics, rows and pending counts are of the same moment.
    return stats.annotate(
        **{
            f"counted_{metric}": Coalesce(_rows(model, kind), 0) - Coalesce(_pending(metric), 0)
            for model in MODELS
            for kind, metric in model.metrics.items()
        }
    ).order_by("day")


def _rows(model: type[ArticleHit], kind: str) -> Subquery:
    rows = model._default_manager.filter(article=OuterRef("article"), day=OuterRef("day")).order_by()
    return Subquery(rows.values("day").annotate(n=Count("pk", filter=Q(kind=kind))).values("n"))


def _pending(metric: str) -> Subquery:
    pending = PendingCount.objects.filter(article=OuterRef("article"), day=OuterRef("day"), metric=metric).order_by()
    return Subquery(pending.values("day").annotate(n=Sum("number")).values("n"))


def _without_stats(rows: QuerySet[Any], model: type[ArticleHit]) -> QuerySet[Any]:
    # If counts are pending, the rollup creates the day.
    same_day = {"article": OuterRef("article"), "day": OuterRef("day")}
    known = [~Exists(one.filter(**same_day)) for one in (DailyStats.objects.all(), PendingCount.objects.all())]
    return rows.filter(*known, kind__in=list(model.metrics)).order_by().distinct()


def _with_sums(articles: ArticleQuerySet) -> ArticleQuerySet:
    days = DailyStats.objects.filter(article=OuterRef("pk")).order_by().values("article")
    return articles.only("views").annotate(
        counted_views=Coalesce(Subquery(days.annotate(n=Sum("views")).values("n")), 0)
    )


def _day_mismatches(stats: Any) -> Iterator[CounterMismatch]:
    for metric in METRICS:
        stored, counted = getattr(stats, metric), getattr(stats, f"counted_{metric}")
        if stored != counted:
            yield CounterMismatch(
                what=f"article {stats.article_id} on {stats.day}, {metric}", stored=stored, counted=counted
            )


def _views_mismatch(article: Any) -> CounterMismatch | None:
    if article.views == article.counted_views:
        return None
    return CounterMismatch(what=f"article {article.pk} views", stored=article.views, counted=article.counted_views)
