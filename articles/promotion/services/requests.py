"""Requests for a promotion, and what the sponsor and the article's author do with them.

All raise `ActionNotAllowed` for other users, and if the state of the promotion does not allow it.
"""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from articles.models import Article
from articles.promotion.models import LedgerEntry, Placement, Plan, Promotion
from articles.promotion.models.ledger import append_entry
from articles.promotion.models.promotion import OPEN, UNDECIDED
from articles.promotion.services.capacity import MAX_REQUEST_LEAD, day_start, first_free_start
from articles.promotion.services.notifications import Kind, notify, notify_moderators
from articles.promotion.services.refunds import close
from articles.promotion.services.state_machine import (
    check_phase,
    close_ended,
    format_moment,
    ledger_lock,
    lock_published_article,
    locked,
    transition,
)
from core.exceptions import ActionNotAllowed
from core.text import clean_reason

State = Promotion.State
Role = LedgerEntry.Role
Event = LedgerEntry.Event


def request_promotion(
    *,
    article: Article,
    sponsor: User,
    plan: Plan,
    wanted_start: date | None = None,
    message: str = "",
    form_key: uuid.UUID | None = None,
) -> Promotion:
    """Request a plan for a published article, at the price that the plan has in the database.

    A free request waits for a moderator, a paid one for its payment first. If the sponsor is not the author, the author
    is notified and can refuse.

    Args:
        wanted_start: the day to start on; None for as soon as possible.
        form_key: the form's own key. A second call with the same key returns the promotion of the first one.

    Raises:
        ActionNotAllowed: the sponsor, the article, its author, the plan or the placement does not allow it.
    """
    form_key = form_key or uuid.uuid4()
    close_ended()
    with ledger_lock(acting=sponsor):
        if promotion := Promotion.objects.filter(sponsor=sponsor, form_key=form_key).first():
            return promotion
        promotion = _build(article=article, sponsor=sponsor, plan=plan)
        promotion.wanted_start, promotion.message, promotion.form_key = wanted_start, message.strip(), form_key
        _check_start(promotion)
        by: dict[str, Any] = {"role": Role.SPONSOR, "actor": sponsor}
        by["details"] = {"plan": plan.pk, "days": promotion.days, "price": promotion.price}
        entry = transition(promotion, State.REQUESTED, event=Event.REQUESTED, **by)
        if promotion.is_paid_kind:
            entry = transition(promotion, State.AWAITING_PAYMENT, event=Event.PAYMENT_ASKED, role=Role.SYSTEM)
            if settings.PAYMENTS == "manual" and not settings.PAYMENT_INSTRUCTIONS:
                notify_moderators(entry, Kind.TRANSFER_EXPECTED)
        else:
            notify_moderators(entry, Kind.REQUESTED)
        if promotion.author_can_refuse_until is not None:
            notify(entry, Kind.AUTHOR_ASKED, promotion.article.author)
    return promotion


def _build(*, article: Article, sponsor: User, plan: Plan) -> Promotion:
    """Return the new promotion, not stored yet, after all checks but that of its start."""
    offered = Plan.objects.offered().filter(pk=plan.pk).first()
    if offered is None:
        raise ActionNotAllowed(_("This plan is no longer available. Choose another one."), "plan")
    placement = offered.placement
    article = lock_published_article(article)
    is_others = article.author_id != sponsor.pk
    if is_others and not article.author.allows_promotion_by_others:
        raise ActionNotAllowed(_("The author does not allow others to promote their articles."))
    check_none_open(article, placement)
    of_author = Promotion.objects.open().filter(placement=placement, article__author=article.author_id)
    if of_author.count() >= placement.per_author_cap:
        raise ActionNotAllowed(
            _("This author has reached the limit of promotions in this place. Try again when one of them has ended."),
            "plan",
        )
    promotion = Promotion(
        article=article,
        sponsor=sponsor,
        plan=offered,
        placement=placement,
        section=article.section if placement.is_per_section else None,
        kind=Promotion.Kind.PAID if offered.price else Promotion.Kind.FREE,
        days=offered.days,
        price=offered.price,
        currency=offered.currency,
        terms=offered.terms,
    )
    if is_others:
        hours = timedelta(hours=placement.author_can_refuse_hours)
        promotion.author_can_refuse_until = promotion.requested_at + hours
    return promotion


def check_none_open(article: Article, placement: Placement) -> None:
    """Raise `ActionNotAllowed` if the article has an open promotion in the placement; a constraint holds it too."""
    if Promotion.objects.filter(article=article, placement=placement, state__in=OPEN).exists():
        raise ActionNotAllowed(_("This article already has an open promotion in this place."), "plan")


def _check_start(promotion: Promotion) -> None:
    now = not_before = timezone.now()
    day = promotion.wanted_start
    if day is not None:
        today = timezone.localdate(now)
        if day < today:
            raise ActionNotAllowed(_("This date is in the past. Choose another one."), "wanted_start")
        if day > today + MAX_REQUEST_LEAD:
            raise ActionNotAllowed(_("Choose a date within the next 60 days."), "wanted_start")
        not_before = max(now, day_start(day))
    free = first_free_start(promotion, section=promotion.section, not_before=not_before)
    if free is None:
        raise ActionNotAllowed(_("This place is fully booked for the next 60 days."), "plan")
    if day is not None and free != not_before:
        message = _("This date is fully booked. The next free date is %(date)s.")
        raise ActionNotAllowed(message % {"date": format_moment(free)}, "wanted_start")


def cancel(*, promotion: Promotion, sponsor: User, reason: str = "") -> Promotion:
    """Cancel a promotion as its sponsor. Due back is all that was paid, or the rest of the time if it runs."""
    reason = clean_reason(reason)
    close_ended()
    with locked(promotion) as promotion:
        if promotion.sponsor_id != sponsor.pk or promotion.is_editorial:
            raise ActionNotAllowed(_("Only the requester can cancel a promotion."))
        close(promotion, State.CANCELLED, event=Event.CANCELLED, role=Role.SPONSOR, actor=sponsor, reason=reason)
    return promotion


def author_agrees(*, promotion: Promotion, author: User) -> Promotion:
    """Agree as the article's author. Agreeing twice changes nothing."""
    with locked(promotion) as promotion:
        _check_author(promotion, author)
        if promotion.author_agreed_at is None:
            check_phase(promotion, *UNDECIDED)
            promotion.author_agreed_at = timezone.now()
            promotion.save(update_fields=["author_agreed_at"])
            append_entry(promotion, event=Event.AGREED, role=Role.AUTHOR, actor=author)
    return promotion


def author_refuses(*, promotion: Promotion, author: User, reason: str = "") -> Promotion:
    """Refuse as the article's author, which declines the promotion. All that was paid is due back."""
    reason = clean_reason(reason)
    with locked(promotion) as promotion:
        _check_author(promotion, author)
        until = promotion.author_can_refuse_until
        if until is None or timezone.now() >= until:
            raise ActionNotAllowed(
                _("The deadline to refuse has passed. If something is wrong, contact the moderators.")
            )
        entry = close(promotion, State.DECLINED, event=Event.REFUSED, role=Role.AUTHOR, actor=author, reason=reason)
        notify(entry, Kind.REFUSED, promotion.sponsor)
    return promotion


def _check_author(promotion: Promotion, author: User) -> None:
    if promotion.article.author_id != author.pk or promotion.sponsor_id == author.pk:
        raise ActionNotAllowed(_("Only the author can answer, and only if another user requested the promotion."))
