"""The fields that an author fills in."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from articles.models.disclosure import Disclosure
from articles.models.image import Image
from articles.models.taxonomy import Section
from core.fields import LineField
from core.text import CODE_POINTS

MAX_CANONICAL_URL = 500
MAX_CORRECTION = 500


class Content(Disclosure):
    """A text with its particulars. A draft needs none; `missing_for_submission` says what a submission needs."""

    title = LineField(_("title"), max_length=140 * CODE_POINTS, blank=True)
    section = models.ForeignKey(
        Section, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("section")
    )
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES, default="en")
    summary = LineField(_("summary"), max_length=300 * CODE_POINTS, blank=True)
    body = models.TextField(_("text"), blank=True)
    tag_names = models.JSONField(_("tags"), default=list, blank=True)
    image = models.ForeignKey(
        Image,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="%(class)ss",
        verbose_name=_("lead image"),
    )
    caption = LineField(_("caption"), max_length=300 * CODE_POINTS, blank=True)
    alternative_text = LineField(_("alternative text"), max_length=200 * CODE_POINTS, blank=True)
    credit = LineField(_("credit"), max_length=120 * CODE_POINTS, blank=True)
    # Where the text appeared first, if that was elsewhere. The server never requests it.
    canonical_url = models.URLField(
        _("first published at"), max_length=MAX_CANONICAL_URL, blank=True, default="", db_default=""
    )
    # What readers are told was wrong, when this version replaces the published one.
    correction = LineField(
        _("correction"), max_length=MAX_CORRECTION * CODE_POINTS, blank=True, default="", db_default=""
    )
    # When the author wants it to be published; None: as soon as possible. The publication clears it, since from then on
    # `Article.published_at` says it.
    publish_at = models.DateTimeField(_("publish on"), null=True, blank=True)
    updated_at = models.DateTimeField(_("saved"), default=timezone.now)
    # Identifies this text among all that the article ever had: it grows by one with each change.
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title or _now("Untitled")

    @property
    def pending_correction(self) -> str:
        """The correction, unless readers were told already: the next version begins without it."""
        return self.correction
