"""Money that comes in, in whole minor units. What comes back is in `refunds`; who is asked for it, in `payments`."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from articles.promotion import ledger
from articles.promotion.models import LedgerEntry, Payment, Promotion
from articles.promotion.money import EXPONENTS, to_decimal
from articles.promotion.refunds import owe
from articles.promotion.transitions import (
    checked_reason,
    enter,
    locked,
    moderators,
    must_be_of_another,
    must_decide,
    note,
    tell,
    what_stands,
)
from core.exceptions import ActionNotAllowed

State = Promotion.State
Role = LedgerEntry.Role
Event = LedgerEntry.Event

# A provider's page is open for a day; a payment that was begun is gone back to for a little less.
GOOD_FOR = timedelta(hours=20)


def confirm_payment(*, promotion: Promotion, moderator: User, reason: str = "") -> Promotion:
    """A moderator has seen the transfer of the whole price arrive. Confirming twice is confirming once.

    Args:
        reason: for the ledger, such as the number of the transfer; write no names.

    Raises:
        PermissionDenied: the person is no moderator of promotions.
        ActionNotAllowed: their own request, or it does not wait for money.
    """
    must_decide(moderator)
    reason = checked_reason(reason, needed=False)
    with ledger.writing():
        now = locked(promotion)
        must_be_of_another(now, moderator)
        if now.state == State.PAID:
            return now
        if now.state != State.AWAITING_PAYMENT:
            raise ActionNotAllowed(what_stands(now))
        payment = new_payment(promotion=now, variant="manual")
        payment.received_at, payment.status = timezone.now(), "confirmed"
        payment.save(update_fields=["received_at", "status"])
        _take_in(now, payment, role=Role.MODERATOR, actor=moderator, reason=reason)
    return now


def payment_received(*, payment: Payment, amount: int, currency: str) -> Promotion:
    """The provider reports that a payment is complete. Told twice, or in any order, it counts once.

    What is reported is compared with what was asked for: another amount or currency is recorded as refused and pays
    for nothing. Money for a promotion that does not wait for it any more is recorded and owed back whole.

    Args:
        amount: what the provider says it took, in minor units.
        currency: in which currency.
    """
    with ledger.writing():
        promotion = locked(payment.promotion)
        found = Payment.objects.select_for_update(no_key=True).get(pk=payment.pk)
        if found.received_at is not None:
            return promotion
        if (amount, currency.upper()) != (found.amount, found.currency):
            _refuse(promotion, found, amount=amount, currency=currency)
            return promotion
        found.received_at = timezone.now()
        found.captured_amount = found.total
        found.status = "confirmed"
        found.save(update_fields=["received_at", "captured_amount", "status"])
        if promotion.state == State.AWAITING_PAYMENT:
            _take_in(promotion, found, role=Role.PROVIDER, actor=None, reason="")
        else:
            note(
                promotion,
                event=Event.PAID_LATE,
                role=Role.PROVIDER,
                amount=found.amount,
                details={"payment": found.pk, "provider": found.variant},
            )
            owe(promotion, found, found.amount)
    return promotion


def open_payment(*, promotion: Promotion, variant: str) -> Payment:
    """The payment that the sponsor is about to make; the one that was begun before, as long as it is good.

    Raises:
        ActionNotAllowed: the promotion does not wait for money.
    """
    with ledger.writing():
        now = locked(promotion)
        if now.state != State.AWAITING_PAYMENT:
            raise ActionNotAllowed(what_stands(now))
        begun = now.payments.filter(
            variant=variant,
            received_at=None,
            status__in=["waiting", "input"],
            created__gt=timezone.now() - GOOD_FOR,
        )
        return begun.order_by("-pk").first() or new_payment(promotion=now, variant=variant)


def payment_failed(*, payment: Payment, status: str = "rejected") -> None:
    """The provider says that a payment will not come. One that came stays what it is."""
    Payment.objects.filter(pk=payment.pk, received_at=None).update(status=status)


def new_payment(*, promotion: Promotion, variant: str) -> Payment:
    """A payment of the promotion's price by a provider; nothing is asked of the provider yet."""
    assert promotion.currency in EXPONENTS
    payment = Payment(
        promotion=promotion,
        variant=variant,
        amount=promotion.price,
        currency=promotion.currency,
        total=to_decimal(promotion.price, promotion.currency),
        description=_("Promotion no. %(number)d") % {"number": promotion.pk},
    )
    payment.save()
    return payment


def _take_in(promotion: Promotion, payment: Payment, *, role: str, actor: User | None, reason: str) -> None:
    entry = enter(
        promotion,
        State.PAID,
        event=Event.PAID,
        role=role,
        actor=actor,
        reason=reason,
        amount=payment.amount,
        details={"payment": payment.pk, "provider": payment.variant},
        paid_at=payment.received_at,
    )
    tell(entry, "receipt", promotion.sponsor)
    tell(entry, "requested", *moderators())


def _refuse(promotion: Promotion, payment: Payment, *, amount: int, currency: str) -> None:
    details = {"payment": payment.pk, "reported": amount, "reported_currency": currency.upper()[:3]}
    if promotion.ledger.filter(event=Event.PAYMENT_REFUSED, details=details).exists():
        return
    Payment.objects.filter(pk=payment.pk).update(status="error")
    note(promotion, event=Event.PAYMENT_REFUSED, role=Role.PROVIDER, details=details)
