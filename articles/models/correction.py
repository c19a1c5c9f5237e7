"""What readers are told was wrong in published articles."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from articles.models.article import Article
from articles.models.content import MAX_CORRECTION
from core.fields import LineField
from core.pagination import KeysetOrdering
from core.text import CODE_POINTS

# The order of the public list; its index is `correction_new`.
BY_CORRECTION_TIME = KeysetOrdering({"published_at": datetime, "pk": int})


class CorrectionQuerySet(models.QuerySet["Correction"]):
    def public(self) -> Self:
        """Return the corrections of articles that readers can see, newest first, with what a list shows of them."""
        shown = self.filter(article__state=Article.State.PUBLISHED).select_related("article__live")
        return shown.order_by(*BY_CORRECTION_TIME.names).defer("article__live__body")


class Correction(models.Model):
    """One correction. It is public while its article is."""

    article = models.ForeignKey(
        Article, on_delete=models.CASCADE, related_name="corrections", db_index=False, verbose_name=_("article")
    )
    text = LineField(_("text"), max_length=MAX_CORRECTION * CODE_POINTS)
    published_at = models.DateTimeField(_("published"), default=timezone.now)

    objects = CorrectionQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        ordering = ["-published_at", "-pk"]
        constraints = [models.CheckConstraint(condition=~models.Q(text=""), name="correction_has_text")]
        indexes = [
            models.Index(fields=["-published_at", "-id"], name="correction_new"),
            models.Index(fields=["article", "-published_at", "-id"], name="correction_of"),
        ]

    def __str__(self) -> str:
        return self.text
