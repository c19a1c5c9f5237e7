"""Compare the daily statistics with their rows, and every article's views with the sum of its days."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, Count, F, OuterRef, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from articles.models import Article
from articles.readership.models import DailyStats, PageRead, PageView, PendingCount
from articles.readership.selectors import METRICS
from articles.readership.visitors import today
from articles.selectors import article_pk_ranges
from core.recount import CounterMismatch


def recount(*, repair: bool) -> Iterator[CounterMismatch]:
    """Compare a batch of articles at a time: recent days with their rows, then views with the sums of all days.

    Only today and yesterday are compared with their rows: the rows of older days are deleted.

    Args:
        repair: write what was counted, each article under its lock.
    """
    for pks in article_pk_ranges():
        suspects = {pk for pk, *_rest in _wrong_days(pks)} | {pk for pk, *_rest in _wrong_views(pks)}
        for pk in sorted(suspects):
            yield from _recount_article(pk, repair=repair)


def _recount_article(pk: int, *, repair: bool) -> Iterator[CounterMismatch]:
    with transaction.atomic():
        # The rollup writes days and views in one transaction and takes this lock first.
        if not Article.objects.select_for_update(of=("self",), no_key=True).filter(pk=pk).exists():
            return
        days = list(_wrong_days((pk, pk)))
        if repair:
            for _pk, day, metric, _stored, counted in days:
                DailyStats.objects.update_or_create(article_id=pk, day=day, defaults={metric: counted})
        views = list(_wrong_views((pk, pk)))
        if repair:
            for _pk, _stored, counted in views:
                Article.objects.filter(pk=pk).update(views=counted)
    for _pk, day, metric, stored, counted in days:
        yield CounterMismatch(what=f"article {pk} on {day}, {metric}", stored=stored, counted=counted)
    for _pk, stored, counted in views:
        yield CounterMismatch(what=f"article {pk} views", stored=stored, counted=counted)


def _wrong_days(pks: tuple[int, int]) -> Iterator[tuple[int, date, str, int, int]]:
    """Yield article, day, metric, stored and counted number where the last two differ."""
    since = today() - timedelta(days=1)
    recent: dict[str, Any] = {"article__gte": pks[0], "article__lte": pks[1], "day__gte": since}
    views, reads = (
        model._default_manager.filter(**recent, kind__in=list(model.metrics))
        .order_by()
        .annotate(metric=Case(*(When(kind=kind, then=Value(metric)) for kind, metric in model.metrics.items())))
        .values_list("article", "day", "metric")
        .annotate(number=Count("pk"))
        for model in (PageView, PageRead)
    )
    pending = PendingCount.objects.filter(**recent).order_by().values_list("article", "day", "metric")
    counted: Counter[tuple[int, date, str]] = Counter()
    # One statement, so that rows and pending counts are of the same moment.
    for pk, day, metric, number in views.union(reads, pending.annotate(number=-Sum("number")), all=True):
        counted[pk, day, metric] += number
    stored: Counter[tuple[int, date, str]] = Counter()
    for stats in DailyStats.objects.filter(**recent):
        for metric in METRICS:
            stored[stats.article_id, stats.day, metric] = getattr(stats, metric)
    for key in sorted(stored.keys() | counted.keys()):
        if stored[key] != counted[key]:
            yield *key, stored[key], counted[key]


def _wrong_views(pks: tuple[int, int]) -> Iterable[tuple[int, int, int]]:
    """Return the key, the stored and the counted views of articles where they differ."""
    days = DailyStats.objects.filter(article=OuterRef("pk")).order_by().values("article")
    counted = Coalesce(Subquery(days.annotate(sum=Sum("views")).values("sum")), 0)
    articles = Article.objects.filter(pk__range=pks).annotate(counted=counted).exclude(views=F("counted"))
    return articles.values_list("pk", "views", "counted")
