"""Appeals of users against what a moderator decided."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from articles.moderation.models.decision import Decision, Suspension
from core.pagination import KeysetOrdering
from core.text import MAX_REASON

# The order of the public list; its index is `appeal_decided`.
BY_APPEAL_TIME = KeysetOrdering({"decided_at": datetime, "pk": int})


class AppealQuerySet(models.QuerySet["Appeal"]):
    def waiting(self) -> Self:
        """Return the appeals without an outcome, oldest first."""
        return self.filter(outcome="").order_by("created_at", "pk")

    def decided(self) -> Self:
        """Return the appeals with an outcome, newest first."""
        return self.exclude(outcome="").order_by(*BY_APPEAL_TIME.names)


class Appeal(models.Model):
    """An appeal against a return, a hiding or a suspension: one for each, decided by another moderator."""

    class Outcome(models.TextChoices):
        GRANTED = "granted", pgettext_lazy("outcome of an appeal", "Granted")
        REFUSED = "refused", pgettext_lazy("outcome of an appeal", "Refused")

    decision = models.OneToOneField(
        Decision, on_delete=models.PROTECT, null=True, related_name="appeal", verbose_name=_("decision")
    )
    suspension = models.OneToOneField(
        Suspension, on_delete=models.PROTECT, null=True, related_name="appeal", verbose_name=_("suspension")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="appeals", verbose_name=_("user")
    )
    # The moderator who decided first; a copy, so that a constraint can compare.
    against = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("appealed against")
    )
    text = models.TextField(_("reason"), max_length=MAX_REASON)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices, blank=True, default="")
    answer = models.TextField(_("answer"), max_length=MAX_REASON, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)

    objects = AppealQuerySet.as_manager()

    class Meta:
        verbose_name = _("appeal")
        verbose_name_plural = _("appeals")
        constraints = [
            models.CheckConstraint(
                condition=Q(decision__isnull=True, suspension__isnull=False)
                | Q(decision__isnull=False, suspension__isnull=True),
                name="appeal_against_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(outcome="", answer="", decided_by__isnull=True, decided_at__isnull=True)
                | Q(outcome__in=["granted", "refused"], decided_by__isnull=False, decided_at__isnull=False)
                & ~Q(answer=""),
                name="appeal_decided_completely",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("against")), name="appeal_decided_by_another"
            ),
            models.CheckConstraint(condition=~Q(text=""), name="appeal_has_reason"),
        ]
        indexes = [
            models.Index(fields=["created_at", "id"], condition=Q(outcome=""), name="appeal_waiting"),
            models.Index(fields=["-decided_at", "-id"], condition=~Q(outcome=""), name="appeal_decided"),
        ]

    def __str__(self) -> str:
        return str(self.subject)

    @property
    def subject(self) -> str:
        """What the appeal is against."""
        if self.decision is None:
            return str(_("Suspension"))
        if self.decision.verdict == Decision.Verdict.HIDE:
            return str(_("Hiding of an article"))
        return str(_("Return of an article"))
