"""When there is room. What counts is how many approved promotions stand in a place at one moment, at most."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from articles.models import Section
from articles.promotion.models import Placement, Plan, Promotion

# How far ahead a sponsor can ask.
HORIZON = timedelta(days=60)

Interval = tuple[datetime, datetime]


def start_of(day: date) -> datetime:
    """The first moment of a day where the site is."""
    return timezone.make_aware(datetime.combine(day, time.min))


def taken(
    *, placement: Placement, section: Section | None, since: datetime, without: Promotion | None = None
) -> list[Interval]:
    """The intervals that approved promotions have in a place from `since` on."""
    found = Promotion.objects.at(placement, section).filter(state=Promotion.State.APPROVED, ends_at__gt=since)
    if without is not None:
        found = found.exclude(pk=without.pk)
    return [(start, end) for start, end in found.values_list("starts_at", "ends_at") if start and end]


def most_at_once(intervals: Iterable[Interval], start: datetime, end: datetime) -> int:
    """How many of the half-open intervals share one moment of [start, end), at most."""
    steps: list[tuple[datetime, int]] = []
    for begins, ends in intervals:
        if begins < end and ends > start:
            steps += [(max(begins, start), 1), (min(ends, end), -1)]
    running = most = 0
    for _moment, step in sorted(steps):  # At one moment, ends (-1) come before beginnings (+1).
        running += step
        most = max(most, running)
    return most


def has_room(intervals: list[Interval], capacity: int, start: datetime, end: datetime) -> bool:
    """Whether one more fits for the whole of [start, end)."""
    return most_at_once(intervals, start, end) < capacity


def first_free_in(intervals: list[Interval], capacity: int, days: int, not_before: datetime) -> datetime | None:
    """The first start within the horizon with room for so many days; None where there is none.

    Room appears only where something ends, so those moments and `not_before` are all there is to try.
    """
    length = timedelta(days=days)
    tries = [not_before, *sorted(end for _start, end in intervals if end > not_before)]
    for start in tries:
        if start > not_before + HORIZON:
            break
        if has_room(intervals, capacity, start, start + length):
            return start
    return None


def first_free(
    *,
    placement: Placement,
    section: Section | None,
    days: int,
    not_before: datetime,
    without: Promotion | None = None,
) -> datetime | None:
    """Like `first_free_in`, asking the database."""
    intervals = taken(placement=placement, section=section, since=not_before, without=without)
    return first_free_in(intervals, placement.capacity, days, not_before)


def next_free_starts(plans: Iterable[Plan], *, section: Section, now: datetime) -> dict[int, datetime | None]:
    """Plan id → when an article of this section could start at the earliest. One query, however many plans."""
    plans = list(plans)
    rows = Promotion.objects.filter(
        placement__in={plan.placement_id for plan in plans}, state=Promotion.State.APPROVED, ends_at__gt=now
    ).values_list("placement_id", "section_id", "starts_at", "ends_at")
    by_place: dict[tuple[int, int | None], list[Interval]] = {}
    for placement_id, section_id, start, end in rows:
        assert start is not None
        assert end is not None
        by_place.setdefault((placement_id, section_id), []).append((start, end))
    found = {}
    for plan in plans:
        if plan.placement.is_per_section:
            intervals = by_place.get((plan.placement_id, section.pk), [])
        else:
            intervals = [one for (place, _s), some in by_place.items() if place == plan.placement_id for one in some]
        found[plan.pk] = first_free_in(intervals, plan.placement.capacity, plan.days, now)
    return found
