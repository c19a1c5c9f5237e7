"""Emails about rows of the ledger. They are stored in the transaction of the row, and sent after it."""

from __future__ import annotations

from enum import StrEnum

from accounts.models import User
from articles.promotion.models import LedgerEntry
from articles.promotion.models.payment import format_amount
from articles.promotion.services.state_machine import DECIDE_PERMISSION
from core.mail import enqueue_email


class Kind(StrEnum):
    """Which email; the texts are in templates/promotion/mail/."""

    REQUESTED = "requested"
    AUTHOR_ASKED = "author_asked"
    RECEIPT = "receipt"
    APPROVED = "approved"
    PICKED = "picked"
    DECLINED = "declined"
    REFUSED = "refused"
    REVOKED = "revoked"
    MOVED = "moved"
    REFUNDED = "refunded"
    REFUND_BY_HAND = "refund_by_hand"
    TRANSFER_EXPECTED = "transfer_expected"
    UNEXPECTED_PAYMENT = "unexpected_payment"
    PROVIDER_REPORT = "provider_report"


def notify(entry: LedgerEntry, kind: Kind, *users: User, to_moderators: bool = False) -> None:
    """Enqueue an email to each active user about a row of the ledger, after all rows that belong to the action."""
    promotion = entry.promotion
    refund = 0
    if kind in {Kind.DECLINED, Kind.REFUSED, Kind.REVOKED}:
        due = promotion.ledger.filter(event=LedgerEntry.Event.REFUND_DUE, number__gte=entry.number)
        refund = -sum(due.values_list("amount", flat=True))
    context = {
        "kind": kind,
        "to_moderator": to_moderators,
        "entry": entry,
        "promotion": promotion,
        "title": str(promotion.article),
        # Functions, because amounts depend on the recipient's language.
        "amount": lambda: format_amount(abs(entry.amount) or promotion.price, entry.currency),
        "refund": lambda: format_amount(refund, entry.currency) if refund else "",
    }
    for user in dict.fromkeys(users):
        if user.is_active:
            enqueue_email(
                to=user.email,
                template="promotion/mail/notification",
                context={**context, "user": user},
                language=user.preferred_language,
            )


def notify_moderators(entry: LedgerEntry, kind: Kind) -> None:
    """Notify all users who can decide on promotions."""
    backend = "django.contrib.auth.backends.ModelBackend"
    moderators = User.objects.with_perm(DECIDE_PERMISSION, backend=backend).filter(is_staff=True)
    notify(entry, kind, *moderators.order_by("pk"), to_moderators=True)
