"""What moderators note on passages of a submission."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from articles.models import Article
from articles.moderation.models.decision import Decision
from articles.moderation.passages import MAX_CONTEXT, Quote


class PassageNoteQuerySet(models.QuerySet["PassageNote"]):
    def sent(self) -> Self:
        """Return what authors can see."""
        return self.filter(decision__isnull=False)

    def unsent(self) -> Self:
        return self.filter(decision=None)

    def open(self) -> Self:
        """Return what no moderator has resolved, sent or not."""
        return self.filter(resolved_at=None)


class PassageNote(models.Model):
    """A moderator's note on the words `exact` of an article, with the author's answer (`services.passage_notes`).

    It is sent with the decision that returns the article, and open until a moderator resolves it.
    """

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="passage_notes")
    moderator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    exact = models.TextField()
    prefix = models.CharField(max_length=MAX_CONTEXT, blank=True)
    suffix = models.CharField(max_length=MAX_CONTEXT, blank=True)
    text = models.TextField()
    written_at = models.DateTimeField(default=timezone.now)
    # The decision that it was sent with.
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, null=True, related_name="passage_notes")
    answer = models.TextField(blank=True)
    # The author says that it is done.
    done_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)

    objects = PassageNoteQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        verbose_name = _("note on a passage")
        verbose_name_plural = _("notes on passages")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(exact="") & ~Q(text=""), name="passage_note_has_quote_and_text"),
            models.CheckConstraint(
                condition=Q(decision__isnull=False) | Q(answer="", done_at__isnull=True, resolved_at__isnull=True),
                name="passage_note_answered_after_sent",
            ),
        ]

    def __str__(self) -> str:
        return self.text[:60]

    @property
    def quote(self) -> Quote:
        return Quote(self.exact, self.prefix, self.suffix)
