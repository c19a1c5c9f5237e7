"""Impressions, clicks and visits of promotions, recorded and added up by the code of readership.

Who is a visitor, and which hits count, is decided as for views of articles (docs/readership.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Count, Sum
from django.tasks import task
from django.utils import timezone

from articles.models import Article
from articles.promotion.models import PendingPromotionCount, Promotion, PromotionDay, PromotionEvent
from articles.readership.salts import daily_salt
from articles.readership.tracking import delete_old_hits, record_hits, retry_on_conflict, rollup, schedule_rollup
from articles.readership.visitors import Hit, Visitor, classify_hit, today
from core.recount import CounterMismatch

# A page that was opened while the promotion ran can still report for that time after the end.
REPORT_TIMEOUT = timedelta(hours=1)

Metric = PromotionEvent.Metric
COLUMNS = {Metric.IMPRESSION: "impressions", Metric.CLICK: "clicks", Metric.VIEW: "views"}


@retry_on_conflict
def record(*, impressions: set[int], clicks: set[int], visits: set[int], visitor: Visitor) -> int:
    """Record what is new of promotions with these ids, and return how many rows were written and committed.

    There is at most one row per visitor, promotion, day and metric. Not counted are the author, the sponsor, staff,
    declared bots, and more than `VIEWS_PER_ADDRESS` visitors from one address. A click counts as an impression too. A
    visit, of a reader who followed the card to the article, counts only after a click of the same visitor on that day.
    """
    hits = _hits(impressions | clicks | visits, visitor)
    if not hits:
        return 0
    written = _record(hits, impressions | clicks, Metric.IMPRESSION)
    written += _record(hits, clicks, Metric.CLICK)
    if visits:
        visitors = {hit.visitor for hit in hits.values()}
        clicked = PromotionEvent.objects.filter(
            promotion__in=visits, day=today(), metric=Metric.CLICK, visitor__in=visitors
        )
        written += _record(hits, set(clicked.values_list("promotion_id", flat=True)), Metric.VIEW)
    if written:
        schedule_rollup(rollup_promotions, key="promotion")
    return written


def _hits(promotion_ids: set[int], visitor: Visitor) -> dict[int, Hit]:
    """Return promotion id → the hit, for promotions that run, or did until a moment ago, and count this visitor."""
    now, day = timezone.now(), today()
    promotions = Promotion.objects.filter(
        pk__in=promotion_ids,
        state__in=[Promotion.State.APPROVED, Promotion.State.ENDED],
        starts_at__lte=now,
        ends_at__gt=now - REPORT_TIMEOUT,
        article__state=Article.State.PUBLISHED,
    )
    hits = {}
    for promotion in promotions.select_related("article").only("sponsor", "article__author", "article__coauthors"):
        pk, sponsor_id = promotion.pk, promotion.sponsor_id
        author_ids = promotion.article.author_pks
        hit = classify_hit(visitor, target_id=pk, author_ids=author_ids, day=day, salt=daily_salt(day))
        if hit.kind == PromotionEvent.Kind.COUNTED and visitor.account_id != sponsor_id:
            hits[pk] = hit
    return hits


def _record(hits: Mapping[int, Hit], promotion_ids: set[int], metric: Metric) -> int:
    new = [hit for pk, hit in hits.items() if pk in promotion_ids]
    if not new:
        return 0
    metrics: dict[str, str] = {PromotionEvent.Kind.COUNTED: COLUMNS[metric]}
    return record_hits(new, model=PromotionEvent, pending_model=PendingPromotionCount, metrics=metrics, metric=metric)


# Both can run twice, or at the same time as another, and return the number of events.
add_pending_counts = partial(rollup, pending_model=PendingPromotionCount, stats_model=PromotionDay, target="promotion")
# The sums of past days stay.
delete_old_events = partial(delete_old_hits, model=PromotionEvent)


@task
def rollup_promotions() -> None:
    """Add the pending counts to the days' sums."""
    add_pending_counts()


def recount(*, repair: bool) -> Iterator[CounterMismatch]:
    """Compare the sums of yesterday and today with their rows; the rows of older days are deleted.

    Args:
        repair: also write what was counted, each day under its lock.
    """
    since = today() - timedelta(days=1)
    stored = PromotionDay.objects.filter(day__gte=since).values_list("promotion_id", "day")
    events = PromotionEvent.objects.filter(day__gte=since).values_list("promotion_id", "day").distinct()
    for promotion_id, day in sorted({*stored, *events}):
        yield from _compare(promotion_id, day, repair=repair)


def _compare(promotion_id: int, day: date, *, repair: bool) -> list[CounterMismatch]:
    of_day: dict[str, Any] = {"promotion": promotion_id, "day": day}
    mismatches = []
    with transaction.atomic():
        if repair:
            PromotionDay.objects.bulk_create([PromotionDay(promotion_id=promotion_id, day=day)], ignore_conflicts=True)
        # Lock first, then count: a rollup changes the day and its pending counts in one transaction.
        stored = PromotionDay.objects.select_for_update(no_key=True).filter(**of_day).first()
        # One statement, so that events and pending counts are of the same moment.
        events = PromotionEvent.objects.filter(**of_day, kind=PromotionEvent.Kind.COUNTED).order_by()
        pending = PendingPromotionCount.objects.filter(**of_day).order_by()
        numbers = dict(
            events.values_list("metric")
            .annotate(n=Count("pk"))
            .union(pending.values_list("metric").annotate(n=Sum("number")), all=True)
        )
        values = {column: numbers.get(metric, 0) - numbers.get(column, 0) for metric, column in COLUMNS.items()}
        for column, number in values.items():
            before = getattr(stored, column, 0)
            if before != number:
                name = f"promotion {promotion_id} on {day}, {column}"
                mismatches.append(CounterMismatch(what=name, stored=before, counted=number))
        if repair and stored and mismatches:
            PromotionDay.objects.filter(pk=stored.pk).update(**values)
    return mismatches
