"""Placements on the pages, and the plans that sponsors can choose."""

from __future__ import annotations

from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from articles.promotion.models.payment import CURRENCIES, MAX_PRICE, format_price


class Placement(models.Model):
    """A place for promoted cards on a page, one of three. Its row is locked when capacity is checked."""

    class Code(models.TextChoices):
        FRONT_TOP = "front_top", pgettext_lazy("place of a promotion", "Front page, top")
        SECTION_TOP = "section_top", pgettext_lazy("place of a promotion", "Section page, top")
        BESIDE = "beside", pgettext_lazy("place of a promotion", "Beside articles")

    code = models.CharField(_("place"), max_length=20, unique=True, choices=Code.choices)
    capacity = models.PositiveSmallIntegerField(
        _("capacity"),
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_(
            "How many promotions run at the same time. Promotions take turns. At the top of "
            "sections, this applies to each section."
        ),
    )
    per_author_cap = models.PositiveSmallIntegerField(
        _("limit per author"),
        default=2,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_(
            "How many promotions of one author’s articles can be requested, scheduled or running in this place."
        ),
    )
    author_can_refuse_hours = models.PositiveSmallIntegerField(
        _("hours for the author to refuse"),
        default=48,
        validators=[MaxValueValidator(720)],
        help_text=_(
            "Applies when the requester is not the author. Until then, a promotion can only be "
            "approved if the author agrees."
        ),
    )
    is_offered = models.BooleanField(_("available"), default=True)

    class Meta:
        verbose_name = _("place")
        verbose_name_plural = _("places")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(code__in=["front_top", "section_top", "beside"]), name="placement_code_known"
            ),
            models.CheckConstraint(condition=Q(capacity__gte=1), name="placement_has_capacity"),
        ]

    def __str__(self) -> str:
        return self.get_code_display()

    @property
    def is_per_section(self) -> bool:
        """Whether the capacity is per section."""
        return self.code == self.Code.SECTION_TOP


class PlanQuerySet(models.QuerySet["Plan"]):
    def offered(self) -> Self:
        """Return the plans that a sponsor can choose, in the operator's order."""
        return self.filter(is_offered=True, placement__is_offered=True).select_related("placement")


class Plan(models.Model):
    """A placement for some days at a price. Promotions copy its values, so that later changes do not affect them."""

    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="plans", verbose_name=_("place"))
    name = models.CharField(_("name"), max_length=80)
    days = models.PositiveSmallIntegerField(
        _("days"), validators=[MinValueValidator(1), MaxValueValidator(90)], default=7
    )
    # In minor units: 1250 is 12.50 EUR or 1250 JPY.
    price = models.PositiveIntegerField(_("price"), default=0)
    currency = models.CharField(_("currency"), max_length=3, choices=CURRENCIES, default="EUR")
    terms = models.TextField(
        _("terms"), max_length=4000, blank=True, help_text=_("The requester must accept these terms.")
    )
    is_offered = models.BooleanField(_("available"), default=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    objects = PlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(days__gte=1, days__lte=90), name="plan_days_in_bounds"),
            models.CheckConstraint(condition=Q(price__lte=100 * MAX_PRICE), name="plan_price_in_bounds"),
            models.CheckConstraint(condition=Exact(Length("currency"), 3), name="plan_currency_three_letters"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def price_shown(self) -> str:
        """The formatted price: "12.50 EUR" or "free"."""
        return format_price(self.price, self.currency)
