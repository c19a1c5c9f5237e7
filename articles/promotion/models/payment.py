"""Amounts of money, and payments as django-payments passes them to a provider and back.

Amounts are integers in minor units (cents, for example) with a currency. Decimals are used only towards providers.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from payments.models import BasePayment

# ISO 4217 code → digits of the minor unit. Currencies with three digits are not offered, because providers and
# `Payment.total` carry two at most.
EXPONENTS = {
    "AMD": 2, "AUD": 2, "BRL": 2, "CAD": 2, "CHF": 2, "CNY": 2, "CZK": 2, "DKK": 2, "EUR": 2, "GBP": 2, "GEL": 2,
    "HKD": 2, "HUF": 2, "ILS": 2, "INR": 2, "JPY": 0, "KRW": 0, "KZT": 2, "MXN": 2, "NOK": 2, "NZD": 2, "PLN": 2,
    "RON": 2, "RUB": 2, "SEK": 2, "SGD": 2, "TRY": 2, "UAH": 2, "USD": 2, "VND": 0, "ZAR": 2,
}  # fmt: skip
CURRENCIES = [(code, code) for code in EXPONENTS]
# What fits into the column `total` of django-payments, in units of any currency.
MAX_PRICE = 9_999_999


def to_decimal(amount: int, currency: str) -> Decimal:
    """Convert minor units to the Decimal that a provider expects: 1250 EUR → 12.50, 1250 JPY → 1250."""
    return Decimal(amount).scaleb(-EXPONENTS[currency])


def to_minor(amount: Decimal, currency: str) -> int:
    """Convert a provider's Decimal to minor units.

    Raises:
        ValueError: it has more digits than the currency.
    """
    scaled = amount.scaleb(EXPONENTS[currency])
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{amount} is no amount of {currency}")
    return int(scaled)


def format_amount(amount: int, currency: str) -> str:
    """Format minor units in the notation of the active language: "1,250.00 EUR"."""
    digits = EXPONENTS.get(currency, 0)
    number = formats.number_format(
        Decimal(amount).scaleb(-digits), decimal_pos=digits, use_l10n=True, force_grouping=True
    )
    return f"{number}\u00a0{currency}".strip()


def format_price(amount: int, currency: str) -> str:
    """Format minor units like `format_amount`, but zero as "free"."""
    return format_amount(amount, currency) if amount else str(_("free"))


class PaymentQuerySet(models.QuerySet["Payment"]):
    """Queries over payments."""

    def unfinished(self) -> Self:
        """Return the payments that wait for a provider or a moderator."""
        has_no_result = Q(status=Payment.Status.SENT, received_at=None)
        return self.filter(has_no_result | Q(refund_due__gt=F("refunded")) | Q(is_disputed=True))

    def unfinished_charges(self, before: datetime) -> Self:
        """Return the payments about which a provider was asked before that time, and which it has not reported."""
        return self.filter(status=Payment.Status.SENT, received_at=None, sent_at__lt=before).exclude(variant="manual")

    def unfinished_refunds(self, before: datetime) -> Self:
        """Return the payments whose refund was not sent, or was sent before that time and has no result."""
        was_sent = Q(refund_status=Payment.Status.SENT, refund_sent_at__lt=before)
        waits = self.filter(Q(refund_status=Payment.Status.REQUESTED) | was_sent, is_disputed=False)
        return waits.exclude(variant="manual")


class Payment(BasePayment):  # type: ignore[misc]
    """Money for a promotion, and what of it is given back: an outbox for the provider. Amounts are in minor units.

    What the provider reports is compared with `amount` and `currency` by `services.payments.record_payment`, which sets
    both to what has arrived.
    """

    class Status(models.TextChoices):
        """Of a charge or a refund. It is committed as sent before the provider is called."""

        REQUESTED = "requested", pgettext_lazy("status of a payment", "requested")
        SENT = "sent", pgettext_lazy("status of a payment", "sent")
        CONFIRMED = "confirmed", pgettext_lazy("status of a payment", "confirmed")
        FAILED = "failed", pgettext_lazy("status of a payment", "failed")

    promotion = models.ForeignKey(
        "promotion.Promotion", on_delete=models.PROTECT, related_name="payments", verbose_name=_("promotion")
    )
    amount = models.PositiveIntegerField(_("amount in minor units"))
    status = models.CharField(_("payment"), max_length=10, choices=Status.choices, default=Status.REQUESTED)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    # The provider's id of the money that has arrived, which refunds and disputes name.
    reference = models.CharField(_("reference"), max_length=255, blank=True)
    # When it was recorded in the ledger.
    received_at = models.DateTimeField(_("received"), null=True, blank=True)
    # What the site has decided to give back. More is due after a refund that was made in the provider's dashboard.
    refund_owed = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    refund_due = models.PositiveIntegerField(_("refund due in minor units"), default=0)
    refunded = models.PositiveIntegerField(_("refunded in minor units"), default=0)
    # Empty as long as nothing is due.
    refund_status = models.CharField(_("refund"), max_length=10, choices=Status.choices, blank=True)
    refund_sent_at = models.DateTimeField(_("refund sent"), null=True, blank=True)
    # The provider holds the money until the dispute is decided, so nothing is refunded meanwhile.
    is_disputed = models.BooleanField(_("disputed"), default=False)
    # All reports about refunds and disputes, so that their order does not matter: {"total": of all refunds,
    # "refunds": {id: amount}, "failed": [id], "disputes": {id: lost amount, or null while it is open}}.
    reports = models.JSONField(default=dict, db_default={}, editable=False)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_has_amount"),
            models.CheckConstraint(condition=Q(refund_due__lte=F("amount")), name="payment_refund_within_amount"),
            models.CheckConstraint(condition=Q(refunded__lte=F("refund_due")), name="payment_refunded_within_due"),
            models.CheckConstraint(condition=Q(refund_due=0) | ~Q(refund_status=""), name="payment_refund_has_status"),
            models.UniqueConstraint(fields=["token"], name="payment_token_unique"),
            models.UniqueConstraint(
                fields=["variant", "transaction_id"],
                condition=~Q(transaction_id=""),
                name="payment_one_per_transaction",
            ),
            models.UniqueConstraint(
                fields=["variant", "reference"], condition=~Q(reference=""), name="payment_one_per_reference"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}: {format_amount(self.amount, self.currency)}"

    @property
    def refund_left(self) -> int:
        """The part of the refund that is due but not paid back yet."""
        return self.refund_due - self.refunded

    @property
    def paid_back(self) -> int:
        """What the provider and the sponsor's bank have paid back according to `reports`."""
        refunds: dict[str, int] = self.reports.get("refunds", {})
        made: int = max(sum(refunds.values()), self.reports.get("total", 0))
        failed = sum(refunds[reference] for reference in self.reports.get("failed", []))
        lost = sum(amount or 0 for amount in self.reports.get("disputes", {}).values())
        return min(made - failed + lost, self.amount)

    @property
    def is_refunded_by_hand(self) -> bool:
        """Whether a moderator has to refund the rest: it was a transfer, or the provider has refused."""
        is_by_hand = self.variant == "manual" or self.refund_status == self.Status.FAILED
        return is_by_hand and self.refund_left > 0 and not self.is_disputed

    def get_success_url(self) -> str:
        """Return the page that the provider sends the sponsor back to; it shows the state of the promotion."""
        return f"{settings.ORIGIN}{reverse('promotion', kwargs={'pk': self.promotion_id})}"

    def get_failure_url(self) -> str:
        return f"{settings.ORIGIN}{reverse('promotion_pay', kwargs={'pk': self.promotion_id})}"
