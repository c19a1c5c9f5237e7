"""What could not be saved (`articles.views.draft_recovery`)."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from articles.models.article import Article


class RecoveredDraft(models.Model):
    """What a user's article form sent last when it could not be saved; one per user."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+")
    article = models.ForeignKey(Article, on_delete=models.CASCADE, null=True, related_name="+")
    fields = models.JSONField()
    had_image = models.BooleanField()
    saved_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"text of user {self.user_id}"
