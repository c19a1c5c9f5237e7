"""Views and reads: one row per visitor, article and day. The public numbers are sums of these rows."""

from collections.abc import Mapping
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from articles.models import Article


class DailySalt(models.Model):
    """The secret under which a day's visitors are hashed. It is destroyed after its day."""

    day = models.DateField(primary_key=True)
    salt = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return str(self.day)


class DailyHit(models.Model):
    """What one visitor did with one object on one day. Only hashes are stored, no address and no account.

    A subclass adds the foreign key that `target` names, a unique constraint on target, day and visitor, and an index
    on target, day and source.
    """

    target: ClassVar[str]

    class Kind(models.TextChoices):
        COUNTED = "counted", _("counted")
        AUTHOR = "author", _("the author")
        STAFF = "staff", _("staff")
        BOT = "bot", _("declared bot")
        OVER_RATE = "over_rate", _("too many from one address")

    day = models.DateField()
    # A hash in a UUID field: PostgreSQL stores it in 16 bytes, and Django inserts many rows with one short statement.
    visitor = models.UUIDField()
    # A hash of the address alone, for the limit of visitors per address.
    source = models.UUIDField()
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.COUNTED)

    class Meta:
        abstract = True


class AbstractPendingCount(models.Model):
    """What one write of hits adds to a target's day. It exists until the rollup has added it.

    Hits are many and pending counts few, so a hit is written once and never updated. A subclass adds the foreign key
    to the target; `metric` is the name of a column of the statistics.
    """

    day = models.DateField()
    metric = models.CharField(max_length=20)
    number = models.PositiveIntegerField()

    class Meta:
        abstract = True
        constraints = [models.CheckConstraint(condition=models.Q(number__gt=0), name="%(class)s_is_positive")]


class ArticleHit(DailyHit):
    """A hit on an article."""

    target = "article"
    # The column of `DailyStats` that each kind is counted in; a kind that is missing is not counted.
    metrics: ClassVar[Mapping[str, str]]

    # Both indexes of the table begin with it.
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="%(class)s_rows", db_index=False)

    class Meta:
        abstract = True
        constraints = [models.UniqueConstraint(fields=["article", "day", "visitor"], name="%(class)s_once_a_day")]
        indexes = [models.Index(fields=["article", "day", "source"], name="%(class)s_source")]

    def __str__(self) -> str:
        return f"{self.article_id} {self.day} {self.kind}"


class PageView(ArticleHit):
    """The page was visible for a second."""

    metrics = {
        DailyHit.Kind.COUNTED: "views",
        DailyHit.Kind.AUTHOR: "by_author",
        DailyHit.Kind.STAFF: "by_staff",
        DailyHit.Kind.BOT: "by_bots",
        DailyHit.Kind.OVER_RATE: "over_rate",
    }

    class Meta(ArticleHit.Meta):
        verbose_name = _("view")
        verbose_name_plural = _("views")


class PageRead(ArticleHit):
    """The page was visible for half a minute and three quarters of its text passed by. For the author alone."""

    metrics = {DailyHit.Kind.COUNTED: "reads"}

    class Meta(ArticleHit.Meta):
        verbose_name = _("read")
        verbose_name_plural = _("reads")


class PageExit(ArticleHit):
    """The page was left. What the page reported is added to sums of the day and not stored with the visitor."""

    # A report of the page says more (`articles.readership.exits`).
    metrics = {DailyHit.Kind.COUNTED: "quarter_1"}

    class Meta(ArticleHit.Meta):
        verbose_name = _("exit")
        verbose_name_plural = _("exits")


class PendingCount(AbstractPendingCount):
    """Views or reads of an article's day that the rollup has not added yet."""

    # Without an index: the table is emptied every few seconds.
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="+", db_index=False)

    def __str__(self) -> str:
        return f"{self.article_id} {self.day} {self.metric} {self.number}"


class PendingExitCount(AbstractPendingCount):
    """Quarters of the text, and sites, of an article's day that the rollup has not added yet."""

    # Without an index: the table is emptied every few seconds.
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="+", db_index=False)
    # The name of a column of the statistics, or a prefix and the name of a site.
    metric = models.CharField(max_length=110)

    def __str__(self) -> str:
        return f"{self.article_id} {self.day} {self.metric} {self.number}"


class DailyStats(models.Model):
    """An article's day: what was counted, and what was not and why."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="daily_stats", db_index=False)
    day = models.DateField(_("day"))
    views = models.PositiveIntegerField(_("views"), default=0)
    reads = models.PositiveIntegerField(_("reads"), default=0, db_default=0)
    by_author = models.PositiveIntegerField(_("by the author"), default=0)
    by_staff = models.PositiveIntegerField(_("by staff"), default=0)
    by_bots = models.PositiveIntegerField(_("by declared bots"), default=0)
    over_rate = models.PositiveIntegerField(_("too many from one address"), default=0)
    # How many readers got no further than this quarter of the text; null on days before this was counted.
    quarter_1 = models.PositiveIntegerField(default=0, null=True)
    quarter_2 = models.PositiveIntegerField(default=0, null=True)
    quarter_3 = models.PositiveIntegerField(default=0, null=True)
    quarter_4 = models.PositiveIntegerField(default=0, null=True)

    class Meta:
        verbose_name = _("daily statistics")
        verbose_name_plural = _("daily statistics")
        constraints = [models.UniqueConstraint(fields=["article", "day"], name="daily_stats_once")]

    def __str__(self) -> str:
        return f"{self.article_id} {self.day}"

    @property
    def not_counted(self) -> int:
        return self.by_author + self.by_staff + self.by_bots + self.over_rate

    @property
    def seen(self) -> int:
        """All views, counted or not."""
        return self.views + self.not_counted

    @property
    def read_share(self) -> float | None:
        """Reads as a percentage of the views; None without views."""
        return 100 * self.reads / self.views if self.views else None


class DailyReferrer(models.Model):
    """How many readers of an article's day came from a site."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    # A host name, or one of the values of `articles.readership.exits`.
    site = models.CharField(max_length=100)
    visits = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["article", "day", "site"], name="daily_referrer_once")]

    def __str__(self) -> str:
        return f"{self.article_id} {self.day} {self.site}"
