"""Texts of drafts that were overwritten."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from articles.models.article import Article
from articles.models.content import Content
from articles.models.taxonomy import Section


class Checkpoint(Content):
    """A text that an author overwrote in a draft (`articles.services.checkpoints`). Only its author sees it."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="checkpoints", db_index=False)
    # Unlike in a revision: an old text does not protect a section from deletion.
    section = models.ForeignKey(
        Section, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("section")
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["article", "version"], name="checkpoint_version_once")]
        indexes = [models.Index(fields=["updated_at"], name="checkpoint_old")]
