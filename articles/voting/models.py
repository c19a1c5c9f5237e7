"""One row per user and article."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from articles.models import Article


class Vote(models.Model):
    """A user's like (+1) or dislike (−1) of an article. Who voted is not public."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="votes", db_index=False)
    voter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="votes")
    value = models.SmallIntegerField(_("value"))
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("vote")
        verbose_name_plural = _("votes")
        constraints = [
            models.UniqueConstraint(fields=["article", "voter"], name="vote_once"),
            models.CheckConstraint(condition=Q(value__in=[1, -1]), name="vote_is_one"),
        ]

    def __str__(self) -> str:
        return f"{self.value:+d} on {self.article_id}"
