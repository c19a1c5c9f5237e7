"""A promotion, from the request to its end."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.db.models.lookups import Exact
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from articles.models import Article, Revision, Section
from articles.promotion.models.payment import CURRENCIES, format_price
from articles.promotion.models.plan import Placement, Plan

UNDECIDED = ("requested", "awaiting_payment", "paid")
OPEN = (*UNDECIDED, "approved")


class PromotionQuerySet(models.QuerySet["Promotion"]):
    """Queries over promotions. They compare times with the clock, so that no job has to store the end."""

    def running(self, now: datetime | None = None) -> Self:
        """Return approved promotions whose time is now."""
        now = now or timezone.now()
        return self.filter(state=Promotion.State.APPROVED, starts_at__lte=now, ends_at__gt=now)

    def scheduled(self) -> Self:
        """Return approved promotions that start later."""
        return self.filter(state=Promotion.State.APPROVED, starts_at__gt=timezone.now())

    def ended(self) -> Self:
        """Return promotions that ran to their end, whether that is stored or not."""
        is_over = Q(state=Promotion.State.APPROVED, ends_at__lte=timezone.now())
        return self.filter(Q(state=Promotion.State.ENDED) | is_over)

    def over(self) -> Self:
        """Return promotions that have started and run no longer."""
        now = timezone.now()
        return self.filter(starts_at__lte=now).exclude(state=Promotion.State.APPROVED, ends_at__gt=now)

    def open(self) -> Self:
        """Return promotions that are requested, awaiting payment, paid, scheduled or running."""
        is_over = Q(state=Promotion.State.APPROVED, ends_at__lte=timezone.now())
        return self.filter(state__in=OPEN).exclude(is_over)

    def waiting(self) -> Self:
        """Return what a moderator can decide on: free requests and paid ones."""
        return self.filter(state__in=[Promotion.State.REQUESTED, Promotion.State.PAID])

    def unpaid(self) -> Self:
        """Return promotions awaiting payment."""
        return self.filter(state=Promotion.State.AWAITING_PAYMENT)

    def deliverable(self, now: datetime | None = None) -> Self:
        """Return running promotions whose article is published with the approved text."""
        return self.running(now).filter(
            article__state=Article.State.PUBLISHED, article__live_id=F("approved_revision_id")
        )

    def paused(self) -> Self:
        """Return running and scheduled promotions whose published article was edited after the approval."""
        approved = self.filter(state=Promotion.State.APPROVED, ends_at__gt=timezone.now())
        return approved.filter(article__state=Article.State.PUBLISHED).exclude(
            article__live_id=F("approved_revision_id")
        )

    def refunds(self) -> Self:
        """Return promotions with money to refund."""
        return self.filter(payments__refund_due__gt=F("payments__refunded")).distinct()

    def for_list(self) -> Self:
        """Select the article's card, sponsor, placement and plan in the same query."""
        return self.select_related(
            "article__live__image", "article__author", "article__section", "sponsor", "placement", "plan", "section"
        ).defer("article__live__body", "article__author__biography", "sponsor__biography")


class Promotion(models.Model):  # type: ignore[django-manager-missing] # The library of payments has no types.
    """A sponsor's promotion of an article. Only `articles.promotion.services` changes it."""

    class State(models.TextChoices):
        REQUESTED = "requested", pgettext_lazy("state of a promotion", "Requested")
        AWAITING_PAYMENT = "awaiting_payment", pgettext_lazy("state of a promotion", "Awaiting payment")
        PAID = "paid", pgettext_lazy("state of a promotion", "Paid")
        APPROVED = "approved", pgettext_lazy("state of a promotion", "Approved")
        # Displayed, but not stored: they are `APPROVED` and a time (`phase`).
        SCHEDULED = "scheduled", pgettext_lazy("state of a promotion", "Scheduled")
        RUNNING = "running", pgettext_lazy("state of a promotion", "Running")
        ENDED = "ended", pgettext_lazy("state of a promotion", "Ended")
        DECLINED = "declined", pgettext_lazy("state of a promotion", "Declined")
        CANCELLED = "cancelled", pgettext_lazy("state of a promotion", "Cancelled")
        REVOKED = "revoked", pgettext_lazy("state of a promotion", "Revoked")

    class Kind(models.TextChoices):
        PAID = "paid", pgettext_lazy("kind of a promotion", "paid")
        FREE = "free", pgettext_lazy("kind of a promotion", "free")
        EDITORIAL = "editorial", pgettext_lazy("kind of a promotion", "editors’ choice")

    article = models.ForeignKey(Article, on_delete=models.PROTECT, related_name="promotions", verbose_name=_("article"))
    sponsor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="promotions",
        db_index=False,
        verbose_name=_("requester"),
    )
    # None for editorial picks.
    plan = models.ForeignKey(
        Plan, on_delete=models.PROTECT, null=True, blank=True, related_name="promotions", verbose_name=_("plan")
    )
    placement = models.ForeignKey(
        Placement, on_delete=models.PROTECT, related_name="promotions", verbose_name=_("place")
    )
    # Copied from the article where capacity is per section.
    section = models.ForeignKey(
        Section, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("section")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.FREE)
    state = models.CharField(_("state"), max_length=20, choices=State.choices, default=State.REQUESTED)
    # Copied from the plan at the request, so that later changes of the plan do not matter.
    days = models.PositiveSmallIntegerField(_("days"), default=7)
    price = models.PositiveIntegerField(_("price in minor units"), default=0)
    currency = models.CharField(_("currency"), max_length=3, choices=CURRENCIES, blank=True)
    terms = models.TextField(_("terms"), blank=True, editable=False)

    wanted_start = models.DateField(_("requested start"), null=True, blank=True)
    starts_at = models.DateTimeField(_("from"), null=True, blank=True)
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    approved_revision = models.ForeignKey(
        Revision, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("approved version")
    )
    # The moderator of the last decision (approval, decline, revocation).
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )

    # None where the sponsor is the author, and for editorial picks.
    author_can_refuse_until = models.DateTimeField(_("author can refuse until"), null=True, blank=True)
    author_agreed_at = models.DateTimeField(_("author agreed at"), null=True, blank=True)
    message = models.TextField(_("message to the moderators"), max_length=1000, blank=True)
    form_key = models.UUIDField(default=uuid.uuid4, editable=False)
    requested_at = models.DateTimeField(_("requested"), default=timezone.now)
    paid_at = models.DateTimeField(_("paid"), null=True, blank=True)
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    # When it was declined, cancelled, revoked or over.
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    objects = PromotionQuerySet.as_manager()

    class Meta:
        verbose_name = _("promotion")
        verbose_name_plural = _("promotions")
        ordering = ["-requested_at", "-pk"]
        permissions = [("decide_promotion", "Can decide on promotions")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=OPEN) | Q(state__in=["ended", "declined", "cancelled", "revoked"]),
                name="promotion_state_known",
            ),
            models.UniqueConstraint(
                fields=["article", "placement"], condition=Q(state__in=OPEN), name="promotion_one_open"
            ),
            models.UniqueConstraint(fields=["sponsor", "form_key"], name="promotion_one_per_form"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="promotion_ends_after_start"),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "ended", "revoked"])
                | Q(starts_at__isnull=False, ends_at__isnull=False, approved_revision__isnull=False),
                name="promotion_approved_has_times",
            ),
            models.CheckConstraint(
                condition=Q(Exact(Length("currency"), 3), kind="paid", price__gt=0)
                | Q(kind__in=["free", "editorial"], price=0),
                name="promotion_paid_has_price",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["awaiting_payment", "paid"]) | Q(kind="paid"), name="promotion_money_is_paid"
            ),
        ]
        indexes = [
            # For card selection and capacity: approved promotions of a placement, by time.
            models.Index("placement", "ends_at", "starts_at", condition=Q(state="approved"), name="promotion_approved"),
            models.Index("sponsor", F("requested_at").desc(), F("id").desc(), name="promotion_of_sponsor"),
            models.Index("requested_at", "id", condition=Q(state__in=["requested", "paid"]), name="promotion_waiting"),
            models.Index(F("requested_at").desc(), F("id").desc(), name="promotion_newest"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    def get_absolute_url(self) -> str:
        """Return the sponsor's page of the promotion."""
        return reverse("promotion", kwargs={"pk": self.pk})

    @property
    def phase(self) -> Promotion.State:
        """The state as it is displayed now."""
        if self.state != self.State.APPROVED:
            return self.State(self.state)
        assert self.starts_at is not None
        assert self.ends_at is not None
        now = timezone.now()
        if now < self.starts_at:
            return self.State.SCHEDULED
        return self.State.RUNNING if now < self.ends_at else self.State.ENDED

    @property
    def is_open(self) -> bool:
        return self.state in OPEN and self.phase != self.State.ENDED

    @property
    def is_undecided(self) -> bool:
        """Whether it is requested, awaiting payment or paid."""
        return self.state in UNDECIDED

    @property
    def is_paused(self) -> bool:
        """Whether it is scheduled or running but not shown: its article is hidden, or was edited after the approval."""
        if self.phase not in {self.State.SCHEDULED, self.State.RUNNING}:
            return False
        return not self.article.is_public or self.article.live_id != self.approved_revision_id

    @property
    def is_paid_kind(self) -> bool:
        return self.kind == self.Kind.PAID

    @property
    def is_editorial(self) -> bool:
        return self.kind == self.Kind.EDITORIAL

    def is_own_of(self, moderator: User) -> bool:
        """Whether this moderator wrote the article or is the sponsor; an editorial pick has no other sponsor."""
        return self.article.is_by(moderator) or (self.sponsor_id == moderator.pk and not self.is_editorial)

    @property
    def author_allows(self) -> bool:
        """Whether the author has agreed, is the sponsor, or has let the time to refuse pass."""
        if self.author_agreed_at is not None or self.author_can_refuse_until is None:
            return True
        return timezone.now() >= self.author_can_refuse_until

    @property
    def price_shown(self) -> str:
        """The formatted price: "12.50 EUR" or "free"."""
        return format_price(self.price, self.currency)

    @property
    def public_title(self) -> str:
        """The article's title; empty while it is hidden."""
        return self.article.live.title if self.article.is_public and self.article.live else ""

    @property
    def public_sponsor(self) -> str:
        """The sponsor's name; empty for an editorial pick, and for an author of a hidden article."""
        is_hidden = self.sponsor_id in self.article.author_pks and not self.public_title
        return "" if self.is_editorial or is_hidden else self.sponsor.name

    @property
    def ran_until(self) -> datetime | None:
        """When the card was last shown: at the end, or earlier when it was revoked or cancelled."""
        if self.starts_at is None or self.ends_at is None:
            return None
        if self.closed_at is not None and self.state in {self.State.REVOKED, self.State.CANCELLED}:
            return max(self.starts_at, min(self.closed_at, self.ends_at))
        return self.ends_at
