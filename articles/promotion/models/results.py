"""What came of a promotion: one row per visitor, promotion, day and kind of event; the day's numbers are their sums."""

from __future__ import annotations

from typing import cast

from django.core.cache import caches
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from articles.promotion.models.promotion import Promotion


class PromotionEvent(models.Model):
    """One visitor saw the card, followed it, or read the article by it, on one day. Digests alone, as with views."""

    class What(models.TextChoices):
        IMPRESSION = "impression", pgettext_lazy("what came of a promotion", "impression")
        CLICK = "click", pgettext_lazy("what came of a promotion", "click")
        VIEW = "view", pgettext_lazy("what came of a promotion", "view")

    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="events")
    day = models.DateField()
    what = models.CharField(max_length=10, choices=What.choices)
    visitor = models.BinaryField(max_length=16)
    # The address alone, digested in the same way: for the cap of visitors per address.
    source = models.BinaryField(max_length=16)
    rolled_up = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("event of a promotion")
        verbose_name_plural = _("events of promotions")
        constraints = [
            models.UniqueConstraint(fields=["promotion", "day", "what", "visitor"], name="promotion_event_once_a_day"),
            models.CheckConstraint(
                condition=Q(what__in=["impression", "click", "view"]), name="promotion_event_what_known"
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(rolled_up=False), name="promotion_event_waiting"),
            models.Index(fields=["promotion", "day", "source"], name="promotion_event_source"),
        ]

    def __str__(self) -> str:
        return f"{self.promotion_id} {self.day} {self.what}"


class PromotionDay(models.Model):
    """A promotion's day in numbers; each counts visitors, once a day."""

    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="day_rows")
    day = models.DateField(_("day"))
    impressions = models.PositiveIntegerField(_("impressions"), default=0)
    clicks = models.PositiveIntegerField(_("clicks"), default=0)
    views = models.PositiveIntegerField(_("views that came from it"), default=0)

    class Meta:
        verbose_name = _("day of a promotion")
        verbose_name_plural = _("days of promotions")
        constraints = [models.UniqueConstraint(fields=["promotion", "day"], name="promotion_day_once")]

    def __str__(self) -> str:
        return f"{self.promotion_id} {self.day}"


class PromotionSettings(models.Model):
    """The single row (id 1) of what the operator sets about promotions in the admin."""

    shows_exact_prices = models.BooleanField(
        _("exact prices in the public ledger"),
        default=True,
        help_text=_("Otherwise the ledger says between which round sums a price lies."),
    )

    class Meta:
        verbose_name = _("settings of promotions")
        verbose_name_plural = _("settings of promotions")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="promotion_settings_single_row")]

    def __str__(self) -> str:
        return str(_("settings of promotions"))

    @classmethod
    def current(cls) -> PromotionSettings:
        """The settings in force, at most five seconds old; the defaults where the row does not exist yet."""
        found = caches["local"].get_or_set(
            "promotion-settings", lambda: cls.objects.filter(pk=1).first() or cls(pk=1), 5
        )
        return cast("PromotionSettings", found)
