"""Capacity of placements: how many approved promotions run at the same moment, and when the next one can start."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from articles.models import Section
from articles.promotion.models import Plan, Promotion
from core.exceptions import ActionNotAllowed

# How far ahead sponsors can ask for a start, and moderators set one.
MAX_REQUEST_LEAD = timedelta(days=60)
MAX_LEAD = timedelta(days=365)

Interval = tuple[datetime, datetime]


def day_start(day: date) -> datetime:
    """Return the first moment of a day in the current time zone."""
    return timezone.make_aware(datetime.combine(day, time.min))


def wanted_start(promotion: Promotion) -> datetime | None:
    """Return the start that the sponsor asked for; None for as soon as possible, or if that day has begun."""
    if promotion.wanted_start is None:
        return None
    start = day_start(promotion.wanted_start)
    return start if start > timezone.now() else None


def max_concurrent(intervals: Iterable[Interval], start: datetime, end: datetime) -> int:
    """Return how many of the half-open intervals share one moment of [start, end), at most."""
    steps: list[tuple[datetime, int]] = []
    for begins, ends in intervals:
        if begins < end and ends > start:
            steps += [(max(begins, start), 1), (min(ends, end), -1)]
    current = maximum = 0
    for _moment, step in sorted(steps):  # At the same moment, ends (-1) come before starts (+1).
        current += step
        maximum = max(maximum, current)
    return maximum


def first_free_start(promotion: Promotion, *, section: Section | None, not_before: datetime) -> datetime | None:
    """Return the first start with capacity for the whole promotion, or None if there is none in the next 60 days.

    Args:
        section: where it will run; ignored where capacity is not per section.
    """
    intervals = _occupied([promotion.placement_id], section, since=not_before, others_than=promotion)
    return _first_free(intervals[promotion.placement_id], promotion.placement.capacity, promotion.days, not_before)


def next_free_starts(plans: Iterable[Plan], *, section: Section, now: datetime) -> dict[int, datetime | None]:
    """Return plan id → when an article of this section can start, with one query for all plans."""
    plans = list(plans)
    intervals = _occupied([plan.placement_id for plan in plans], section, since=now)
    return {
        plan.pk: _first_free(intervals[plan.placement_id], plan.placement.capacity, plan.days, now) for plan in plans
    }


def find_start(promotion: Promotion, *, wanted: datetime | None) -> datetime:
    """Return a start with capacity for the whole promotion: the wanted one, or else the first.

    Raises:
        ActionNotAllowed: the wanted time is past or too far ahead, or the placement is full.
    """
    now = timezone.now()
    # The minute that a form holds may have begun already.
    if wanted is not None and not now - timedelta(minutes=1) <= wanted <= now + MAX_LEAD:
        raise ActionNotAllowed(_("Choose a start within the next year."))
    not_before = max(wanted or now, now)
    start = first_free_start(promotion, section=promotion.section, not_before=not_before)
    if wanted is not None and start != not_before:
        raise ActionNotAllowed(_("This place is not free for the whole period."))
    if start is None:
        raise ActionNotAllowed(_("This place is fully booked for the next 60 days."))
    return start


def check_capacity(promotion: Promotion) -> None:
    """Raise `ActionNotAllowed` if a promotion whose section has changed does not fit for the rest of its time."""
    assert promotion.ends_at is not None
    now = timezone.now()
    intervals = _occupied([promotion.placement_id], promotion.section, since=now, others_than=promotion)
    start = max(now, promotion.starts_at or now)
    if max_concurrent(intervals[promotion.placement_id], start, promotion.ends_at) >= promotion.placement.capacity:
        raise ActionNotAllowed(_("The article was moved to another section, which has no free place."))


def _occupied(
    placement_ids: Sequence[int], section: Section | None, *, since: datetime, others_than: Promotion | None = None
) -> dict[int, list[Interval]]:
    """Return placement id → the times of approved promotions, of this section where the capacity is per section."""
    approved = Promotion.objects.filter(state=Promotion.State.APPROVED, ends_at__gt=since)
    if others_than is not None:
        approved = approved.exclude(pk=others_than.pk)
    found = approved.filter(Q(section=None) | Q(section=section), placement__in=placement_ids)
    intervals: defaultdict[int, list[Interval]] = defaultdict(list)
    for placement_id, start, end in found.values_list("placement_id", "starts_at", "ends_at"):
        if start and end:
            intervals[placement_id].append((start, end))
    return intervals


def _first_free(intervals: list[Interval], capacity: int, days: int, not_before: datetime) -> datetime | None:
    # Capacity becomes free only where something ends, so no other start needs to be tried.
    candidates = [not_before, *sorted(end for _start, end in intervals if end > not_before)]
    for start in candidates:
        if start > not_before + MAX_REQUEST_LEAD:
            break
        if max_concurrent(intervals, start, start + timedelta(days=days)) < capacity:
            return start
    return None
