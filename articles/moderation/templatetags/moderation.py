"""What templates of other apps show of moderation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import template
from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from articles.models import Article
from articles.moderation.models import Appeal, Submission
from articles.moderation.selectors import PlacedNote, current_refusals, current_suspension, notes_on_passages
from articles.moderation.services import DECIDE
from articles.moderation.waiting import format_wait, receipts_for
from articles.services.trust import trust_of
from core.admin import MAX_COUNT

register = template.Library()
register.simple_tag(current_refusals, name="reasons_for")
register.simple_tag(receipts_for)
register.simple_tag(current_suspension)
register.simple_tag(trust_of)


@register.filter
def of[Row](rows: dict[int, Row], article: Article) -> Row | None:
    """Return the refusal or the receipt of one article: `{{ reasons|of:article }}`."""
    return rows.get(article.pk)


@register.filter
def wait(seconds: int | None) -> str:
    """Return a waiting time in words."""
    return "–" if seconds is None else format_wait(timedelta(seconds=seconds))


@register.simple_tag
def notes_for_author(article: Article) -> list[PlacedNote]:
    """Return the open notes on the latest text of an article that its author can see."""
    assert article.latest is not None  # `start_draft` creates both
    article.latest.article = article
    return notes_on_passages(article.latest, only_sent=True)[0]


@register.simple_tag
def queue_for(user: User | AnonymousUser) -> dict[str, Any] | None:
    """Return how much waits for a moderator, and since when the oldest submission does; None for other users."""
    if not user.has_perm(DECIDE):
        return None
    waiting = Submission.objects.waiting()
    # A moderator does not decide on appeals against their own decisions.
    appeals = Appeal.objects.waiting().exclude(against=user.pk)
    oldest = waiting.values_list("submitted_at", flat=True).first()
    return {
        "waiting": waiting.values("pk")[:MAX_COUNT].count(),
        "oldest": oldest,
        "appeals": appeals.values("pk")[:MAX_COUNT].count(),
        "sampled": Submission.objects.sampled().values("pk")[:MAX_COUNT].count(),
    }
