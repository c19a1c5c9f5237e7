"""The vote control of an article's page."""

from __future__ import annotations

from typing import Any

from django import template

from articles.models import Article
from articles.voting.control import control_of, liked_of, login_address

register = template.Library()


@register.inclusion_tag("voting/_vote.html", takes_context=True)
def vote_control(context: template.Context, article: Article) -> dict[str, Any]:
    """Like, dislike, their balance and the figures. Asks for the person's own vote only where there is a person."""
    user = context.get("user")
    return control_of(article, user if user is not None and user.is_authenticated else None)


@register.inclusion_tag("voting/_invitation.html")
def vote_invitation(article: Article) -> dict[str, Any]:
    """The control of who is not signed in: both buttons lead to the log-in."""
    return {"article": article, "login": login_address(article), "liked": liked_of(article)}
