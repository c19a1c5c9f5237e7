"""Whether the days of promotions are what their rows say, as long as the rows are there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Count, Q

from articles.promotion.models import PromotionDay, PromotionEvent
from articles.readership.visitors import today
from core.recount import CounterMismatch

COLUMNS = {
    "impressions": PromotionEvent.What.IMPRESSION,
    "clicks": PromotionEvent.What.CLICK,
    "views": PromotionEvent.What.VIEW,
}
Day = tuple[int, date]


def recount(*, repair: bool) -> Iterator[CounterMismatch]:
    """Compare yesterday and today; the rows of older days are being dropped.

    Args:
        repair: also write what was counted, each day under its lock.
    """
    since = today() - timedelta(days=1)
    stored = PromotionDay.objects.filter(day__gte=since).values_list("promotion_id", "day")
    rolled_up = PromotionEvent.objects.filter(day__gte=since, rolled_up=True).values_list("promotion_id", "day")
    for promotion_id, day in sorted({*stored, *rolled_up.distinct()}):
        yield from _compared(promotion_id, day, repair=repair)


def _compared(promotion_id: int, day: date, *, repair: bool) -> list[CounterMismatch]:
    differences = []
    with transaction.atomic():
        if repair:
            PromotionDay.objects.bulk_create([PromotionDay(promotion_id=promotion_id, day=day)], ignore_conflicts=True)
        # Locked first, counted after: a roll-up writes the day and marks its rows in one transaction.
        stored = PromotionDay.objects.select_for_update(no_key=True).filter(promotion=promotion_id, day=day).first()
        counted = PromotionEvent.objects.filter(promotion=promotion_id, day=day, rolled_up=True).aggregate(
            **{column: Count("pk", filter=Q(what=what)) for column, what in COLUMNS.items()}
        )
        for column in COLUMNS:
            before = getattr(stored, column, 0)
            if before != counted[column]:
                what = f"promotion {promotion_id} on {day}, {column}"
                differences.append(CounterMismatch(what=what, stored=before, counted=counted[column]))
        if repair and stored and differences:
            PromotionDay.objects.filter(pk=stored.pk).update(**counted)
    return differences
