"""Decisions and suspensions."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from articles.models import Revision
from articles.moderation.models.rule import RuleVersion
from core.pagination import KeysetOrdering
from core.text import MAX_REASON

# The order of the public log; its index is `decision_public`.
BY_DECISION_TIME = KeysetOrdering({"decided_at": datetime, "pk": int})


class Decision(models.Model):
    """A moderator's decision on one revision. Rows are not changed; a new decision is a new row."""

    class Verdict(models.TextChoices):
        PUBLISH = "publish", pgettext_lazy("verdict", "Publish")
        RETURN = "return", pgettext_lazy("verdict", "Return to the author")
        HIDE = "hide", pgettext_lazy("verdict", "Hide")
        RESTORE = "restore", pgettext_lazy("verdict", "Show again")
        CORRECT = "correct", pgettext_lazy("verdict", "Correct the text")
        # A moderator reviewed what a trusted author published without review.
        KEEP = "keep", pgettext_lazy("verdict", "Keep published")

    VERDICTS_WITH_REASON = ("return", "hide", "correct")

    revision = models.ForeignKey(
        Revision, on_delete=models.PROTECT, related_name="decisions", verbose_name=_("revision")
    )
    moderator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="decisions", verbose_name=_("moderator")
    )
    verdict = models.CharField(_("decision"), max_length=10, choices=Verdict.choices)
    # The address of the rule: what the version before this column's successor reads while both serve.
    rule = models.CharField(max_length=20, blank=True, default="", editable=False)
    rule_version = models.ForeignKey(
        RuleVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="decisions",
        verbose_name=_("rule"),
    )
    reason = models.TextField(_("reason"), max_length=MAX_REASON, blank=True)
    decided_at = models.DateTimeField(_("decided"), default=timezone.now)

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["-decided_at", "-pk"]
        permissions = [("decide", "Can decide on submissions and articles")]
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict__in=["publish", "return", "hide", "restore", "correct", "keep"]),
                name="decision_verdict_known",
            ),
            models.CheckConstraint(
                condition=~Q(verdict__in=["return", "hide", "correct"]) | ~Q(reason=""),
                name="decision_refusal_has_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["-decided_at", "-id"], name="decision_new"),
            models.Index(
                fields=["-decided_at", "-id"], condition=Q(verdict__in=["hide", "restore"]), name="decision_public"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()}: {self.revision_id}"


class Suspension(models.Model):
    """A suspension of a user, who can log in and read until it ends, but not write, vote or promote."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="suspensions", verbose_name=_("user")
    )
    moderator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("moderator")
    )
    reason = models.TextField(_("reason"), max_length=MAX_REASON)
    begins_at = models.DateTimeField(_("from"), default=timezone.now)
    ends_at = models.DateTimeField(_("until"))
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)

    class Meta:
        verbose_name = _("suspension")
        verbose_name_plural = _("suspensions")
        ordering = ["-begins_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="suspension_has_reason"),
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("begins_at")), name="suspension_ends_after_begin"),
        ]

    def __str__(self) -> str:
        return f"{self.user} until {self.ends_at:%Y-%m-%d}"

    @property
    def is_active(self) -> bool:
        return self.lifted_at is None and self.ends_at > timezone.now()
