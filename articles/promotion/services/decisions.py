"""Decisions of moderators on promotions, and the editors' own picks.

All raise `PermissionDenied` if the user cannot decide on promotions, and `ActionNotAllowed` if they are suspended,
for their own request or article (except `revoke` and `add_correction`), or if the promotion, its article or the
placement does not allow it now. `revision_id` is the revision that the moderator has read, if one was shown.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from articles.models import Article
from articles.promotion.models import LedgerEntry, Placement, Promotion
from articles.promotion.models.ledger import append_entry
from articles.promotion.services.capacity import check_capacity, find_start, wanted_start
from articles.promotion.services.notifications import Kind, notify
from articles.promotion.services.refunds import close
from articles.promotion.services.requests import check_none_open
from articles.promotion.services.state_machine import (
    DECIDE_PERMISSION,
    check_not_own,
    check_phase,
    close_ended,
    format_moment,
    ledger_lock,
    lock_published_article,
    moderator_action,
    transition,
)
from core.exceptions import ActionNotAllowed
from core.text import clean_reason

State = Promotion.State
Event = LedgerEntry.Event

MAX_PICK_DAYS = 90


def approve(
    *,
    promotion: Promotion,
    moderator: User,
    start: datetime | None = None,
    reason: str = "",
    revision_id: int | None = None,
) -> Promotion:
    """Approve a promotion, to run from `start`, or the day that the sponsor asked for, or as soon as possible."""
    with moderator_action(promotion, moderator, reason) as (promotion, by):
        check_phase(promotion, State.PAID if promotion.is_paid_kind else State.REQUESTED)
        if not promotion.author_allows:
            assert promotion.author_can_refuse_until is not None
            message = _("The author can refuse until %(time)s and has not answered yet.")
            raise ActionNotAllowed(message % {"time": format_moment(promotion.author_can_refuse_until)})
        entry = _approve(promotion, promotion.article, start or wanted_start(promotion), by, revision_id=revision_id)
        notify(entry, Kind.APPROVED, promotion.sponsor, promotion.article.author)
    return promotion


def decline(*, promotion: Promotion, moderator: User, reason: str) -> Promotion:
    """Decline a request, with a reason that the sponsor reads. All that was paid is due back."""
    with moderator_action(promotion, moderator, reason, reason_required=True) as (promotion, by):
        promotion.decided_by = moderator
        entry = close(promotion, State.DECLINED, event=Event.DECLINED, **by)
        notify(entry, Kind.DECLINED, promotion.sponsor)
    return promotion


def revoke(*, promotion: Promotion, moderator: User, reason: str) -> Promotion:
    """End a scheduled or running promotion now, with a reason. What was paid for the rest of the time is due back.

    Moderators can revoke their own promotions too: that needs no second moderator.
    """
    with moderator_action(promotion, moderator, reason, reason_required=True, allow_own=True) as (promotion, by):
        promotion.decided_by = moderator
        entry = close(promotion, State.REVOKED, event=Event.REVOKED, **by)
        notify(entry, Kind.REVOKED, promotion.sponsor, promotion.article.author)
    return promotion


def move_start(*, promotion: Promotion, moderator: User, start: datetime | None, reason: str = "") -> Promotion:
    """Move the start of a scheduled promotion, whose length stays, to a time that is free."""
    with moderator_action(promotion, moderator, reason) as (promotion, by):
        if promotion.phase != State.SCHEDULED:
            raise ActionNotAllowed(_("You can only move the start of a scheduled promotion."))
        if start is None:
            raise ActionNotAllowed(_("Enter the new start."), "start")
        assert promotion.starts_at is not None
        before = promotion.starts_at.isoformat()
        period = _set_period(promotion, start)
        promotion.save(update_fields=["starts_at", "ends_at"])
        entry = append_entry(promotion, event=Event.MOVED, details={**period, "was": before}, **by)
        notify(entry, Kind.MOVED, promotion.sponsor)
    return promotion


def reapprove_after_edit(
    *, promotion: Promotion, moderator: User, reason: str = "", revision_id: int | None = None
) -> Promotion:
    """Approve the article's new text, so that a paused promotion is shown again."""
    with moderator_action(promotion, moderator, reason) as (promotion, by):
        check_phase(promotion, State.SCHEDULED, State.RUNNING)
        article = lock_published_article(promotion.article, revision_id)
        if article.live_id == promotion.approved_revision_id:
            raise ActionNotAllowed(_("The text has not changed since the approval, so the promotion is not paused."))
        if promotion.placement.is_per_section and promotion.section_id != article.section_id:
            promotion.section = article.section
            check_capacity(promotion)
        details = {"revision": article.live_id, "was": promotion.approved_revision_id}
        promotion.approved_revision = article.live
        promotion.save(update_fields=["approved_revision", "section"])
        append_entry(promotion, event=Event.REAPPROVED, details=details, **by)
    return promotion


def add_correction(*, promotion: Promotion, moderator: User, reason: str) -> LedgerEntry:
    """Add a correction to the ledger; the rows that it corrects stay."""
    with moderator_action(promotion, moderator, reason, reason_required=True, allow_own=True) as (promotion, by):
        return append_entry(promotion, event=Event.CORRECTION, **by)


def create_editorial_pick(
    *,
    article: Article,
    moderator: User,
    placement: Placement,
    days: int,
    start: datetime | None = None,
    reason: str = "",
) -> Promotion:
    """Give another author's article a placement for some days without payment; it counts for the capacity."""
    by: dict[str, Any] = {"role": LedgerEntry.Role.MODERATOR, "actor": moderator, "reason": clean_reason(reason)}
    if not 1 <= days <= MAX_PICK_DAYS:
        raise ActionNotAllowed(_("Choose between 1 and %(days)d days.") % {"days": MAX_PICK_DAYS})
    close_ended()
    with ledger_lock(acting=moderator, permission=DECIDE_PERMISSION):
        promotion = Promotion(
            article=article, sponsor=moderator, placement=placement, kind=Promotion.Kind.EDITORIAL, days=days
        )
        check_not_own(promotion, moderator)
        check_none_open(article, placement)
        entry = _approve(promotion, article, start, by, event=Event.PICKED)
        notify(entry, Kind.PICKED, article.author)
    return promotion


def _approve(
    promotion: Promotion,
    article: Article,
    start: datetime | None,
    by: dict[str, Any],
    *,
    event: str = Event.APPROVED,
    revision_id: int | None = None,
) -> LedgerEntry:
    """Approve the live text of an article, with its first possible start."""
    article = lock_published_article(article, revision_id)
    promotion.section = article.section if promotion.placement.is_per_section else None
    details = _set_period(promotion, start)
    promotion.approved_revision = article.live
    promotion.approved_at = timezone.now()
    promotion.decided_by = by["actor"]
    return transition(promotion, State.APPROVED, event=event, details=details, **by)


def _set_period(promotion: Promotion, start: datetime | None) -> dict[str, str]:
    """Set the first possible times for a start, and return them for the ledger."""
    promotion.starts_at = find_start(promotion, wanted=start)
    promotion.ends_at = promotion.starts_at + timedelta(days=promotion.days)
    return {"starts_at": promotion.starts_at.isoformat(), "ends_at": promotion.ends_at.isoformat()}
