"""The states of a promotion: which follows which, and who can take the step. All services go through here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import lock_acting_user
from articles.models import Article
from articles.promotion.models import LedgerEntry, LedgerHead, Promotion
from articles.promotion.models.ledger import append_entry
from core.exceptions import ActionNotAllowed
from core.text import clean_reason

DECIDE_PERMISSION = "promotion.decide_promotion"

State = Promotion.State
Role = LedgerEntry.Role
Event = LedgerEntry.Event

# Before the approval.
_CLOSE: dict[str, set[str]] = {State.DECLINED: {Role.MODERATOR, Role.AUTHOR}, State.CANCELLED: {Role.SPONSOR}}
# From state → to state → the roles that can take this step. "" is before the first state. Other steps do not exist.
ALLOWED: dict[str, dict[str, set[str]]] = {
    "": {State.REQUESTED: {Role.SPONSOR}, State.APPROVED: {Role.MODERATOR}},
    State.REQUESTED: {State.AWAITING_PAYMENT: {Role.SYSTEM}, State.APPROVED: {Role.MODERATOR}, **_CLOSE},
    State.AWAITING_PAYMENT: {State.PAID: {Role.PROVIDER, Role.MODERATOR}, **_CLOSE},
    State.PAID: {State.APPROVED: {Role.MODERATOR}, **_CLOSE},
    State.APPROVED: {State.ENDED: {Role.SYSTEM}, State.REVOKED: {Role.MODERATOR}, State.CANCELLED: {Role.SPONSOR}},
}


@contextmanager
def ledger_lock(*, acting: User | None = None, permission: str = "") -> Iterator[None]:
    """Open a transaction with the lock that every service takes, on the head of the ledger.

    So promotions, payments and the free places change one after another and need no locks of their own. Nothing slow
    (a provider, a mail server) is called inside.

    Args:
        acting: a user whose suspension and permission are checked under their own lock, which comes first.
    """
    with transaction.atomic():
        if acting is not None:
            lock_acting_user(acting.pk, permission)
        LedgerHead.lock()
        yield


@contextmanager
def locked(promotion: Promotion, **acting: Any) -> Iterator[Promotion]:
    """Open `ledger_lock(**acting)`, and yield the promotion as stored now, with what decisions need."""
    with ledger_lock(**acting):
        related = ("article__author", "placement", "section", "sponsor")
        yield Promotion.objects.select_related(*related).get(pk=promotion.pk)


def lock_published_article(article: Article, revision_id: int | None = None) -> Article:
    """Return the article with its author, section and live text, locked so that it is not hidden in the meantime.

    Raises:
        ActionNotAllowed: it is not published, or has another live revision than the one that the moderator has read.
    """
    # Two queries: one that waits for a lock returns joined rows from before the wait.
    Article.objects.select_for_update(no_key=True).only("pk").filter(pk=article.pk).first()
    current = Article.objects.published().select_related("author", "section", "live").filter(pk=article.pk).first()
    if current is None:
        raise ActionNotAllowed(_("Only published articles can be promoted."))
    if revision_id is not None and current.live_id != revision_id:
        raise ActionNotAllowed(_("The text of the article has changed. Read it again before you decide."))
    return current


def transition(promotion: Promotion, to: str, *, event: str, role: str, **entry: Any) -> LedgerEntry:
    """Save a new or a locked promotion in another state, and record it with the other fields of the ledger's row.

    Raises:
        ActionNotAllowed: the state machine has no such step.
    """
    before = promotion.state if promotion.pk else ""
    if role not in ALLOWED.get(before, {}).get(to, ()):
        check_phase(promotion)
    promotion.state = to
    if to in {State.DECLINED, State.CANCELLED, State.REVOKED}:
        promotion.closed_at = timezone.now()
    promotion.save()
    return append_entry(promotion, event=event, role=role, from_state=before, **entry)


def close_ended() -> int:
    """Store promotions whose time is over as ended. Return how many.

    Nothing depends on when this runs: all queries compare the times with the clock.
    """
    over = Promotion.objects.filter(state=State.APPROVED, ends_at__lte=timezone.now())
    if not over.exists():
        return 0
    with ledger_lock():
        promotions = list(over.order_by("ends_at", "pk"))
        for promotion in promotions:
            promotion.closed_at = promotion.ends_at
            transition(promotion, State.ENDED, event=Event.ENDED, role=Role.SYSTEM)
    return len(promotions)


def check_not_own(promotion: Promotion, moderator: User) -> None:
    """Raise `ActionNotAllowed` if the moderator has asked for the promotion, or has written its article."""
    if promotion.is_own_of(moderator):
        raise ActionNotAllowed(_("This is your own request or your own article. Another moderator must decide."))


@contextmanager
def moderator_action(
    promotion: Promotion, moderator: User, reason: str, *, reason_required: bool = False, allow_own: bool = False
) -> Iterator[tuple[Promotion, dict[str, Any]]]:
    """Check what every decision of a moderator needs, and open the transaction for it.

    Yields:
        the locked promotion; role, actor and reason for the row of the ledger.
    """
    reason = clean_reason(reason, required=reason_required)
    close_ended()
    with locked(promotion, acting=moderator, permission=DECIDE_PERMISSION) as promotion:
        if not allow_own:
            check_not_own(promotion, moderator)
        yield promotion, {"role": Role.MODERATOR, "actor": moderator, "reason": reason}


def check_phase(promotion: Promotion, *phases: str) -> None:
    """Raise `ActionNotAllowed` if the promotion is not in one of these phases."""
    if promotion.phase not in phases:
        message = _("This is no longer possible. The state of the promotion is now “%(state)s”.")
        raise ActionNotAllowed(message % {"state": promotion.phase.label})


def format_moment(moment: datetime) -> str:
    """Format a time for a sentence, in the site's time zone and the notation of the active language."""
    return formats.date_format(timezone.localtime(moment), "DATETIME_FORMAT")
