"""Secret links to texts that are not published."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone, translation

from articles.models.article import Article

TOKEN_BYTES = 16


def new_token() -> str:
    """Return 128 random bits as 22 characters."""
    return secrets.token_urlsafe(TOKEN_BYTES)


class PreviewLinkQuerySet(models.QuerySet["PreviewLink"]):
    def live(self, now: datetime | None = None) -> Self:
        """Links that still show their article."""
        now = now or timezone.now()
        is_suspended = Q(article__author__suspended_until__gt=now)
        shown = self.filter(expires_at__gt=now, article__deleted_at=None, article__author__is_active=True)
        return shown.exclude(article__state=Article.State.HIDDEN).exclude(is_suspended)


class PreviewLink(models.Model):
    """The secret link of an article (`articles.services.previews`). Who knows it can read the latest text."""

    article = models.OneToOneField(Article, on_delete=models.CASCADE, related_name="preview_link")
    token = models.CharField(max_length=22, unique=True, default=new_token, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(editable=False, db_index=True)

    objects = PreviewLinkQuerySet.as_manager()

    def __str__(self) -> str:
        return f"secret link to article {self.article_id}"

    def get_absolute_url(self) -> str:
        """Return the path in the language of the article."""
        with translation.override(self.article.language):
            return reverse("preview_link", args=[self.token])
