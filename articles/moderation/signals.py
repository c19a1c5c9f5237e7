"""Receivers that have submissions screened, and some reviewed afterwards (core/events.py)."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.dispatch import receiver

from articles.models import Revision
from articles.moderation.services.sampling import draw
from articles.moderation.services.screening import request_screening
from articles.moderation.tasks import screen_submission
from core import events


@receiver([events.article_submitted, events.article_published])
def screen_after_commit(revision: Revision, **kwargs: Any) -> None:
    """Screen a text that is submitted, or published without review."""
    if request_screening(revision):
        transaction.on_commit(partial(screen_submission.enqueue, revision.pk))


@receiver(events.article_published_unreviewed)
def draw_sample(revision: Revision, **kwargs: Any) -> None:
    """Draw lots whether a moderator reads what is published without review."""
    draw(revision)
