"""Views and reads: one row each per visitor, article and day; the numbers are their sums."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from articles.models import Article


class DailySalt(models.Model):
    """The secret that turns a day's visitors into digests. Destroyed after its day: digests then name nobody."""

    day = models.DateField(primary_key=True)
    salt = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return str(self.day)


class Visit(models.Model):
    """What one visitor did with one article on one day. No address and no account is stored, only digests."""

    # What tallies call it.
    what: ClassVar[str]

    class Kind(models.TextChoices):
        COUNTED = "counted", _("counted")
        AUTHOR = "author", _("the author")
        STAFF = "staff", _("staff")
        BOT = "bot", _("declared bot")
        OVER_RATE = "over_rate", _("too many from one address")

    # Every index begins with it.
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="%(class)s_rows", db_index=False)
    day = models.DateField()
    visitor = models.BinaryField(max_length=16)
    # The address alone, digested in the same way: for the cap of visitors per address.
    source = models.BinaryField(max_length=16)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.COUNTED)

    class Meta:
        abstract = True
        constraints = [models.UniqueConstraint(fields=["article", "day", "visitor"], name="%(class)s_once_a_day")]
        indexes = [models.Index(fields=["article", "day", "source"], name="%(class)s_source")]

    def __str__(self) -> str:
        return f"{self.article_id} {self.day} {self.kind}"


class View(Visit):
    """The page was visible for a second."""

    what = "view"

    class Meta(Visit.Meta):
        verbose_name = _("view")
        verbose_name_plural = _("views")


class Read(Visit):
    """The page was visible for half a minute and three quarters of its text came by. For the author alone."""

    what = "read"

    class Meta(Visit.Meta):
        verbose_name = _("read")
        verbose_name_plural = _("reads")


class Tally(models.Model):
    """What one write of rows adds to an article's day; it is there until the roll-up has added it.

    A crowd's rows are many and their tallies few, so that a row is written once and never again.
    """

    class What(models.TextChoices):
        VIEW = "view", _("views")
        READ = "read", _("reads")

    # Rolled up within seconds: there is never much to go through.
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    what = models.CharField(max_length=4, choices=What.choices)
    kind = models.CharField(max_length=10, choices=Visit.Kind.choices)
    number = models.PositiveIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(number__gt=0), name="tally_of_something")]

    def __str__(self) -> str:
        return f"{self.article_id} {self.day} {self.what} {self.kind} {self.number}"


class DailyStats(models.Model):
    """An article's day: what was counted, and what was not and why."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="daily_stats")
    day = models.DateField(_("day"))
    views = models.PositiveIntegerField(_("views"), default=0)
    reads = models.PositiveIntegerField(_("reads"), default=0, db_default=0)
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
