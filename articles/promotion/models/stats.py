"""Events of promotions, one row per visitor, promotion, day and metric, and their daily sums."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from articles.promotion.models.promotion import Promotion
from articles.readership.models import AbstractPendingCount, DailyHit


class PromotionEvent(DailyHit):
    """A visitor saw the card, followed it, or read the article after that, on one day."""

    target = "promotion"

    class Metric(models.TextChoices):
        IMPRESSION = "impression"
        CLICK = "click"
        VIEW = "view"

    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="events", db_index=False)
    metric = models.CharField(max_length=10, choices=Metric.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["promotion", "day", "metric", "visitor"], name="promotion_event_once_a_day"
            ),
            models.CheckConstraint(
                condition=Q(metric__in=["impression", "click", "view"]), name="promotion_event_metric_known"
            ),
        ]
        indexes = [models.Index(fields=["promotion", "day", "metric", "source"], name="promotion_event_source")]

    def __str__(self) -> str:
        return f"{self.promotion_id} {self.day} {self.metric}"


class PendingPromotionCount(AbstractPendingCount):
    """Events of a promotion's day that the rollup has not added yet."""

    # Without an index: the table is emptied every few seconds.
    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="+", db_index=False)

    def __str__(self) -> str:
        return f"{self.promotion_id} {self.day} {self.metric} {self.number}"


class PromotionDay(models.Model):
    """The sums of a promotion's day. Each counts visitors, once a day."""

    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="day_rows", db_index=False)
    day = models.DateField()
    impressions = models.PositiveIntegerField(default=0)
    clicks = models.PositiveIntegerField(default=0)
    views = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["promotion", "day"], name="promotion_day_once")]

    # All views of the article on that day, where `promotion_results` has set it.
    article_views = 0

    def __str__(self) -> str:
        return f"{self.promotion_id} {self.day}"

    @property
    def click_through(self) -> float | None:
        """Clicks per 100 impressions; None without impressions."""
        return 100 * self.clicks / self.impressions if self.impressions else None
