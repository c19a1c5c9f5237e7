"""Money that goes back: what is due, the asking, and what became of it. Each step is a row of the ledger."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.tasks import task
from django.utils.translation import gettext as _
from payments import PaymentError
from payments.core import provider_factory

from accounts.models import User
from articles.promotion import ledger
from articles.promotion.models import LedgerEntry, Payment, Promotion
from articles.promotion.money import to_decimal
from articles.promotion.transitions import (
    checked_reason,
    locked,
    moderators,
    must_be_of_another,
    must_decide,
    note,
    tell,
)
from core.exceptions import ActionNotAllowed
from core.mail import retry_later

Role = LedgerEntry.Role
Event = LedgerEntry.Event

SECOND = timedelta(seconds=1)
logger = logging.getLogger(__name__)


@task()
def ask_refund(payment_id: int, up_to: int, attempt: int = 1) -> None:
    """Ask the provider to give back a payment up to this sum in all; asked twice, it gives back once.

    The provider is called outside of any transaction. That the same refund is not made twice after a worker died in
    between is the provider's part: it gets the same key for the same sum (`articles.promotion.payments`).
    """
    payment = Payment.objects.select_related("promotion").get(pk=payment_id)
    if payment.refunded >= up_to:
        return
    try:
        provider = provider_factory(payment.variant, payment)
    except ValueError:  # The operator has changed providers since.
        provider_refused_refund(payment=payment, reason=f"{payment.variant} is not set up any more")
        return
    try:
        provider.refund(payment, to_decimal(up_to - payment.refunded, payment.currency))
    except (PaymentError, OSError) as error:
        logger.warning("The refund of payment %s failed: %s", payment_id, error)
        if not retry_later(ask_refund, payment_id, up_to, attempt=attempt):
            provider_refused_refund(payment=payment, reason=str(error))
    else:
        provider_gave_back(payment=payment, up_to=up_to)


def record_refund(*, promotion: Promotion, moderator: User, reason: str = "") -> Promotion:
    """A moderator has given back, by hand, whatever was due and not given back yet.

    Raises:
        PermissionDenied: the person is no moderator of promotions.
        ActionNotAllowed: their own promotion, or nothing is due.
    """
    must_decide(moderator)
    reason = checked_reason(reason, needed=False)
    with ledger.writing():
        now = locked(promotion)
        must_be_of_another(now, moderator)
        owed = [one for one in now.payments.select_for_update(no_key=True).order_by("pk") if one.refund_left]
        if not owed:
            raise ActionNotAllowed(_("There is nothing to give back for this promotion."))
        for payment in owed:
            _given_back(now, payment, up_to=payment.refund_due, role=Role.MODERATOR, actor=moderator, reason=reason)
    return now


def provider_gave_back(*, payment: Payment, up_to: int) -> None:
    """The provider has given back a payment up to this sum in all; telling it again changes nothing."""
    with ledger.writing():
        promotion = locked(payment.promotion)
        found = Payment.objects.select_for_update(no_key=True).get(pk=payment.pk)
        if found.refunded < up_to <= found.refund_due:
            _given_back(promotion, found, up_to=up_to, role=Role.PROVIDER, actor=None, reason="")


def provider_refused_refund(*, payment: Payment, reason: str) -> None:
    """The provider did not give it back: recorded, and the moderators are told, who do it by hand."""
    with ledger.writing():
        promotion = locked(payment.promotion)
        entry = note(
            promotion,
            event=Event.REFUND_FAILED,
            role=Role.PROVIDER,
            reason=reason[:500],
            details={"payment": payment.pk},
        )
        tell(entry, "refund_by_hand", *moderators())


def owe_refund(promotion: Promotion, *, now: datetime) -> int:
    """Record what is due back for a locked promotion that was just closed; the sum in minor units.

    Everything before its start; while it runs, the part of the price for the whole seconds that remain, rounded down.
    """
    paid = list(promotion.payments.select_for_update(no_key=True).filter(received_at__isnull=False, refund_due=0))
    return sum(owe(promotion, one, refund_of(promotion, one.amount, now=now)) for one in paid)


def refund_of(promotion: Promotion, amount: int, *, now: datetime) -> int:
    """How much of an amount is due back when the promotion stops at `now`."""
    start, end = promotion.starts_at, promotion.ends_at
    if start is None or end is None or now <= start:
        return amount
    if now >= end:
        return 0
    return amount * ((end - now) // SECOND) // ((end - start) // SECOND)


def owe(promotion: Promotion, payment: Payment, amount: int) -> int:
    """Record a sum as due back for a locked payment of a locked promotion, and have it asked for."""
    if not amount:
        return 0
    payment.refund_due = amount
    payment.save(update_fields=["refund_due"])
    details = {"payment": payment.pk, "provider": payment.variant}
    entry = note(promotion, event=Event.REFUND_DUE, role=Role.SYSTEM, amount=-amount, details=details)
    if payment.variant == "manual":
        tell(entry, "refund_by_hand", *moderators())
    else:
        ask_refund.enqueue(payment.pk, amount)
    return amount


def _given_back(
    promotion: Promotion, payment: Payment, *, up_to: int, role: str, actor: User | None, reason: str
) -> None:
    amount = up_to - payment.refunded
    payment.refunded = up_to
    payment.captured_amount = to_decimal(payment.amount - up_to, payment.currency)
    payment.status = "refunded" if up_to == payment.amount else payment.status
    payment.save(update_fields=["refunded", "captured_amount", "status"])
    entry = note(
        promotion,
        event=Event.REFUNDED,
        role=role,
        actor=actor,
        reason=reason,
        amount=-amount,
        details={"payment": payment.pk, "provider": payment.variant},
    )
    tell(entry, "refunded", promotion.sponsor)
