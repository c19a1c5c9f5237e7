"""Charges, and what completes them and refunds. The providers are in `articles.promotion.payments`.

A provider is called outside of any transaction, after it is committed that it will be (`Payment.Status.SENT`). What was
sent and never finished is completed by `reconcile`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from payments import PaymentError
from payments.core import provider_factory

from accounts.models import User
from articles.promotion.models import LedgerEntry, Payment, Promotion
from articles.promotion.models.payment import PaymentQuerySet, to_decimal
from articles.promotion.services.notifications import Kind, notify, notify_moderators
from articles.promotion.services.refunds import CALL_TIMEOUT, create_refund_due, details_of, record_money, refund
from articles.promotion.services.state_machine import check_phase, locked, moderator_action, transition

State = Promotion.State
Role = LedgerEntry.Role
Event = LedgerEntry.Event
Status = Payment.Status

# A provider's page is open for a day; a started payment is continued for a little less.
PAYMENT_TIMEOUT = timedelta(hours=20)
# After that time a provider's page is closed for sure.
MAX_UNFINISHED = timedelta(days=2)
logger = logging.getLogger(__name__)


def open_payment(*, promotion: Promotion, variant: str) -> Payment:
    """Return the payment that the sponsor is about to make: the one started before, as long as it can be continued."""
    with locked(promotion) as promotion:
        check_phase(promotion, State.AWAITING_PAYMENT)
        started = promotion.payments.filter(
            variant=variant,
            received_at=None,
            status__in=[Status.REQUESTED, Status.SENT],
            created__gt=timezone.now() - PAYMENT_TIMEOUT,
        )
        return started.order_by("-pk").first() or _create_payment(promotion, variant)


def record_sent(*, payment: Payment) -> None:
    """Record that the provider is about to be asked for a charge. Call it outside of transactions."""
    unpaid = Payment.objects.filter(pk=payment.pk, received_at=None)
    unpaid.update(status=Status.SENT, sent_at=timezone.now())


def record_payment(*, payment: Payment, amount: int, currency: str, reference: str = "") -> Promotion:
    """Record what the provider has received. Reports can be repeated or out of order: each counts once.

    Money in a wrong amount or currency, a second payment, and money for a promotion that no longer awaits payment is
    recorded and due back, and the moderators are told.

    Args:
        amount: what has arrived, in minor units; not zero.
        currency: the currency of `amount`.
        reference: the provider's id of the charge, in which a second payment on another page differs.
    """
    currency = currency.upper()
    with locked(payment.promotion) as promotion:
        payment.refresh_from_db()
        if reference and Payment.objects.filter(variant=payment.variant, reference=reference).exists():
            return promotion
        if payment.received_at is not None:
            if not reference:
                return promotion
            payment = _create_payment(promotion, payment.variant)  # The sponsor has paid on two pages.
        is_expected = (amount, currency) == (payment.amount, payment.currency)
        payment.amount, payment.currency, payment.reference = amount, currency, reference
        payment.received_at = timezone.now()
        payment.status = Status.CONFIRMED
        payment.save(update_fields=["amount", "currency", "reference", "received_at", "status"])
        if is_expected and promotion.state == State.AWAITING_PAYMENT:
            _mark_paid(promotion, payment, role=Role.PROVIDER)
        else:
            event = Event.PAID_LATE if is_expected else Event.PAYMENT_REFUSED
            entry = record_money(promotion, payment, amount, event=event, role=Role.PROVIDER)
            notify(entry, Kind.UNEXPECTED_PAYMENT, promotion.sponsor)
            notify_moderators(entry, Kind.UNEXPECTED_PAYMENT)
            create_refund_due(promotion, payment, amount)
    return promotion


def record_payment_failure(*, payment: Payment) -> None:
    """Record that the provider reports a payment as failed. A received payment stays as it is."""
    Payment.objects.filter(pk=payment.pk, received_at=None).update(status=Status.FAILED)


def confirm_payment(*, promotion: Promotion, moderator: User, reason: str = "") -> Promotion:
    """Confirm, as a moderator, that the transfer of the whole price has arrived. Confirming twice changes nothing.

    Args:
        reason: for the ledger, such as the number of the transfer; no names.
    """
    with moderator_action(promotion, moderator, reason) as (promotion, by):
        if promotion.state == State.PAID:
            return promotion
        check_phase(promotion, State.AWAITING_PAYMENT)
        payment = _create_payment(promotion, "manual", received_at=timezone.now(), status=Status.CONFIRMED)
        _mark_paid(promotion, payment, **by)
    return promotion


def reconcile() -> None:
    """Ask the providers about charges without a result, and send refunds again that have none.

    Those that wait the longest come first, so that one without an answer does not hold up the others for ever.
    """
    before = timezone.now() - CALL_TIMEOUT
    _for_each(Payment.objects.unfinished_charges(before).order_by("sent_at"), _check_charge)
    _for_each(Payment.objects.unfinished_refunds(before).order_by("refund_sent_at"), refund)


def _for_each(payments: PaymentQuerySet, act: Callable[[int], None]) -> None:
    for pk in payments.values_list("pk", flat=True):
        try:
            act(pk)
        except (ConnectionError, TimeoutError) as error:  # Each of the others would wait as long.
            logger.warning("The payment provider does not answer: %s", error)
            return
        except Exception:
            logger.exception("The result of payment %s is unknown", pk)


def _check_charge(payment_id: int) -> None:
    now = timezone.now()
    unfinished = Payment.objects.unfinished_charges(now - CALL_TIMEOUT).filter(pk=payment_id)
    if not unfinished.update(sent_at=now):  # Another worker asks.
        return
    payment = Payment.objects.select_related("promotion").get(pk=payment_id)
    try:
        provider_factory(payment.variant, payment).check_payment(payment)
    except (PaymentError, ValueError) as error:  # Refused, or the operator has changed the provider since.
        logger.warning("The state of payment %s is unknown: %s", payment.pk, error)
    if payment.created < timezone.now() - MAX_UNFINISHED:
        record_payment_failure(payment=payment)


def _create_payment(promotion: Promotion, variant: str, **fields: Any) -> Payment:
    payment: Payment = Payment.objects.create(
        promotion=promotion,
        variant=variant,
        amount=promotion.price,
        currency=promotion.currency,
        total=to_decimal(promotion.price, promotion.currency),
        description=_("Promotion no. %(number)d") % {"number": promotion.pk},
        **fields,
    )
    return payment


def _mark_paid(promotion: Promotion, payment: Payment, **by: Any) -> None:
    promotion.paid_at = payment.received_at
    details = details_of(payment)
    entry = transition(promotion, State.PAID, event=Event.PAID, amount=payment.amount, details=details, **by)
    notify(entry, Kind.RECEIPT, promotion.sponsor)
    notify_moderators(entry, Kind.REQUESTED)
