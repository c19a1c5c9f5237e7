"""When moderators are told by email that something waits for them."""

from __future__ import annotations

from datetime import time

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class AlertPreference(models.Model):
    """A moderator's choice, and what they were told. `articles.moderation.services.alerts` creates missing rows."""

    class Frequency(models.TextChoices):
        AT_ONCE = "at_once", pgettext_lazy("alert", "At once")
        WAITING = "waiting", pgettext_lazy("alert", "When several are waiting")
        DAILY = "daily", pgettext_lazy("alert", "Once a day, if something is waiting")
        NEVER = "never", pgettext_lazy("alert", "Never")

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+")
    frequency = models.CharField(_("email me"), max_length=10, choices=Frequency.choices, default=Frequency.DAILY)
    threshold = models.PositiveSmallIntegerField(
        _("how many"), default=10, validators=[MinValueValidator(2), MaxValueValidator(999)]
    )
    daily_at = models.TimeField(_("time of day"), default=time(9))
    # The next email is not sent before. A worker claims an email by moving it.
    next_at = models.DateTimeField(default=timezone.now)
    # What had arrived by then is in an email; None before the first one.
    covered_until = models.DateTimeField(null=True)
    # Emails since the moderator opened the queue.
    unopened = models.PositiveSmallIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(frequency__in=["at_once", "waiting", "daily", "never"]), name="alert_frequency_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.frequency}"
