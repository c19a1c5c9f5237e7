"""Receivers that have submissions screened, look for similar texts before one, and draw samples (core/events.py)."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.dispatch import receiver

from articles.checks import Finding, Kind
from articles.models import Article, Revision
from articles.moderation.selectors import most_similar
from articles.moderation.services.passage_notes import resolve_all
from articles.moderation.services.sampling import draw
from articles.moderation.services.screening import request_screening
from articles.moderation.similarity import shingles
from articles.moderation.tasks import screen_submission
from core import events
from core.sanitizer import plain_text


@receiver([events.article_submitted, events.article_published])
def screen_after_commit(revision: Revision, **kwargs: Any) -> None:
    """Screen a text that is submitted, or published without review."""
    if request_screening(revision):
        transaction.on_commit(partial(screen_submission.enqueue, revision.pk))


@receiver(events.pre_submit)
def find_similar_text(revision: Revision, **kwargs: Any) -> list[Finding]:
    """Find the published article that has most of the text. What is not published is not revealed."""
    share, other = most_similar(revision, shingles(plain_text(revision.body)), published_only=True)
    if other is None:
        return []
    words = f"{other.title}, {other.article.author.name} ({share:.0%})"
    other.article.live = other  # Its address is that of the live text.
    return [Finding(Kind.SIMILAR_TEXT, words=words, url=other.article.get_absolute_url())]


@receiver(events.article_published_unreviewed)
def follow_unreviewed(article: Article, revision: Revision, **kwargs: Any) -> None:
    """Draw lots whether a moderator reads what is published without review; notes on earlier versions are resolved."""
    draw(revision)
    resolve_all(article)
    if article.is_scheduled:  # It can be stopped, and is in review then, before it is announced as published.
        screen_after_commit(revision)
