"""The figures of a month, for the statistics of moderation."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class MonthlyFigures(models.Model):
    """What one moderator, or all of them (None), decided in a month. `moderation.services.figures` counts it."""

    month = models.DateField()  # its first day
    moderator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+")
    counted_at = models.DateTimeField(default=timezone.now)
    # Decisions by verdict.
    publish = models.PositiveIntegerField(default=0)
    returned = models.PositiveIntegerField(default=0)
    hide = models.PositiveIntegerField(default=0)
    restore = models.PositiveIntegerField(default=0)
    correct = models.PositiveIntegerField(default=0)
    keep = models.PositiveIntegerField(default=0)
    # Seconds from the submission to the decision, of which half and nine tenths waited no longer.
    median_wait = models.PositiveIntegerField(null=True)
    long_wait = models.PositiveIntegerField(null=True)
    # Appeals against the moderator's decisions that were decided in the month.
    appeals = models.PositiveIntegerField(default=0)
    appeals_granted = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["month", "moderator"], name="monthly_figures_once"),
            models.UniqueConstraint(fields=["month"], condition=Q(moderator=None), name="monthly_figures_of_all_once"),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.moderator_id}"

    @property
    def decisions(self) -> int:
        return self.publish + self.returned + self.hide + self.restore + self.correct + self.keep

    @property
    def share_returned(self) -> int | None:
        """Of the submissions decided on, in per cent."""
        return percent(self.returned, self.publish + self.returned)

    @property
    def share_granted(self) -> int | None:
        """Of the appeals, in per cent."""
        return percent(self.appeals_granted, self.appeals)


def percent(number: int, total: int) -> int | None:
    return round(100 * number / total) if total else None
