"""Which promotion is shown where on which day: the timeline as a table, with one column per day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from articles.promotion.models import Placement, Promotion
from articles.promotion.services.capacity import day_start, max_concurrent

DAYS = 14
# Days before today that are shown at first.
DAYS_BEFORE = 3
MAX_PROMOTIONS = 200
DAY = timedelta(days=1)
SHOWN = (Promotion.State.APPROVED, Promotion.State.ENDED, Promotion.State.REVOKED, Promotion.State.CANCELLED)


def timeline_context(first_day: str, *, now: datetime) -> dict[str, Any]:
    """Return what the page of the timeline shows.

    Args:
        first_day: an ISO date; for anything else it begins some days before today.
    """
    today = timezone.localdate(now)
    first = _parse_day(first_day) or today - DAYS_BEFORE * DAY
    days = [first + n * DAY for n in range(DAYS)]
    promotions = Promotion.objects.filter(
        state__in=SHOWN, starts_at__lt=day_start(days[-1] + DAY), ends_at__gt=day_start(first)
    )
    found = list(promotions.for_list().order_by("starts_at", "pk")[: MAX_PROMOTIONS + 1])
    return {
        "title": _("Promotion calendar"),
        "days": days,
        "today": today,
        "groups": list(_groups(found[:MAX_PROMOTIONS], days, now)),
        "is_cut": len(found) > MAX_PROMOTIONS,
        "earlier": first - DAYS * DAY,
        "later": first + DAYS * DAY,
    }


def _groups(promotions: Sequence[Promotion], days: Sequence[date], now: datetime) -> Iterator[dict[str, Any]]:
    """Yield each placement, or each section of it that has promotions."""
    for placement in Placement.objects.all():
        of_placement = [promotion for promotion in promotions if promotion.placement_id == placement.pk]
        sections = {promotion.section for promotion in of_placement} or {None}
        for section in sorted(sections, key=lambda section: (section.position, section.pk) if section else (0, 0)):
            of_section = [promotion for promotion in of_placement if promotion.section == section]
            yield {"placement": placement, "section": section, **_bars(of_section, days, now)}


def _bars(promotions: Sequence[Promotion], days: Sequence[date], now: datetime) -> dict[str, Any]:
    """Return a bar per promotion, and how many promotions run now and at the same time on each day."""
    intervals, bars = [], []
    for promotion in promotions:
        start, end = promotion.starts_at, promotion.ran_until
        # It may have been revoked or cancelled before these days, or before it started.
        if not start or not end or start >= end or end <= day_start(days[0]):
            continue
        intervals.append((start, end))
        # A day belongs to the bar if the promotion runs on any part of it.
        before = sum(day_start(day + DAY) <= start for day in days)
        after = sum(day_start(day) >= end for day in days)
        widths = {"before": before, "length": len(days) - before - after, "after": after}
        bars.append({"promotion": promotion, "phase": promotion.phase, **widths})
    return {
        "bars": bars,
        "running": max_concurrent(intervals, now, now + timedelta(microseconds=1)),
        "used": [max_concurrent(intervals, day_start(day), day_start(day + DAY)) for day in days],
    }


def _parse_day(text: str) -> date | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day and 2000 <= day.year < 2200 else None
