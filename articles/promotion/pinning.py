"""Editors' choice: the same machinery without a sponsor from outside."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from articles.models import Article
from articles.promotion import ledger
from articles.promotion.models import LedgerEntry, Placement, Promotion
from articles.promotion.room import find_room, times_of
from articles.promotion.transitions import begin, checked_reason, close_ended, must_decide, public_article, tell
from core.exceptions import ActionNotAllowed

State = Promotion.State
Role = LedgerEntry.Role
Event = LedgerEntry.Event

LONGEST_PIN = 90


def pin(
    *,
    article: Article,
    moderator: User,
    placement: Placement,
    days: int,
    start: datetime | None = None,
    reason: str = "",
) -> Promotion:
    """Editors' choice: a moderator gives an article a place for some days, without money, always with an end.

    Raises:
        PermissionDenied: the person is no moderator of promotions.
        ActionNotAllowed: their own article, it is not public or stands there already, a wrong time, or there is no room.
    """
    must_decide(moderator)
    reason = checked_reason(reason, needed=False)
    if not 1 <= days <= LONGEST_PIN:
        raise ActionNotAllowed(_("Choose 1 to %(days)d days.") % {"days": LONGEST_PIN})
    close_ended()
    with ledger.writing():
        article = public_article(article)
        if article.author_id == moderator.pk:
            raise ActionNotAllowed(_("This is your own article: another moderator may choose it."))
        if Promotion.objects.filter(article=article, placement=placement, state__in=Promotion.OPEN).exists():
            raise ActionNotAllowed(_("This article has an open promotion in this place already."))
        made = Promotion(
            article=article,
            sponsor=moderator,
            placement=placement,
            section=article.section if placement.is_per_section else None,
            kind=Promotion.Kind.EDITORIAL,
            days=days,
            approved_revision=article.live,
            approved_at=timezone.now(),
            decided_by=moderator,
        )
        made.starts_at = find_room(made, wanted=start)
        made.ends_at = made.starts_at + timedelta(days=days)
        entry = begin(
            made,
            State.APPROVED,
            event=Event.PINNED,
            role=Role.MODERATOR,
            actor=moderator,
            reason=reason,
            details=times_of(made),
        )
        tell(entry, "pinned", article.author)
    return made
