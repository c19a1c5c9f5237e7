"""Revisions: what was submitted and decided on, and the text that is being written."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from articles.models.article import Article
from articles.models.content import Content


class Revision(Content):
    """One version of an article's text. It never changes after submission: a decision binds to what was read.

    While it is a draft, each save overwrites it and raises `version`. The next revision goes on from that number.
    """

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("state of a version", "Draft")
        IN_REVIEW = "in_review", pgettext_lazy("state of a version", "In review")
        PUBLISHED = "published", pgettext_lazy("state of a version", "Published")
        RETURNED = "returned", pgettext_lazy("state of a version", "Returned")
        # Its publication was scheduled, and cancelled before readers saw it.
        CANCELLED = "cancelled", pgettext_lazy("state of a version", "Cancelled")

    article = models.ForeignKey(
        Article, on_delete=models.CASCADE, related_name="revisions", db_index=False, verbose_name=_("article")
    )
    number = models.PositiveIntegerField(_("number"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    # The key of the request that saved this text, by which a page knows its own save if it got no answer.
    save_key = models.UUIDField(null=True, editable=False)
    # When a text that was overwritten became a checkpoint.
    checkpointed_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    submitted_at = models.DateTimeField(_("submitted"), null=True, blank=True)

    class Meta:
        verbose_name = _("revision")
        verbose_name_plural = _("revisions")
        constraints = [
            models.UniqueConstraint(fields=["article", "number"], name="revision_number_once"),
            models.UniqueConstraint(
                fields=["article"], condition=Q(state__in=["draft", "in_review"]), name="revision_one_open"
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(submitted_at__isnull=False), name="revision_submitted_has_time"
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | (Q(section__isnull=False) & ~Q(title="")),
                name="revision_submitted_has_title_and_section",
            ),
            models.CheckConstraint(
                condition=Q(canonical_url="") | Q(canonical_url__startswith="https://"),
                name="revision_canonical_url_is_https",
            ),
        ]
        indexes = [
            models.Index(fields=["submitted_at", "id"], condition=Q(state="in_review"), name="revision_queue"),
            models.Index(
                fields=["state", "-submitted_at", "-id"],
                condition=Q(state__in=["published", "returned"]),
                name="revision_decided",
            ),
        ]

    @property
    def is_editable(self) -> bool:
        return self.state == self.State.DRAFT

    @property
    def pending_correction(self) -> str:
        return "" if self.state == self.State.PUBLISHED else self.correction
