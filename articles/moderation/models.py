"""What moderators decide, with the reason, for ever."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from articles.models import Revision


class Rule(models.TextChoices):
    """Which rule a decision rests on."""

    NONE = "", _("no particular rule")
    SOURCES = "sources", _("facts without a source")
    PICTURE = "picture", _("a picture that may not be used")
    INSULT = "insult", _("insults or threats")
    PRIVACY = "privacy", _("private data of others")
    ADVERTISING = "advertising", _("advertising in disguise")
    COPY = "copy", _("copied text")
    LANGUAGE = "language", _("language or form")
    OTHER = "other", _("another rule")


class Decision(models.Model):
    """A moderator's decision on one revision. Rows are never changed; a new decision is a new row."""

    class Verdict(models.TextChoices):
        PUBLISH = "publish", pgettext_lazy("verdict", "Publish")
        RETURN = "return", pgettext_lazy("verdict", "Return to the author")
        HIDE = "hide", pgettext_lazy("verdict", "Hide")
        RESTORE = "restore", pgettext_lazy("verdict", "Show again")

    revision = models.ForeignKey(
        Revision, on_delete=models.PROTECT, related_name="decisions", verbose_name=_("revision")
    )
    moderator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="decisions", verbose_name=_("moderator")
    )
    verdict = models.CharField(_("decision"), max_length=10, choices=Verdict.choices)
    rule = models.CharField(_("rule"), max_length=20, choices=Rule.choices, blank=True, default="")
    reason = models.TextField(_("reason"), max_length=2000, blank=True)
    decided_at = models.DateTimeField(_("decided"), default=timezone.now)
    mailed_at = models.DateTimeField(_("author told"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["-decided_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict__in=["publish", "return", "hide", "restore"]), name="decision_verdict_known"
            ),
            models.CheckConstraint(
                condition=~Q(verdict__in=["return", "hide"]) | ~Q(reason=""), name="decision_refusal_has_reason"
            ),
        ]
        indexes = [models.Index(fields=["-decided_at", "-id"], name="decision_new")]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()}: {self.revision_id}"


class Sanction(models.Model):
    """A suspension: until it ends the person reads and logs in, but does not write, vote or promote."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="sanctions", verbose_name=_("person")
    )
    moderator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("moderator")
    )
    reason = models.TextField(_("reason"), max_length=2000)
    begins_at = models.DateTimeField(_("from"), default=timezone.now)
    ends_at = models.DateTimeField(_("until"))
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)

    class Meta:
        verbose_name = _("suspension")
        verbose_name_plural = _("suspensions")
        ordering = ["-begins_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="sanction_has_reason"),
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("begins_at")), name="sanction_ends_after_begin"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} until {self.ends_at:%Y-%m-%d}"
