"""The life of a promotion: each verb is one function, and nothing else changes a promotion.

requested → (awaiting payment → paid) → approved → ended; or declined, cancelled, revoked. Scheduled and running are
`approved`, seen by the clock. Which step is there at whose hand is one table (`transitions.ALLOWED`); every step is a
row of the ledger. A verb that does not fit raises `ActionNotAllowed` with a sentence; nothing has happened then.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from articles.models import Article
from articles.promotion import ledger
from articles.promotion.billing import confirm_payment, payment_received
from articles.promotion.models import LedgerEntry, Promotion
from articles.promotion.pinning import pin
from articles.promotion.refunds import owe_refund, record_refund
from articles.promotion.requesting import request_promotion
from articles.promotion.room import find_room, must_have_room, times_of, wanted_start_of
from articles.promotion.transitions import (
    checked_reason,
    close_ended,
    enter,
    locked,
    must_be_of_another,
    must_decide,
    note,
    public_article,
    shown_moment,
    tell,
    what_stands,
)
from core.exceptions import ActionNotAllowed

__all__ = [
    "agree",
    "approve",
    "cancel",
    "close_ended",
    "confirm_payment",
    "correct",
    "decline",
    "look_after_edit",
    "move_start",
    "payment_received",
    "pin",
    "record_refund",
    "refuse",
    "request_promotion",
    "revoke",
]

State = Promotion.State
Role = LedgerEntry.Role
Event = LedgerEntry.Event


def agree(*, promotion: Promotion, author: User) -> Promotion:
    """The article's author agrees; agreeing twice is agreeing once.

    Raises:
        ActionNotAllowed: not the author, the author is the sponsor, or there is nothing to agree to any more.
    """
    with ledger.writing():
        now = locked(promotion)
        _must_be_author(now, author)
        if now.author_agreed_at is not None:
            return now
        if now.state not in {State.REQUESTED, State.AWAITING_PAYMENT, State.PAID}:
            raise ActionNotAllowed(what_stands(now))
        now.author_agreed_at = timezone.now()
        now.save(update_fields=["author_agreed_at"])
        note(now, event=Event.AGREED, role=Role.AUTHOR, actor=author)
    return now


def refuse(*, promotion: Promotion, author: User, reason: str = "") -> Promotion:
    """The article's author refuses, which declines the promotion. What was paid is due back.

    Raises:
        ActionNotAllowed: not the author, the time to refuse is over, or it was decided on.
    """
    reason = checked_reason(reason, needed=False)
    with ledger.writing():
        now = locked(promotion)
        _must_be_author(now, author)
        if now.author_may_refuse_until is None or timezone.now() >= now.author_may_refuse_until:
            raise ActionNotAllowed(
                _("The time to refuse is over. Write to the moderators if something is wrong with it.")
            )
        entry = enter(now, State.DECLINED, event=Event.REFUSED, role=Role.AUTHOR, actor=author, reason=reason)
        owe_refund(now, now=entry.at)
        tell(entry, "refused", now.sponsor)
    return now


def approve(
    *,
    promotion: Promotion,
    moderator: User,
    start: datetime | None = None,
    reason: str = "",
    revision_id: int | None = None,
) -> Promotion:
    """Grant a place: at `start`, on the day that the sponsor wanted, or as soon as there is room.

    Args:
        start: the moderator's own choice of a start.
        revision_id: the text that the moderator read, where it was shown.

    Raises:
        PermissionDenied: the person is no moderator of promotions.
        ActionNotAllowed: their own request, the author may still refuse, the article is not public, its text is another
            than was read, the time is past, or there is no room for the whole time.
    """
    must_decide(moderator)
    reason = checked_reason(reason, needed=False)
    close_ended()
    with ledger.writing():
        now = locked(promotion)
        must_be_of_another(now, moderator)
        if now.state != (State.PAID if now.is_paid_kind else State.REQUESTED):
            raise ActionNotAllowed(what_stands(now))
        if not author_has_spoken(now):
            assert now.author_may_refuse_until is not None
            raise ActionNotAllowed(
                _("The author may refuse until %(time)s, and has not answered yet.")
                % {"time": shown_moment(now.author_may_refuse_until)}
            )
        article = public_article(now.article)
        _must_have_read(article, revision_id)
        now.section = article.section if now.placement.is_per_section else None
        now.starts_at = find_room(now, wanted=start or wanted_start_of(now))
        now.ends_at = now.starts_at + timedelta(days=now.days)
        entry = enter(
            now,
            State.APPROVED,
            event=Event.APPROVED,
            role=Role.MODERATOR,
            actor=moderator,
            reason=reason,
            details=times_of(now),
            section=now.section,
            starts_at=now.starts_at,
            ends_at=now.ends_at,
            approved_revision=article.live,
            approved_at=timezone.now(),
            decided_by=moderator,
        )
        tell(entry, "approved", *_sponsor_and_author(now))
    return now


def decline(*, promotion: Promotion, moderator: User, reason: str) -> Promotion:
    """Say no, with a reason that the sponsor reads. What was paid is due back.

    Raises:
        PermissionDenied: the person is no moderator of promotions.
        ActionNotAllowed: their own request, no reason, or it was decided on.
    """
    must_decide(moderator)
    reason = checked_reason(reason, needed=True)
    with ledger.writing():
        now = locked(promotion)
        must_be_of_another(now, moderator)
        entry = enter(
            now,
            State.DECLINED,
            event=Event.DECLINED,
            role=Role.MODERATOR,
            actor=moderator,
            reason=reason,
            decided_by=moderator,
        )
        owe_refund(now, now=entry.at)
        tell(entry, "declined", now.sponsor)
    return now


def cancel(*, promotion: Promotion, sponsor: User, reason: str = "") -> Promotion:
    """The sponsor takes it back. What was paid is due back: whole before the start, the rest of the time afterwards.

    Raises:
        ActionNotAllowed: not the sponsor, or it is over.
    """
    reason = checked_reason(reason, needed=False)
    close_ended()
    with ledger.writing():
        now = locked(promotion)
        if now.sponsor_id != sponsor.pk or now.kind == Promotion.Kind.EDITORIAL:
            raise ActionNotAllowed(_("Only its sponsor can cancel a promotion."))
        entry = enter(now, State.CANCELLED, event=Event.CANCELLED, role=Role.SPONSOR, actor=sponsor, reason=reason)
        owe_refund(now, now=entry.at)
    return now


def revoke(*, promotion: Promotion, moderator: User, reason: str) -> Promotion:
    """End a scheduled or running promotion at once, with a reason. What was paid for the rest of the time is due back.

    A moderator may revoke their own too: taking away needs no second person.

    Raises:
        PermissionDenied: the person is no moderator of promotions.
        ActionNotAllowed: no reason, or it is not scheduled or running.
    """
    must_decide(moderator)
    reason = checked_reason(reason, needed=True)
    close_ended()
    with ledger.writing():
        now = locked(promotion)
        entry = enter(
            now,
            State.REVOKED,
            event=Event.REVOKED,
            role=Role.MODERATOR,
            actor=moderator,
            reason=reason,
            decided_by=moderator,
        )
        owe_refund(now, now=entry.at)
        tell(entry, "revoked", *_sponsor_and_author(now))
    return now


def move_start(*, promotion: Promotion, moderator: User, start: datetime, reason: str = "") -> Promotion:
    """Move the start of a scheduled promotion; its length stays.

    Raises:
        PermissionDenied: the person is no moderator of promotions.
        ActionNotAllowed: their own, it is not scheduled, the time is past or too far, or there is no room then.
    """
    must_decide(moderator)
    reason = checked_reason(reason, needed=False)
    with ledger.writing():
        now = locked(promotion)
        must_be_of_another(now, moderator)
        if now.phase != Promotion.Phase.SCHEDULED:
            raise ActionNotAllowed(_("Only the start of a scheduled promotion can be moved."))
        assert now.starts_at is not None
        before, now.starts_at = now.starts_at, find_room(now, wanted=start)
        now.ends_at = now.starts_at + timedelta(days=now.days)
        now.save(update_fields=["starts_at", "ends_at"])
        details = {**times_of(now), "was": before.isoformat()}
        entry = note(now, event=Event.MOVED, role=Role.MODERATOR, actor=moderator, reason=reason, details=details)
        tell(entry, "moved", now.sponsor)
    return now


def look_after_edit(
    *, promotion: Promotion, moderator: User, reason: str = "", revision_id: int | None = None
) -> Promotion:
    """A moderator has read the article's new text, and the promotion goes on with it.

    Args:
        revision_id: the text that the moderator read, where it was shown.

    Raises:
        PermissionDenied: the person is no moderator of promotions.
        ActionNotAllowed: their own, it is not scheduled or running, the article is not public, its text did not change or
            is another than was read, or it moved to a section that has no room.
    """
    must_decide(moderator)
    reason = checked_reason(reason, needed=False)
    with ledger.writing():
        now = locked(promotion)
        must_be_of_another(now, moderator)
        if now.phase not in {Promotion.Phase.SCHEDULED, Promotion.Phase.RUNNING}:
            raise ActionNotAllowed(what_stands(now))
        article = public_article(now.article)
        _must_have_read(article, revision_id)
        if article.live_id == now.approved_revision_id:
            raise ActionNotAllowed(_("The text is the one that was approved: the promotion is not paused."))
        if now.placement.is_per_section and now.section_id != article.section_id:
            now.section = article.section
            must_have_room(now)
        details = {"revision": article.live_id, "was": now.approved_revision_id}
        now.approved_revision = article.live
        now.save(update_fields=["approved_revision", "section"])
        note(now, event=Event.LOOKED_AFTER, role=Role.MODERATOR, actor=moderator, reason=reason, details=details)
    return now


def correct(*, promotion: Promotion, moderator: User, reason: str) -> LedgerEntry:
    """Add a correction to the ledger, which never changes what it corrects.

    Raises:
        PermissionDenied: the person is no moderator of promotions.
        ActionNotAllowed: no text.
    """
    must_decide(moderator)
    reason = checked_reason(reason, needed=True)
    with ledger.writing():
        return note(locked(promotion), event=Event.CORRECTION, role=Role.MODERATOR, actor=moderator, reason=reason)


def author_has_spoken(promotion: Promotion) -> bool:
    """Whether the author stands no longer in the way: agreed, is the sponsor, or let the time to refuse pass."""
    if promotion.author_agreed_at is not None or promotion.author_may_refuse_until is None:
        return True
    return timezone.now() >= promotion.author_may_refuse_until


def _must_have_read(article: Article, revision_id: int | None) -> None:
    """What a moderator lets pass is what they read, and no later text."""
    if revision_id is not None and article.live_id != revision_id:
        raise ActionNotAllowed(_("The article’s text changed meanwhile. Read it once more, then decide."))


def _must_be_author(promotion: Promotion, author: User) -> None:
    if promotion.article.author_id != author.pk or promotion.sponsor_id == author.pk:
        raise ActionNotAllowed(_("Only the author of the article is asked, where somebody else is the sponsor."))


def _sponsor_and_author(promotion: Promotion) -> list[User]:
    people = {one.pk: one for one in (promotion.sponsor, promotion.article.author)}
    return list(people.values())
