"""Views: one row per visitor, article and day; the public number is their sum."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from articles.models import Article


class DailySalt(models.Model):
    """The secret that turns a day's visitors into digests. Destroyed after its day: digests then name nobody."""

    day = models.DateField(primary_key=True)
    salt = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return str(self.day)


class View(models.Model):
    """One visitor's view of one article on one day. No address and no account is stored, only digests."""

    class Kind(models.TextChoices):
        COUNTED = "counted", _("counted")
        AUTHOR = "author", _("the author")
        STAFF = "staff", _("staff")
        BOT = "bot", _("declared bot")
        OVER_RATE = "over_rate", _("too many from one address")

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="view_rows")
    day = models.DateField()
    visitor = models.BinaryField(max_length=16)
    # The address alone, digested in the same way: for the cap of views per address.
    source = models.BinaryField(max_length=16)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.COUNTED)
    rolled_up = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("view")
        verbose_name_plural = _("views")
        constraints = [models.UniqueConstraint(fields=["article", "day", "visitor"], name="view_once_a_day")]
        indexes = [
            models.Index(fields=["id"], condition=Q(rolled_up=False), name="view_waiting"),
            models.Index(fields=["article", "day", "source"], name="view_source"),
        ]

    def __str__(self) -> str:
        return f"{self.article_id} {self.day} {self.kind}"


class DailyStats(models.Model):
    """An article's day: what was counted, and what was not and why."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="daily_stats")
    day = models.DateField(_("day"))
    views = models.PositiveIntegerField(_("views"), default=0)
    by_author = models.PositiveIntegerField(_("by the author"), default=0)
    by_staff = models.PositiveIntegerField(_("by staff"), default=0)
    by_bots = models.PositiveIntegerField(_("by declared bots"), default=0)
    over_rate = models.PositiveIntegerField(_("too many from one address"), default=0)

    class Meta:
        verbose_name = _("daily statistics")
        verbose_name_plural = _("daily statistics")
        constraints = [models.UniqueConstraint(fields=["article", "day"], name="daily_stats_once")]

    def __str__(self) -> str:
        return f"{self.article_id} {self.day}"
