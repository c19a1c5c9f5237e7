"""The ledger: a row for everything that happened to a promotion, each bound to the row before by its hash."""

from __future__ import annotations

from typing import Any, NoReturn, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from articles.promotion.models.promotion import Promotion
from articles.promotion.money import exact


class WrittenForEver(Exception):
    """Somebody tried to change or to delete a row of the ledger."""


class LedgerQuerySet(models.QuerySet["LedgerEntry"]):
    """How the ledger is asked for. The guards keep slips away; that nothing was changed is proved by the hashes."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise WrittenForEver

    def delete(self) -> NoReturn:
        raise WrittenForEver

    def in_order(self) -> Self:
        return self.order_by("number")

    def transitions(self) -> Self:
        """Without the notes, which leave the state as it is."""
        return self.exclude(from_state=models.F("to_state"))

    def money(self) -> Self:
        """Rows of money that moved: their amounts add up to the income."""
        return self.filter(event__in=LedgerEntry.MOVES_MONEY)


class LedgerEntry(models.Model):
    """One thing that happened. Rows are only ever added, by `articles.promotion.ledger.append`."""

    class Event(models.TextChoices):
        REQUESTED = "requested", pgettext_lazy("row of the ledger", "Requested")
        PAYMENT_ASKED = "payment_asked", pgettext_lazy("row of the ledger", "Payment asked for")
        PAID = "paid", pgettext_lazy("row of the ledger", "Paid")
        AGREED = "agreed", pgettext_lazy("row of the ledger", "Author agreed")
        REFUSED = "refused", pgettext_lazy("row of the ledger", "Author refused")
        APPROVED = "approved", pgettext_lazy("row of the ledger", "Approved")
        PINNED = "pinned", pgettext_lazy("row of the ledger", "Pinned by the editors")
        DECLINED = "declined", pgettext_lazy("row of the ledger", "Declined")
        CANCELLED = "cancelled", pgettext_lazy("row of the ledger", "Cancelled by the sponsor")
        REVOKED = "revoked", pgettext_lazy("row of the ledger", "Revoked")
        ENDED = "ended", pgettext_lazy("row of the ledger", "Ended")
        MOVED = "moved", pgettext_lazy("row of the ledger", "Start moved")
        LOOKED_AFTER = "looked_after", pgettext_lazy("row of the ledger", "Changed text looked at")
        PAID_LATE = "paid_late", pgettext_lazy("row of the ledger", "Payment that came too late")
        PAYMENT_REFUSED = "payment_refused", pgettext_lazy("row of the ledger", "Payment refused: another amount")
        REFUND_DUE = "refund_due", pgettext_lazy("row of the ledger", "Refund due")
        REFUNDED = "refunded", pgettext_lazy("row of the ledger", "Refunded")
        REFUND_FAILED = "refund_failed", pgettext_lazy("row of the ledger", "Refund failed")
        CORRECTION = "correction", pgettext_lazy("row of the ledger", "Correction")

    class Role(models.TextChoices):
        SPONSOR = "sponsor", pgettext_lazy("role in a promotion", "sponsor")
        AUTHOR = "author", pgettext_lazy("role in a promotion", "author")
        MODERATOR = "moderator", pgettext_lazy("role in a promotion", "moderator")
        PROVIDER = "provider", pgettext_lazy("role in a promotion", "payment provider")
        SYSTEM = "system", pgettext_lazy("role in a promotion", "the site")

    # What came in counts up, what went back down; what is merely due has an amount too, but moved nothing.
    MOVES_MONEY = ("paid", "paid_late", "refunded")

    number = models.PositiveBigIntegerField(_("number"), unique=True)
    promotion = models.ForeignKey(
        Promotion, on_delete=models.PROTECT, related_name="ledger", verbose_name=_("promotion")
    )
    event = models.CharField(_("what happened"), max_length=20, choices=Event.choices)
    # Empty for the first row of a promotion; the same as `to_state` for a note.
    from_state = models.CharField(_("from"), max_length=20, choices=Promotion.State.choices, blank=True)
    to_state = models.CharField(_("to"), max_length=20, choices=Promotion.State.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("by"),
    )
    actor_role = models.CharField(_("as"), max_length=10, choices=Role.choices)
    reason = models.TextField(_("reason"), max_length=2000, blank=True)
    at = models.DateTimeField(_("at"))
    # Minor units, signed: what the site got, or gave or owes back.
    amount = models.BigIntegerField(_("amount"), default=0)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    details = models.JSONField(_("details"), default=dict, blank=True)
    previous_hash = models.CharField(_("hash of the row before"), max_length=64, blank=True)
    hash = models.CharField(_("hash"), max_length=64)

    objects = LedgerQuerySet.as_manager()

    class Meta:
        verbose_name = _("row of the ledger")
        verbose_name_plural = _("ledger")
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(
                condition=Q(actor_role__in=["sponsor", "author", "moderator", "provider", "system"]),
                name="ledger_role_known",
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="ledger_numbers_from_one"),
        ]
        indexes = [models.Index(fields=["promotion", "number"], name="ledger_of_promotion")]

    def __str__(self) -> str:
        return f"{self.number}: {self.get_event_display()}"

    @property
    def amount_shown(self) -> str:
        """The signed amount for people: "-12.50 EUR"."""
        return exact(self.amount, self.currency)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the row; one that exists is never written again."""
        if not self._state.adding:
            raise WrittenForEver
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise WrittenForEver


class LedgerHead(models.Model):
    """The one row (id 1) that whoever appends locks: the last number and hash. So it also shows a cut-off end."""

    number = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("head of the ledger")
        verbose_name_plural = _("heads of the ledger")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="ledger_head_single_row")]

    def __str__(self) -> str:
        return f"{self.number}"
