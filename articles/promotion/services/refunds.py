"""Refunds and disputes. Each step is a row of the ledger. The providers are in `articles.promotion.payments`.

A provider is called outside of any transaction, after it is committed that it will be (`Payment.Status.SENT`).
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F
from django.tasks import task
from django.utils import timezone
from django.utils.translation import gettext as _
from payments import PaymentError
from payments.core import provider_factory

from accounts.models import User
from articles.promotion.models import LedgerEntry, Payment, Promotion
from articles.promotion.models.ledger import append_entry
from articles.promotion.services.notifications import Kind, notify, notify_moderators
from articles.promotion.services.state_machine import locked, moderator_action, transition
from core.exceptions import ActionNotAllowed

Role = LedgerEntry.Role
Event = LedgerEntry.Event
Status = Payment.Status

# After that time the worker that called a provider is no longer at it.
CALL_TIMEOUT = timedelta(minutes=10)
logger = logging.getLogger(__name__)


def refund_amount(promotion: Promotion, amount: int, *, now: datetime) -> int:
    """Return how much of an amount is due back if the promotion stops at `now`, in minor units.

    Before the start it is all; later the part for the whole seconds that remain, rounded down.
    """
    start, end = promotion.starts_at, promotion.ends_at
    if start is None or end is None or now <= start:
        return amount
    if now >= end:
        return 0
    second = timedelta(seconds=1)
    return amount * ((end - now) // second) // ((end - start) // second)


def refund_if_closed(promotion: Promotion) -> int:
    """Return how much more is due back of all payments of a promotion if it stops now, in minor units."""
    now = timezone.now()
    payments = [payment for payment in promotion.payments.all() if payment.received_at]
    due = [refund_amount(promotion, payment.amount, now=now) - payment.refund_due for payment in payments]
    return sum(more for more in due if more > 0)


def close(promotion: Promotion, to: str, **entry: Any) -> LedgerEntry:
    """Close a locked promotion like `transition`, and request from the providers what is due back."""
    closed = transition(promotion, to, **entry)
    for payment in promotion.payments.filter(received_at__isnull=False):
        create_refund_due(promotion, payment, refund_amount(promotion, payment.amount, now=closed.at))
    return closed


def create_refund_due(promotion: Promotion, payment: Payment, amount: int) -> None:
    """Record that of a payment of a locked promotion so much is due back in all, and request what is new."""
    more = amount - payment.refund_due
    if more <= 0:
        return
    payment.refund_owed = payment.refund_due = amount
    payment.refund_status = Status.REQUESTED
    payment.save(update_fields=["refund_owed", "refund_due", "refund_status"])
    entry = record_money(promotion, payment, -more, event=Event.REFUND_DUE, role=Role.SYSTEM)
    if payment.variant == "manual":
        notify_moderators(entry, Kind.REFUND_BY_HAND)
    else:
        send_refund.enqueue(payment.pk)


@task()
def send_refund(payment_id: int) -> None:
    """Refund a payment; if the provider does not answer, `reconcile` does it later."""
    try:
        refund(payment_id)
    except OSError as error:
        logger.warning("The refund of payment %s has no result yet: %s", payment_id, error)


def refund(payment_id: int) -> None:
    """Ask the provider to refund what is due of a payment, unless another worker is at it.

    If the worker is killed, `reconcile` runs this again. The provider does not refund twice: it gets the same
    idempotency key for the same rest, and because it forgets keys, it is asked first what it has refunded. While a
    refund waits for the sponsor, no other one is sent.

    Raises:
        OSError: the result is not known. The refund stays sent, so `reconcile` asks again.
    """
    now = timezone.now()
    payment = Payment.objects.select_related("promotion").get(pk=payment_id)
    unfinished = Payment.objects.unfinished_refunds(now - CALL_TIMEOUT).filter(pk=payment_id)
    # Version 0.2 does not write `refund_owed`, if it still serves after the migration.
    if not unfinished.update(refund_status=Status.SENT, refund_sent_at=now, refund_owed=F("refund_due")):
        return
    try:
        provider = provider_factory(payment.variant, payment)
        if payment.refund_sent_at is not None and provider.check_refunds(payment):
            return
        payment.refresh_from_db()
        if payment.refund_left and payment.refund_status == Status.SENT:
            provider.send_refund(payment)
    except (PaymentError, ValueError) as error:  # Refused, or the operator has changed the provider since.
        record_refund_failure(payment=payment, reason=str(error))


def record_provider_refund(*, payment: Payment, total: int, reference: str = "", amount: int = 0) -> None:
    """Record a refund that the provider has made. Reports can be repeated or out of order: each counts once.

    If it was more than what is due, it was made in the provider's dashboard, and the moderators are told.

    Args:
        total: what was refunded in all, if that is known, in minor units; otherwise 0.
        reference: the provider's id of one refund.
        amount: of that refund, in minor units.
    """
    with locked(payment.promotion) as promotion:
        payment.refresh_from_db()
        refunds = payment.reports.setdefault("refunds", {})
        if payment.received_at is None or reference in refunds:
            return
        if reference:
            refunds[reference] = amount
        payment.reports["total"] = max(total, payment.reports.get("total", 0))
        _record_paid_back(promotion, payment)


def record_refund_failure(*, payment: Payment, reason: str, reference: str = "", amount: int = 0) -> None:
    """Record that a refund failed, and ask the moderators to refund by hand. A repeated report changes nothing.

    Args:
        reference: the provider's id of the refund, if it has made one.
        amount: of that refund, in minor units.
    """
    with locked(payment.promotion) as promotion:
        payment.refresh_from_db()
        refunds: dict[str, int] = payment.reports.setdefault("refunds", {})
        failed: list[str] = payment.reports.setdefault("failed", [])
        if reference in failed:
            return
        before = payment.paid_back
        if reference:
            refunds.setdefault(reference, amount)
            failed.append(reference)
        returned = min(before - payment.paid_back, payment.refunded)
        payment.refunded -= returned
        wanted = max((refunds[one] for one in failed), default=0)
        payment.refund_due = max(payment.refund_owed, payment.refunded, min(wanted, payment.amount))
        payment.refund_status = Status.FAILED if payment.refund_left else Status.CONFIRMED
        payment.save(update_fields=["refunded", "refund_due", "refund_status", "reports"])
        entry = record_money(
            promotion,
            payment,
            returned,
            event=Event.REFUND_FAILED,
            role=Role.PROVIDER,
            reason=reason[:500],
            details={**details_of(payment), "refund": reference},
        )
        if payment.refund_left:
            notify_moderators(entry, Kind.REFUND_BY_HAND)


def record_dispute(*, payment: Payment, reference: str, is_open: bool, lost: int = 0) -> None:
    """Record that the sponsor's bank disputes a payment, or how that ended. Meanwhile nothing is refunded.

    Args:
        reference: the provider's id of the dispute. Its reports can be repeated or out of order.
        lost: what the bank has taken back, in minor units. It counts as refunded.
    """
    with locked(payment.promotion) as promotion:
        payment.refresh_from_db()
        disputes = payment.reports.setdefault("disputes", {})
        if reference in disputes and (is_open or disputes[reference] is not None):
            return
        disputes[reference] = None if is_open else lost
        payment.is_disputed = None in disputes.values()
        payment.save(update_fields=["is_disputed", "reports"])
        entry = append_entry(
            promotion,
            event=Event.DISPUTED if is_open else Event.DISPUTE_CLOSED,
            role=Role.PROVIDER,
            details={**details_of(payment), "dispute": reference},
        )
        notify_moderators(entry, Kind.PROVIDER_REPORT)
        _record_paid_back(promotion, payment)
        if payment.refund_left and payment.refund_status != Status.FAILED and not payment.is_disputed:
            send_refund.enqueue(payment.pk)


def _record_paid_back(promotion: Promotion, payment: Payment) -> None:
    """Save new reports of a locked payment, and what they add to the refunds."""
    payment.save(update_fields=["reports"])
    if payment.paid_back <= payment.refunded:
        return
    is_unexpected = payment.paid_back > payment.refund_due
    payment.refund_due = max(payment.refund_due, payment.paid_back)
    entry = _mark_refunded(promotion, payment, up_to=payment.paid_back, role=Role.PROVIDER)
    if is_unexpected:
        notify_moderators(entry, Kind.PROVIDER_REPORT)


def record_refund(*, promotion: Promotion, moderator: User, reason: str = "") -> Promotion:
    """Record that a moderator has refunded by hand everything that no provider refunds."""
    with moderator_action(promotion, moderator, reason) as (promotion, by):
        due = [payment for payment in promotion.payments.all() if payment.is_refunded_by_hand]
        if not due:
            raise ActionNotAllowed(_("No refund is due for this promotion."))
        for payment in due:
            _mark_refunded(promotion, payment, up_to=payment.refund_due, **by)
    return promotion


def _mark_refunded(promotion: Promotion, payment: Payment, *, up_to: int, **by: Any) -> LedgerEntry:
    amount = up_to - payment.refunded
    payment.refunded = up_to
    if not payment.refund_left:
        payment.refund_status = Status.CONFIRMED
    payment.save(update_fields=["refund_due", "refunded", "refund_status"])
    entry = record_money(promotion, payment, -amount, event=Event.REFUNDED, **by)
    notify(entry, Kind.REFUNDED, promotion.sponsor)
    return entry


def record_money(promotion: Promotion, payment: Payment, amount: int, **entry: Any) -> LedgerEntry:
    """Append a row of the ledger about an amount of a payment."""
    return append_entry(
        promotion, amount=amount, currency=payment.currency[:3], **{"details": details_of(payment), **entry}
    )


def details_of(payment: Payment) -> dict[str, Any]:
    """Return what a row of the ledger says about a payment."""
    return {"payment": payment.pk, "provider": payment.variant}
