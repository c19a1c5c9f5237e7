"""The rules of the site, with all their versions, and the reasons that moderators give often."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import OuterRef, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.fields import LineField
from core.text import CODE_POINTS, MAX_REASON

MAX_TITLE = 80
MAX_RULE_TEXT = 2000
# The keys 1–9 of the review page.
MAX_REASONS_SHOWN = 9


class Rule(models.Model):
    """A rule of the site. Its text is in the versions, and a decision cites one of them."""

    slug = models.SlugField(_("address"), max_length=20, unique=True)
    number = models.PositiveSmallIntegerField(_("number"), unique=True)
    # Cited rules are not deleted.
    retired_at = models.DateTimeField(_("no longer valid since"), null=True, blank=True)

    class Meta:
        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        ordering = ["number"]

    def __str__(self) -> str:
        # `versions` may be prefetched.
        last = max(self.versions.all(), key=lambda version: version.number, default=None)
        return f"{self.number}. {last.name}" if last else f"{self.number}."

    def get_absolute_url(self) -> str:
        return reverse("rule", kwargs={"slug": self.slug})


class RuleVersionQuerySet(models.QuerySet["RuleVersion"]):
    def current(self) -> Self:
        """Return the last version of each rule, in the order of the rules."""
        last = RuleVersion.objects.filter(rule=OuterRef("rule")).order_by("-number").values("pk")[:1]
        return self.filter(pk=Subquery(last)).select_related("rule").order_by("rule__number")

    def in_force(self) -> Self:
        """Return those of `current` that a decision can cite."""
        return self.current().filter(rule__retired_at=None)


class RuleVersion(models.Model):
    """The text of a rule from a moment on. It is never changed: `services.rules` adds the next version."""

    rule = models.ForeignKey(
        Rule, on_delete=models.CASCADE, related_name="versions", db_index=False, verbose_name=_("rule")
    )
    number = models.PositiveSmallIntegerField(_("version"))
    title = LineField(_("title"), max_length=MAX_TITLE * CODE_POINTS)
    title_ru = LineField(_("title in Russian"), max_length=MAX_TITLE * CODE_POINTS, blank=True)
    title_hy = LineField(_("title in Armenian"), max_length=MAX_TITLE * CODE_POINTS, blank=True)
    text = models.TextField(_("text"), max_length=MAX_RULE_TEXT, blank=True)
    text_ru = models.TextField(_("text in Russian"), max_length=MAX_RULE_TEXT, blank=True)
    text_hy = models.TextField(_("text in Armenian"), max_length=MAX_RULE_TEXT, blank=True)
    valid_from = models.DateTimeField(_("valid from"), default=timezone.now)

    objects = RuleVersionQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        verbose_name = _("version of a rule")
        verbose_name_plural = _("versions of rules")
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["rule", "number"], name="rule_version_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The title in the language of the interface."""
        return in_language(self, "title", get_language())

    @property
    def body(self) -> str:
        """The text in the language of the interface."""
        return in_language(self, "text", get_language())

    @property
    def label(self) -> str:
        return f"{self.rule.number}. {self.name}"


class Reason(models.Model):
    """A reason that moderators give often, in each language: the author reads it in theirs."""

    rule = models.ForeignKey(
        Rule, on_delete=models.CASCADE, null=True, blank=True, related_name="reasons", verbose_name=_("rule")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    title = LineField(_("title"), max_length=MAX_TITLE * CODE_POINTS)
    text = models.TextField(_("text"), max_length=MAX_REASON)
    text_ru = models.TextField(_("text in Russian"), max_length=MAX_REASON, blank=True)
    text_hy = models.TextField(_("text in Armenian"), max_length=MAX_REASON, blank=True)

    class Meta:
        verbose_name = _("reason")
        verbose_name_plural = _("reasons")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.title

    def text_in(self, language: str) -> str:
        """Return the text in a language ("en", "ru", "hy"), or `text` if there is none in this language."""
        return in_language(self, "text", language)


def in_language(row: models.Model, field: str, language: str | None) -> str:
    """Return the column of a text for a language, or the one for the default language if it is empty."""
    return str(getattr(row, f"{field}_{language or settings.LANGUAGE_CODE}", "") or getattr(row, field))
