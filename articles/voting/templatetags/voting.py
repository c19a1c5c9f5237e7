"""The vote control of an article's page."""

from __future__ import annotations

from typing import Any

from django import template

from articles.models import Article
from articles.voting.control import control_of

register = template.Library()


@register.inclusion_tag("voting/_vote.html", takes_context=True)
def vote_control(context: template.Context, article: Article) -> dict[str, Any]:
    """Like, dislike, their balance and the figures. Asks for the person's own vote only where there is a person."""
    return control_of(article, context.get("person") or None)
