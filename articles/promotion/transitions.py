"""Which state may follow which, and at whose hand. Every verb goes through here, whoever calls it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from accounts.models import User
from articles.models import Article
from articles.promotion import ledger
from articles.promotion.models import LedgerEntry, Notice, Promotion
from articles.promotion.tasks import send_notice
from core.exceptions import ActionNotAllowed

DECIDE = "promotion.decide_promotion"
MAX_REASON = 2000

State = Promotion.State
Role = LedgerEntry.Role
Event = LedgerEntry.Event

# {from: {to: whose hands}}. "" is the beginning: a request, or a moderator's pin. What is not here cannot happen.
ALLOWED: dict[str, dict[str, frozenset[str]]] = {
    "": {
        State.REQUESTED: frozenset({Role.SPONSOR}),
        State.APPROVED: frozenset({Role.MODERATOR}),
    },
    State.REQUESTED: {
        State.AWAITING_PAYMENT: frozenset({Role.SYSTEM}),
        State.APPROVED: frozenset({Role.MODERATOR}),
        State.DECLINED: frozenset({Role.MODERATOR, Role.AUTHOR}),
        State.CANCELLED: frozenset({Role.SPONSOR}),
    },
    State.AWAITING_PAYMENT: {
        State.PAID: frozenset({Role.PROVIDER, Role.MODERATOR}),
        State.DECLINED: frozenset({Role.MODERATOR, Role.AUTHOR}),
        State.CANCELLED: frozenset({Role.SPONSOR}),
    },
    State.PAID: {
        State.APPROVED: frozenset({Role.MODERATOR}),
        State.DECLINED: frozenset({Role.MODERATOR, Role.AUTHOR}),
        State.CANCELLED: frozenset({Role.SPONSOR}),
    },
    State.APPROVED: {
        State.ENDED: frozenset({Role.SYSTEM}),
        State.REVOKED: frozenset({Role.MODERATOR}),
        State.CANCELLED: frozenset({Role.SPONSOR}),
    },
    State.ENDED: {},
    State.DECLINED: {},
    State.CANCELLED: {},
    State.REVOKED: {},
}


def is_allowed(from_state: str, to_state: str, role: str) -> bool:
    """Whether the diagram has this step for this role."""
    return role in ALLOWED.get(from_state, {}).get(to_state, frozenset())


def locked(promotion: Promotion) -> Promotion:
    """The promotion as the database holds it now, locked until the transaction ends, with what decisions need."""
    # The lock stands alone: a query that waits for a lock brings joined rows from before its wait.
    Promotion.objects.select_for_update(no_key=True).only("pk").get(pk=promotion.pk)
    return Promotion.objects.select_related("article__author", "placement", "section", "sponsor").get(pk=promotion.pk)


def begin(
    promotion: Promotion,
    state: str,
    *,
    event: str,
    role: str,
    actor: User,
    reason: str = "",
    details: dict[str, Any] | None = None,
) -> LedgerEntry:
    """Store a new promotion in its first state, and record that.

    Raises:
        ActionNotAllowed: the diagram has no such beginning.
    """
    if not is_allowed("", state, role):
        raise ActionNotAllowed(what_stands(promotion))
    promotion.state = state
    promotion.save(force_insert=True)
    return ledger.append(
        promotion=promotion, event=event, role=role, from_state="", actor=actor, reason=reason, details=details
    )


def enter(
    promotion: Promotion,
    to: str,
    *,
    event: str,
    role: str,
    actor: User | None = None,
    reason: str = "",
    amount: int = 0,
    details: dict[str, Any] | None = None,
    **fields: Any,
) -> LedgerEntry:
    """Take a locked promotion into a state, write `fields` with it, and record that.

    Raises:
        ActionNotAllowed: the diagram has no such step.
    """
    before = promotion.state
    if not is_allowed(before, to, role):
        raise ActionNotAllowed(what_stands(promotion))
    promotion.state = to
    if to in {State.DECLINED, State.CANCELLED, State.REVOKED}:
        fields["closed_at"] = timezone.now()
    for name, value in fields.items():
        setattr(promotion, name, value)
    promotion.save(update_fields=["state", *fields])
    return ledger.append(
        promotion=promotion,
        event=event,
        role=role,
        from_state=before,
        actor=actor,
        reason=reason,
        amount=amount,
        details=details,
    )


def note(
    promotion: Promotion,
    *,
    event: str,
    role: str,
    actor: User | None = None,
    reason: str = "",
    amount: int = 0,
    details: dict[str, Any] | None = None,
) -> LedgerEntry:
    """Record something that leaves the state as it is."""
    return ledger.append(
        promotion=promotion,
        event=event,
        role=role,
        from_state=promotion.state,
        actor=actor,
        reason=reason,
        amount=amount,
        details=details,
    )


def tell(entry: LedgerEntry, letter: str, *people: User) -> None:
    """Owe each of them a letter about this row, in the transaction of the row."""
    for user in people:
        made = Notice.objects.create(entry=entry, user=user, letter=letter)
        send_notice.enqueue(made.pk)
    # A worker that was killed while it sent a letter never comes back to it: the next thing that happens asks again.
    for owed in Notice.objects.owed(since=timedelta(hours=3)).values_list("pk", flat=True)[:5]:
        send_notice.enqueue(owed)


def moderators() -> list[User]:
    """Everyone who decides on promotions."""
    backend = "django.contrib.auth.backends.ModelBackend"
    return list(User.objects.with_perm(DECIDE, backend=backend).filter(is_staff=True).order_by("pk"))


def must_decide(moderator: User) -> None:
    """Refuse whoever is no moderator of promotions.

    Raises:
        PermissionDenied: no permission.
        ActionNotAllowed: suspended.
    """
    if not moderator.has_perm(DECIDE):
        raise PermissionDenied
    if moderator.is_suspended:
        raise ActionNotAllowed(_("Your account is suspended, so you cannot decide at the moment."))


def must_be_of_another(promotion: Promotion, moderator: User) -> None:
    """Refuse a decision on one's own request. Editors' choices are moderators' own by nature."""
    if promotion.sponsor_id == moderator.pk and promotion.kind != Promotion.Kind.EDITORIAL:
        raise ActionNotAllowed(_("You are the sponsor: another moderator decides on this."))


def checked_reason(reason: str, *, needed: bool) -> str:
    """The reason without space around it.

    Raises:
        ActionNotAllowed: it is needed and missing, or too long.
    """
    reason = reason.strip()
    if needed and not reason:
        raise ActionNotAllowed(_("Give a reason: the person reads it."))
    if len(reason) > MAX_REASON:
        raise ActionNotAllowed(_("Give a reason of at most %(count)d characters.") % {"count": MAX_REASON})
    return reason


def public_article(article: Article) -> Article:
    """The article with its author, section and live text, locked so that it is not hidden before we are done.

    Raises:
        ActionNotAllowed: it is not published.
    """
    found = Article.objects.select_for_update(no_key=True).only("pk").filter(pk=article.pk).first()
    now = Article.objects.published().select_related("author", "section", "live").filter(pk=article.pk).first()
    if found is None or now is None:
        raise ActionNotAllowed(_("Only a published article can be put forward."))
    return now


def close_ended(now: datetime | None = None) -> int:
    """Store what the clock has decided: promotions whose time is over have ended. Returns how many.

    Nothing depends on when this runs: every query sees the clock itself.
    """
    now = now or timezone.now()
    if not Promotion.objects.over(now).exists():
        return 0
    with ledger.writing():
        over = list(Promotion.objects.over(now).select_for_update(no_key=True).order_by("ends_at", "pk"))
        for promotion in over:
            enter(promotion, State.ENDED, event=Event.ENDED, role=Role.SYSTEM, closed_at=promotion.ends_at)
    return len(over)


def shown_moment(moment: datetime) -> str:
    """A time for a sentence, in the site's time zone and the reader's notation."""
    return formats.date_format(timezone.localtime(moment), "DATETIME_FORMAT")


def what_stands(promotion: Promotion) -> str:
    """Why the step is not there: where the promotion stands."""
    phase = Promotion.Phase(promotion.phase)
    return _("This is not possible any more: the promotion is “%(state)s” by now.") % {"state": phase.label}
