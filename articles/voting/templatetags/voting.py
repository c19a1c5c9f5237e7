"""The vote control of an article's page."""

from __future__ import annotations

from typing import Any

from django import template

from articles.models import Article
from articles.voting.presenters import vote_context

register = template.Library()


@register.inclusion_tag("voting/_vote.html", takes_context=True)
def vote_control(context: template.Context, article: Article) -> dict[str, Any]:
    """Show like, dislike, their ratio and the counts. Without a signed-in user it makes no query."""
    user = context.get("user")
    return vote_context(article, user if user is not None and user.is_authenticated else None)
