"""Users who write an article together with its author."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from articles.models.article import Article


class CoAuthorQuerySet(models.QuerySet["CoAuthor"]):
    def accepted(self) -> Self:
        return self.filter(accepted_at__isnull=False)

    def published(self) -> Self:
        """Co-authors of what readers see, as `ArticleQuerySet.published`."""
        return self.accepted().filter(article__in=Article.objects.published())


class CoAuthor(models.Model):
    """An invitation to write an article together, and what became of it (`articles.services.coauthors`).

    A declined invitation stays, so that the author cannot repeat it. `Article.coauthors` is a copy of those accepted.
    """

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="coauthor_rows", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="coauthor_rows")
    invited_at = models.DateTimeField(_("invited"), default=timezone.now, editable=False)
    accepted_at = models.DateTimeField(_("accepted"), null=True, editable=False)
    declined_at = models.DateTimeField(_("declined"), null=True, editable=False)

    objects = CoAuthorQuerySet.as_manager()

    class Meta:
        verbose_name = _("co-author")
        verbose_name_plural = _("co-authors")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["article", "user"], name="coauthor_once"),
            models.CheckConstraint(
                condition=Q(accepted_at=None) | Q(declined_at=None), name="coauthor_accepted_or_declined"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} on {self.article_id}"

    @property
    def is_pending(self) -> bool:
        return self.accepted_at is None and self.declined_at is None
