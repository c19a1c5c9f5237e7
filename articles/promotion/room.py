"""Deciding on room: under the lock of the placement, for the whole time."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from articles.promotion import schedule
from articles.promotion.models import Placement, Promotion
from core.exceptions import ActionNotAllowed

# Moderators may schedule further ahead than sponsors can ask.
FURTHEST = timedelta(days=365)


def wanted_start_of(promotion: Promotion) -> datetime | None:
    """The start that the sponsor wanted; None where that day has begun or none was named: as soon as possible."""
    if promotion.wanted_start is None:
        return None
    start = schedule.start_of(promotion.wanted_start)
    return start if start > timezone.now() else None


def find_room(promotion: Promotion, *, wanted: datetime | None) -> datetime:
    """The start that the promotion gets, with room for its whole length.

    Raises:
        ActionNotAllowed: the wanted time is past or too far, or there is no room.
    """
    # Locked, so that nobody changes the capacity meanwhile, nor counts beside us.
    placement = Placement.objects.select_for_update(no_key=True).get(pk=promotion.placement_id)
    now = timezone.now()
    asked = {"placement": placement, "section": promotion.section, "days": promotion.days, "without": promotion}
    if wanted is None:
        found = schedule.first_free(not_before=now, **asked)  # type: ignore[arg-type]
        if found is None:
            raise ActionNotAllowed(_("There is no room in this place in the next 60 days."))
        return found
    # A form's minute may have begun.
    if not now - timedelta(minutes=1) <= wanted <= now + FURTHEST:
        raise ActionNotAllowed(_("Choose a start in the next year."))
    wanted = max(wanted, now)
    if schedule.first_free(not_before=wanted, **asked) != wanted:  # type: ignore[arg-type]
        raise ActionNotAllowed(_("There is no room in this place for the whole of that time."))
    return wanted


def must_have_room(promotion: Promotion) -> None:
    """Refuse where the place, in the section that a locked promotion has by now, is full for what is left of its time.

    Raises:
        ActionNotAllowed: there is no room.
    """
    placement = Placement.objects.select_for_update(no_key=True).get(pk=promotion.placement_id)
    assert promotion.ends_at is not None
    now = timezone.now()
    taken = schedule.taken(placement=placement, section=promotion.section, since=now, without=promotion)
    if not schedule.has_room(taken, placement.capacity, max(now, promotion.starts_at or now), promotion.ends_at):
        raise ActionNotAllowed(_("The article moved to another section, and there is no room for it there."))


def times_of(promotion: Promotion) -> dict[str, str]:
    """From when to when, for the ledger."""
    assert promotion.starts_at is not None
    assert promotion.ends_at is not None
    return {"starts_at": promotion.starts_at.isoformat(), "ends_at": promotion.ends_at.isoformat()}
