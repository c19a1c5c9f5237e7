"""What templates of other apps show of moderation."""

from __future__ import annotations

from typing import Any

from django import template
from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Min

from accounts.models import User
from articles.models import Article
from articles.moderation.models import Decision, Submission
from articles.moderation.selectors import current_refusals
from articles.moderation.services import DECIDE

register = template.Library()
register.simple_tag(current_refusals, name="reasons_for")


@register.filter
def of(reasons: dict[int, Decision], article: Article) -> Decision | None:
    """Return the refusal of one article: `{{ reasons|of:article }}`."""
    return reasons.get(article.pk)


@register.simple_tag
def queue_for(user: User | AnonymousUser) -> dict[str, Any] | None:
    """Return how many submissions wait and since when the oldest does, for a moderator; None for other users."""
    if not user.has_perm(DECIDE):
        return None
    return Submission.objects.waiting().order_by().aggregate(waiting=Count("pk"), oldest=Min("submitted_at"))
