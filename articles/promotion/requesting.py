"""Asking for a promotion."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from articles.models import Article
from articles.promotion import ledger, schedule
from articles.promotion.models import LedgerEntry, Placement, Plan, Promotion
from articles.promotion.transitions import begin, close_ended, enter, moderators, public_article, shown_moment, tell
from core.exceptions import ActionNotAllowed

MAX_MESSAGE = 1000


class WrongPlan(ActionNotAllowed):
    """It would be possible with another plan, or later."""


class WrongDay(ActionNotAllowed):
    """It would be possible with another day."""


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
    """Ask for a plan for a published article. The price is the plan's, as the database has it now.

    A free request waits for a moderator; a paid one waits for its money first. Where somebody else wrote the article,
    its author is told and may refuse.

    Args:
        wanted_start: the day to start on; None for as soon as possible.
        form_key: the form's own key. A second call with the same key returns what the first one made.

    Raises:
        ActionNotAllowed: the sponsor is suspended, the plan is not offered, the article is not public or stands there
            already, its author promotes alone, a wrong date, no room, the author's share is used up, or the message
            is too long.
    """
    if sponsor.is_suspended:
        raise ActionNotAllowed(_("Your account is suspended, so you cannot put articles forward at the moment."))
    message = message.strip()
    if len(message) > MAX_MESSAGE:
        raise ActionNotAllowed(_("Write at most %(count)d characters.") % {"count": MAX_MESSAGE})
    key = form_key or uuid.uuid4()
    close_ended()
    try:
        with ledger.writing():
            if made := _of_form(sponsor, key):
                return made
            return _request(article, sponsor, plan, wanted_start, message, key)
    except IntegrityError as error:  # The last word where two meet in spite of everything.
        if made := _of_form(sponsor, key):
            return made
        raise WrongPlan(_stands_there_already()) from error


def _of_form(sponsor: User, key: uuid.UUID) -> Promotion | None:
    return Promotion.objects.filter(sponsor=sponsor, form_key=key).first()


def _request(
    article: Article, sponsor: User, plan: Plan, wanted_start: date | None, message: str, key: uuid.UUID
) -> Promotion:
    offered = Plan.objects.offered().filter(pk=plan.pk).first()
    if offered is None:
        raise WrongPlan(_("This plan is not offered any more. Choose another one."))
    placement = Placement.objects.select_for_update(no_key=True).get(pk=offered.placement_id)
    article = public_article(article)
    is_others = article.author_id != sponsor.pk
    if is_others and not article.author.allows_promotion_by_others:
        raise ActionNotAllowed(_("The author does not want others to promote their articles."))
    if Promotion.objects.filter(article=article, placement=placement, state__in=Promotion.OPEN).exists():
        raise WrongPlan(_stands_there_already())
    of_author = Promotion.objects.open().filter(placement=placement).of_author(article.author_id)
    if of_author.count() >= placement.per_author_cap:
        raise WrongPlan(
            _("This author has as many promotions in this place as one author may. Try again when one is over.")
        )
    section = article.section if placement.is_per_section else None
    promotion = Promotion(
        article=article,
        sponsor=sponsor,
        plan=offered,
        placement=placement,
        section=section,
        kind=Promotion.Kind.FREE if offered.is_free else Promotion.Kind.PAID,
        days=offered.days,
        price=offered.price,
        currency=offered.currency,
        terms=offered.terms,
        wanted_start=wanted_start,
        message=message,
        form_key=key,
    )
    _must_have_room(promotion, placement)
    if is_others:
        hours = timedelta(hours=placement.author_may_refuse_hours)
        promotion.author_may_refuse_until = promotion.requested_at + hours
    return _record(promotion)


def _record(promotion: Promotion) -> Promotion:
    details = {"plan": promotion.plan_id, "days": promotion.days, "price": promotion.price}
    asked = begin(
        promotion, State.REQUESTED, event=Event.REQUESTED, role=Role.SPONSOR, actor=promotion.sponsor, details=details
    )
    if promotion.is_paid_kind:
        enter(promotion, State.AWAITING_PAYMENT, event=Event.PAYMENT_ASKED, role=Role.SYSTEM)
    else:
        tell(asked, "requested", *moderators())
    if promotion.author_may_refuse_until is not None:
        tell(asked, "author_asked", promotion.article.author)
    return promotion


def _must_have_room(promotion: Promotion, placement: Placement) -> None:
    now = timezone.now()
    day = promotion.wanted_start
    not_before = now
    if day is not None:
        today = timezone.localdate(now)
        if day < today:
            raise WrongDay(_("This date is past. Choose another one."))
        if day > today + schedule.HORIZON:
            raise WrongDay(_("Choose a date in the next 60 days."))
        not_before = max(now, schedule.start_of(day))
    free = schedule.first_free(
        placement=placement, section=promotion.section, days=promotion.days, not_before=not_before
    )
    if free is None or (day is None and free > now + schedule.HORIZON):
        raise WrongPlan(_("There is no room in this place in the next 60 days."))
    if day is not None and free != not_before:
        raise WrongDay(
            _("There is no room on that date. The next free one is %(date)s.") % {"date": shown_moment(free)}
        )


def _stands_there_already() -> str:
    return _("This article has an open promotion in this place already.")
