"""Payments and refunds. Each step is a row of the ledger. The providers are in `articles.promotion.payments`."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.tasks import task
from django.utils import timezone
from django.utils.translation import gettext as _
from payments import PaymentError
from payments.core import provider_factory

from accounts.models import User
from articles.promotion.models import LedgerEntry, Notification, Payment, Promotion
from articles.promotion.models.ledger import append_entry
from articles.promotion.models.payment import to_decimal
from articles.promotion.services.notifications import notify, notify_moderators
from articles.promotion.services.state_machine import check_phase, locked, moderator_action, transition
from core.exceptions import ActionNotAllowed
from core.mail import retry_later

State = Promotion.State
Role = LedgerEntry.Role
Event = LedgerEntry.Event
Kind = Notification.Kind

# A provider's page is open for a day; a started payment is continued for a little less.
PAYMENT_TIMEOUT = timedelta(hours=20)
logger = logging.getLogger(__name__)


def open_payment(*, promotion: Promotion, variant: str) -> Payment:
    """Return the payment that the sponsor is about to make: the one started before, as long as it can be continued."""
    with locked(promotion) as promotion:
        check_phase(promotion, State.AWAITING_PAYMENT)
        started = promotion.payments.filter(
            variant=variant,
            received_at=None,
            status__in=["waiting", "input"],
            created__gt=timezone.now() - PAYMENT_TIMEOUT,
        )
        return started.order_by("-pk").first() or _create_payment(promotion, variant)


def record_payment(*, payment: Payment, amount: int, currency: str) -> Promotion:
    """Record that the provider reports a payment as complete. Reports can be repeated or out of order: it counts once.

    If the reported amount or currency is not ours, it is recorded as refused and the promotion is not paid. If the
    promotion no longer awaits payment, the money is recorded and due back.

    Args:
        amount: what the provider has received, in minor units.
        currency: the currency of `amount`.
    """
    with locked(payment.promotion) as promotion:
        payment.refresh_from_db()
        if payment.received_at is not None:
            return promotion
        if (amount, currency.upper()) != (payment.amount, payment.currency):
            details = {"payment": payment.pk, "reported": amount, "reported_currency": currency.upper()[:3]}
            if not promotion.ledger.filter(event=Event.PAYMENT_REFUSED, details=details).exists():
                Payment.objects.filter(pk=payment.pk).update(status="error")
                append_entry(promotion, event=Event.PAYMENT_REFUSED, role=Role.PROVIDER, details=details)
            return promotion
        payment.received_at = timezone.now()
        payment.captured_amount = payment.total
        payment.status = "confirmed"
        payment.save(update_fields=["received_at", "captured_amount", "status"])
        if promotion.state == State.AWAITING_PAYMENT:
            _mark_paid(promotion, payment, role=Role.PROVIDER)
        else:
            _record_money(promotion, payment, payment.amount, event=Event.PAID_LATE, role=Role.PROVIDER)
            create_refund_due(promotion, payment, payment.amount)
    return promotion


def record_payment_failure(*, payment: Payment, status: str = "rejected") -> None:
    """Record that the provider reports a payment as failed. A received payment stays as it is."""
    Payment.objects.filter(pk=payment.pk, received_at=None).update(status=status)


def confirm_payment(*, promotion: Promotion, moderator: User, reason: str = "") -> Promotion:
    """Confirm, as a moderator, that the transfer of the whole price has arrived. Confirming twice changes nothing.

    Args:
        reason: for the ledger, such as the number of the transfer; no names.
    """
    with moderator_action(promotion, moderator, reason) as (promotion, by):
        if promotion.state == State.PAID:
            return promotion
        check_phase(promotion, State.AWAITING_PAYMENT)
        payment = _create_payment(promotion, "manual", received_at=timezone.now(), status="confirmed")
        _mark_paid(promotion, payment, **by)
    return promotion


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
    """Return how much is due back of all payments of a promotion if it stops now, in minor units."""
    now = timezone.now()
    payments = [payment for payment in promotion.payments.all() if payment.received_at and not payment.refund_due]
    return sum(refund_amount(promotion, payment.amount, now=now) for payment in payments)


def close(promotion: Promotion, to: str, **entry: Any) -> LedgerEntry:
    """Close a locked promotion like `transition`, and request from the providers what is due back."""
    closed = transition(promotion, to, **entry)
    for payment in promotion.payments.filter(received_at__isnull=False, refund_due=0):
        create_refund_due(promotion, payment, refund_amount(promotion, payment.amount, now=closed.at))
    return closed


def create_refund_due(promotion: Promotion, payment: Payment, amount: int) -> None:
    """Record an amount as due back for a locked payment of a locked promotion, and request it from its provider."""
    if not amount:
        return
    payment.refund_due = amount
    payment.save(update_fields=["refund_due"])
    entry = _record_money(promotion, payment, -amount, event=Event.REFUND_DUE, role=Role.SYSTEM)
    if payment.variant == "manual":
        notify_moderators(entry, Kind.REFUND_BY_HAND)
    else:
        request_refund.enqueue(payment.pk, amount)


@task()
def request_refund(payment_id: int, up_to: int, attempt: int = 1) -> None:
    """Ask the provider to refund a payment up to this total, in minor units.

    The provider is called outside any transaction. If the worker is killed in between and the task runs again, the
    provider does not refund twice: it gets the same idempotency key for the same total.
    """
    payment = Payment.objects.select_related("promotion").get(pk=payment_id)
    if payment.refunded >= up_to:
        return
    try:
        provider = provider_factory(payment.variant, payment)
    except ValueError:  # The operator has changed the provider since.
        record_refund_failure(payment=payment, reason=f"{payment.variant} is not set up any more")
        return
    try:
        provider.refund(payment, to_decimal(up_to - payment.refunded, payment.currency))
    except (PaymentError, OSError) as error:
        logger.warning("The refund of payment %s failed: %s", payment_id, error)
        if not retry_later(request_refund, payment_id, up_to, attempt=attempt):
            record_refund_failure(payment=payment, reason=str(error))
    else:
        record_provider_refund(payment=payment, up_to=up_to)


def record_provider_refund(*, payment: Payment, up_to: int) -> None:
    """Record that the provider has refunded a payment up to this total. A repeated report changes nothing."""
    with locked(payment.promotion) as promotion:
        payment.refresh_from_db()
        if payment.refunded < up_to <= payment.refund_due:
            _mark_refunded(promotion, payment, up_to=up_to, role=Role.PROVIDER)


def record_refund_failure(*, payment: Payment, reason: str) -> None:
    """Record that the provider did not refund a payment, and ask the moderators to refund it by hand."""
    with locked(payment.promotion) as promotion:
        details = {"payment": payment.pk}
        entry = append_entry(
            promotion, event=Event.REFUND_FAILED, role=Role.PROVIDER, reason=reason[:500], details=details
        )
        notify_moderators(entry, Kind.REFUND_BY_HAND)


def record_refund(*, promotion: Promotion, moderator: User, reason: str = "") -> Promotion:
    """Record that a moderator has refunded by hand everything that is due."""
    with moderator_action(promotion, moderator, reason) as (promotion, by):
        due = [payment for payment in promotion.payments.all() if payment.refund_left]
        if not due:
            raise ActionNotAllowed(_("No refund is due for this promotion."))
        for payment in due:
            _mark_refunded(promotion, payment, up_to=payment.refund_due, **by)
    return promotion


def _create_payment(promotion: Promotion, variant: str, **fields: Any) -> Payment:
    return Payment.objects.create(
        promotion=promotion,
        variant=variant,
        amount=promotion.price,
        currency=promotion.currency,
        total=to_decimal(promotion.price, promotion.currency),
        description=_("Promotion no. %(number)d") % {"number": promotion.pk},
        **fields,
    )


def _mark_paid(promotion: Promotion, payment: Payment, **by: Any) -> None:
    promotion.paid_at = payment.received_at
    details = _details(payment)
    entry = transition(promotion, State.PAID, event=Event.PAID, amount=payment.amount, details=details, **by)
    notify(entry, Kind.RECEIPT, promotion.sponsor)
    notify_moderators(entry, Kind.REQUESTED)


def _mark_refunded(promotion: Promotion, payment: Payment, *, up_to: int, **by: Any) -> None:
    amount = up_to - payment.refunded
    payment.refunded = up_to
    payment.captured_amount = to_decimal(payment.amount - up_to, payment.currency)
    if up_to == payment.amount:
        payment.status = "refunded"
    payment.save(update_fields=["refunded", "captured_amount", "status"])
    entry = _record_money(promotion, payment, -amount, event=Event.REFUNDED, **by)
    notify(entry, Kind.REFUNDED, promotion.sponsor)


def _record_money(promotion: Promotion, payment: Payment, amount: int, **entry: Any) -> LedgerEntry:
    return append_entry(promotion, amount=amount, details=_details(payment), **entry)


def _details(payment: Payment) -> dict[str, Any]:
    return {"payment": payment.pk, "provider": payment.variant}
