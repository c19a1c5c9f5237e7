"""The figures of moderation by month. A month that is over is counted once, because decisions do not change."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from math import ceil

from django.db import transaction
from django.utils import timezone

from articles.moderation.models import Appeal, Decision, MonthlyFigures

MONTHS = 12
FIELDS = {verdict.value: verdict.value for verdict in Decision.Verdict} | {"return": "returned"}
WAITING = (Decision.Verdict.PUBLISH, Decision.Verdict.RETURN)
ROWS_READ = 2_000  # at a time
# A decision has its time before it is committed.
COMMIT_TIME = timedelta(hours=1)


def record() -> None:
    """Count the present month, and those of the last `MONTHS` that are not counted to their end; runs every hour."""
    found = MonthlyFigures.objects.filter(moderator=None).values_list("month", "counted_at")
    counted = dict(found)
    for month in last_months():
        if month not in counted or counted[month] < _start(next_month(month)) + COMMIT_TIME:
            _count(month)


def last_months() -> list[date]:
    """Return the first days of the last `MONTHS` months, oldest first."""
    today = timezone.localdate()
    number = 12 * today.year + today.month - 1
    return [date(month // 12, month % 12 + 1, 1) for month in range(number - MONTHS + 1, number + 1)]


def next_month(month: date) -> date:
    """Return the first day of the month after."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _count(month: date) -> None:
    """Count the decisions of a month; only these are read."""
    now, span = timezone.now(), (_start(month), _start(next_month(month)))
    figures: dict[int | None, MonthlyFigures] = {None: MonthlyFigures(month=month, counted_at=now)}
    waits: dict[int | None, list[int]] = defaultdict(list)

    def of(moderator: int) -> list[MonthlyFigures]:
        figures.setdefault(moderator, MonthlyFigures(month=month, moderator_id=moderator, counted_at=now))
        return [figures[None], figures[moderator]]

    appeals = Appeal.objects.filter(decided_at__gte=span[0], decided_at__lt=span[1]).exclude(outcome="")
    overturned = set()
    for against, outcome, revision in appeals.values_list("against", "outcome", "decision__revision"):
        is_granted = outcome == Appeal.Outcome.GRANTED
        for row in of(against):
            row.appeals += 1
            row.appeals_granted += is_granted
        if is_granted:
            overturned.add(revision)
    decisions = Decision.objects.filter(decided_at__gte=span[0], decided_at__lt=span[1]).order_by("decided_at", "pk")
    columns = ("moderator", "verdict", "decided_at", "revision", "revision__submitted_at")
    for moderator, verdict, decided, revision, submitted in decisions.values_list(*columns).iterator(ROWS_READ):
        for row in of(moderator):
            field = FIELDS[verdict]
            setattr(row, field, getattr(row, field) + 1)
        # What was published after an appeal had its decision before.
        is_first = verdict in WAITING and not (verdict == Decision.Verdict.PUBLISH and revision in overturned)
        if is_first and submitted:
            wait = max(0, round((decided - submitted).total_seconds()))
            waits[None].append(wait)
            waits[moderator].append(wait)
    for moderator, values in waits.items():
        values.sort()
        figures[moderator].median_wait, figures[moderator].long_wait = _share(values, 0.5), _share(values, 0.9)
    with transaction.atomic():
        MonthlyFigures.objects.filter(month=month).delete()
        # Another process can have counted at the same time.
        MonthlyFigures.objects.bulk_create(figures.values(), ignore_conflicts=True)


def _share(values: list[int], share: float) -> int:
    """Return the value that this share of the sorted values does not exceed."""
    return values[ceil(share * len(values)) - 1]


def _start(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
