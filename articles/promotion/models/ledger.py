"""The ledger: one row for each event of a promotion, chained to the row before by its hash."""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import UTC
from typing import Any, NoReturn

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from articles.promotion.models.payment import format_amount
from articles.promotion.models.promotion import Promotion

# What the hash of a row covers, and how it is computed, never changes: stored rows are verified with it.
HASHED_FIELDS = (
    *("number", "promotion_id", "event", "from_state", "to_state", "actor_id", "actor_role"),
    *("reason", "amount", "currency", "details", "previous_hash", "nonce"),
)


def new_nonce() -> str:
    return secrets.token_hex(16)


class ImmutableRecordError(Exception):
    """A row of the ledger was to be changed or deleted."""


class LedgerQuerySet(models.QuerySet["LedgerEntry"]):
    """Queries over the ledger. The guards prevent mistakes; only the hashes prove that nothing was changed."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise ImmutableRecordError

    def delete(self) -> NoReturn:
        raise ImmutableRecordError


class LedgerEntry(models.Model):
    """One event. Rows are only ever added, by `append_entry`."""

    class Event(models.TextChoices):
        REQUESTED = "requested", pgettext_lazy("ledger entry", "Requested")
        PAYMENT_ASKED = "payment_asked", pgettext_lazy("ledger entry", "Payment requested")
        PAID = "paid", pgettext_lazy("ledger entry", "Paid")
        AGREED = "agreed", pgettext_lazy("ledger entry", "Author agreed")
        REFUSED = "refused", pgettext_lazy("ledger entry", "Author refused")
        APPROVED = "approved", pgettext_lazy("ledger entry", "Approved")
        PICKED = "picked", pgettext_lazy("ledger entry", "Editors’ choice")
        DECLINED = "declined", pgettext_lazy("ledger entry", "Declined")
        CANCELLED = "cancelled", pgettext_lazy("ledger entry", "Cancelled by the requester")
        REVOKED = "revoked", pgettext_lazy("ledger entry", "Revoked")
        ENDED = "ended", pgettext_lazy("ledger entry", "Ended")
        MOVED = "moved", pgettext_lazy("ledger entry", "Start moved")
        REAPPROVED = "reapproved", pgettext_lazy("ledger entry", "Changed text approved")
        PAID_LATE = "paid_late", pgettext_lazy("ledger entry", "Payment received too late")
        PAYMENT_REFUSED = "payment_refused", pgettext_lazy("ledger entry", "Payment rejected: wrong amount")
        DISPUTED = "disputed", pgettext_lazy("ledger entry", "Payment disputed")
        DISPUTE_CLOSED = "dispute_closed", pgettext_lazy("ledger entry", "Dispute closed")
        REFUND_DUE = "refund_due", pgettext_lazy("ledger entry", "Refund due")
        REFUNDED = "refunded", pgettext_lazy("ledger entry", "Refunded")
        REFUND_FAILED = "refund_failed", pgettext_lazy("ledger entry", "Refund failed")
        CORRECTION = "correction", pgettext_lazy("ledger entry", "Correction")

    class Role(models.TextChoices):
        SPONSOR = "sponsor", pgettext_lazy("role in a promotion", "requester")
        AUTHOR = "author", pgettext_lazy("role in a promotion", "author")
        MODERATOR = "moderator", pgettext_lazy("role in a promotion", "moderator")
        PROVIDER = "provider", pgettext_lazy("role in a promotion", "payment provider")
        SYSTEM = "system", pgettext_lazy("role in a promotion", "the site")

    # Received amounts are positive, refunded ones negative. A refund that is due has an amount, but moves nothing. A
    # failed refund has an amount if it was recorded as refunded before.
    MOVES_MONEY = ("paid", "paid_late", "payment_refused", "refunded", "refund_failed")

    number = models.PositiveBigIntegerField(_("number"), unique=True)
    promotion = models.ForeignKey(
        Promotion, on_delete=models.PROTECT, related_name="ledger", db_index=False, verbose_name=_("promotion")
    )
    event = models.CharField(_("event"), max_length=20, choices=Event.choices)
    # Empty for the first row of a promotion; equal to `to_state` where the state did not change.
    from_state = models.CharField(_("from"), max_length=20, choices=Promotion.State.choices, blank=True)
    to_state = models.CharField(_("new state"), max_length=20, choices=Promotion.State.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("user"),
    )
    actor_role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    reason = models.TextField(_("reason"), max_length=2000, blank=True)
    at = models.DateTimeField(_("time"))
    # Signed minor units: positive for received money, negative for money refunded or due back.
    amount = models.BigIntegerField(_("amount"), default=0)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    details = models.JSONField(_("details"), default=dict, blank=True)
    # Random and never shown: without it, readers could find what the public ledger leaves out by trying all values.
    nonce = models.CharField(max_length=32, default=new_nonce, editable=False)
    previous_hash = models.CharField(_("hash of the previous entry"), max_length=64, blank=True)
    hash = models.CharField(_("hash"), max_length=64)

    objects = LedgerQuerySet.as_manager()

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger")
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(
                condition=Q(actor_role__in=["sponsor", "author", "moderator", "provider", "system"]),
                name="ledger_role_known",
            ),
        ]
        indexes = [models.Index(fields=["promotion", "number"], name="ledger_of_promotion")]

    def __str__(self) -> str:
        return f"{self.number}: {self.get_event_display()}"

    @property
    def amount_shown(self) -> str:
        """The formatted signed amount: "−12.50 EUR"."""
        return format_amount(self.amount, self.currency).replace("-", "−", 1)

    @property
    def public_reason(self) -> str:
        """The reason, if it is public; others are between moderators, sponsors and authors."""
        return self.reason if self.event in {self.Event.REVOKED, self.Event.CORRECTION} else ""

    @property
    def computed_hash(self) -> str:
        """SHA-256 over the row and the hash of the row before as JSON (sorted keys, no spaces, UTF-8, time in UTC)."""
        row = {name: getattr(self, name) for name in HASHED_FIELDS}
        row["at"] = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        text = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert the row; a stored row is never written again."""
        if not self._state.adding:
            raise ImmutableRecordError
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise ImmutableRecordError


class LedgerHead(models.Model):
    """The last number and hash, in one row (id 1) that every writer locks. It shows whether the end was cut off."""

    number = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="ledger_head_single_row")]

    def __str__(self) -> str:
        return f"{self.number}"

    @classmethod
    def lock(cls) -> LedgerHead:
        """Return the row, locked until the transaction ends."""
        return cls.objects.select_for_update().get_or_create(pk=1)[0]


def append_entry(
    promotion: Promotion, *, event: str, role: str, from_state: str | None = None, **fields: Any
) -> LedgerEntry:
    """Append a row about a promotion, which is in its new state already.

    Args:
        from_state: its state before, if it has changed; empty for the first row.
        fields: other columns, such as `actor`, `reason`, `amount` and `details`; by default the promotion's currency.
    """
    with transaction.atomic():
        head, now = LedgerHead.lock(), timezone.now()
        entry = LedgerEntry(
            number=head.number + 1,
            promotion=promotion,
            event=event,
            from_state=promotion.state if from_state is None else from_state,
            to_state=promotion.state,
            actor_role=role,
            # In milliseconds, because Django writes no microseconds into JSON.
            at=now.replace(microsecond=now.microsecond // 1000 * 1000),
            previous_hash=head.hash,
            **{"currency": promotion.currency, **fields},
        )
        entry.hash = entry.computed_hash
        entry.save()
        head.number, head.hash = entry.number, entry.hash
        head.save(update_fields=["number", "hash"])
    return entry


def verify_ledger() -> str | None:
    """Return what is wrong with the first row that is not as it was written, or None if the whole ledger is valid."""
    with transaction.atomic():
        head = LedgerHead.objects.filter(pk=1).first() or LedgerHead(pk=1)
        number, last = 0, ""
        # Only up to the head, so that rows added in the meantime do not matter.
        for entry in LedgerEntry.objects.filter(number__lte=head.number).iterator(chunk_size=500):
            number += 1
            if entry.number != number:
                return f"Row {number} is missing: row {entry.number} follows row {number - 1}."
            if entry.previous_hash != last:
                return f"Row {number} does not follow the row before it: one of them was moved or replaced."
            if entry.hash != entry.computed_hash:
                return f"Row {number} was changed after it was written."
            last = entry.hash
        if number != head.number:
            return f"Row {number + 1} is missing: the ledger ends at row {number}, and {head.number} were written."
        if last != head.hash:
            return f"Row {number} was replaced: its hash differs from the one in the head of the ledger."
        if LedgerEntry.objects.filter(number__gt=LedgerHead.objects.filter(pk=1).values("number")[:1]).exists():
            return f"There are rows after row {head.number}, the last one that was written."
    return None
