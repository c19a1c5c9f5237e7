"""The vote control of an article's page."""

from __future__ import annotations

from typing import Any

from django import template

from articles.models import Article
from articles.voting.presenters import vote_context
from articles.voting.services import CHOICES

register = template.Library()


@register.inclusion_tag("voting/_vote.html", takes_context=True)
def vote_control(context: template.Context, article: Article) -> dict[str, Any]:
    """Show like, dislike, their ratio and the counts. Without a signed-in user it makes no query."""
    user = context.get("user")
    if user is None or not user.is_authenticated:
        return vote_context(article, None)
    request = context.get("request")
    return vote_context(article, user, wanted=CHOICES.get(request.GET.get("vote", "")) if request else None)
