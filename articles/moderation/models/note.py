"""What moderators note for each other."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from articles.models import Article


class StaffNote(models.Model):
    """A note on an author or an article, for moderators only."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("author"),
    )
    article = models.ForeignKey(
        Article, on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("article")
    )
    moderator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("moderator")
    )
    text = models.TextField(_("text"))
    written_at = models.DateTimeField(_("written"), default=timezone.now)

    class Meta:
        default_permissions = ()
        verbose_name = _("staff note")
        verbose_name_plural = _("staff notes")
        ordering = ["-written_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=True, article__isnull=False) | Q(user__isnull=False, article__isnull=True),
                name="staff_note_on_author_or_article",
            ),
            models.CheckConstraint(condition=~Q(text=""), name="staff_note_has_text"),
        ]

    def __str__(self) -> str:
        return self.text[:60]
