"""What templates of other apps show of moderation."""

from __future__ import annotations

from collections.abc import Iterable

from django import template
from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from articles.models import Article
from articles.moderation.models import Decision
from articles.moderation.selectors import ReviewQueue, current_refusals, review_queue
from articles.moderation.services import DECIDE

register = template.Library()


@register.simple_tag
def reasons_for(articles: Iterable[Article]) -> dict[int, Decision]:
    """Return the current refusals of these articles, for the filter `of`."""
    return current_refusals(articles)


@register.filter
def of(reasons: dict[int, Decision], article: Article) -> Decision | None:
    """Return the refusal of one article: `{{ reasons|of:article }}`."""
    return reasons.get(article.pk)


@register.simple_tag
def queue_for(user: User | AnonymousUser) -> ReviewQueue | None:
    """Return the review queue for a moderator, None for other users."""
    return review_queue() if user.has_perm(DECIDE) else None
