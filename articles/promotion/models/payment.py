"""A payment, as django-payments carries it to a provider and back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from payments import PurchasedItem
from payments.models import BasePayment

from articles.promotion.models.promotion import Promotion
from articles.promotion.money import exact


class Payment(BasePayment):  # type: ignore[misc]
    """Money for a promotion. Ours are whole minor units (`amount`); `total` is the same for the provider.

    The provider's side (`status`, `captured_amount`) is never believed by itself: `payments.settle` compares what the
    provider reports with `amount` and `currency`, and only then does the promotion become paid.
    """

    promotion = models.ForeignKey(
        Promotion, on_delete=models.PROTECT, related_name="payments", verbose_name=_("promotion")
    )
    amount = models.PositiveIntegerField(_("amount in minor units"))
    # When its money was taken up into the ledger.
    received_at = models.DateTimeField(_("received"), null=True, blank=True)
    refund_due = models.PositiveIntegerField(_("refund due in minor units"), default=0)
    refunded = models.PositiveIntegerField(_("refunded in minor units"), default=0)

    objects: ClassVar[models.Manager[Payment]] = models.Manager()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_has_amount"),
            models.CheckConstraint(condition=Q(refund_due__lte=F("amount")), name="payment_refund_within_amount"),
            models.CheckConstraint(condition=Q(refunded__lte=F("refund_due")), name="payment_refunded_within_due"),
            models.UniqueConstraint(fields=["token"], name="payment_token_unique"),
            models.UniqueConstraint(
                fields=["variant", "transaction_id"],
                condition=~Q(transaction_id=""),
                name="payment_one_per_transaction",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}: {exact(self.amount, self.currency)}"

    @property
    def refund_left(self) -> int:
        """What is due and was not given back yet, in minor units."""
        return self.refund_due - self.refunded

    def get_purchased_items(self) -> list[Any]:
        """The one thing that is paid for, for providers that list it."""
        return [
            PurchasedItem(
                name=self.description,
                quantity=1,
                price=Decimal(self.total),
                currency=self.currency,
                sku=str(self.promotion_id),
            )
        ]

    def get_success_url(self) -> str:
        """Where the sponsor comes back to, whatever happened: the page says where the promotion stands."""
        return f"{settings.ORIGIN}{reverse('promotion', kwargs={'pk': self.promotion_id})}"

    def get_failure_url(self) -> str:
        return f"{settings.ORIGIN}{reverse('promotion_pay', kwargs={'pk': self.promotion_id})}"
