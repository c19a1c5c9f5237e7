"""The vote control of an article's page."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString

from articles.models import Article
from articles.templatetags.parts import part
from articles.templatetags.spokesperson import figures
from articles.voting.control import control_of, liked_of, login_address

register = template.Library()


@register.inclusion_tag("voting/_vote.html", takes_context=True)
def vote_control(context: template.Context, article: Article) -> dict[str, Any]:
    """Like, dislike, their balance and the figures. Asks for the person's own vote only where there is a person."""
    user = context.get("user")
    return control_of(article, user if user is not None and user.is_authenticated else None)


@register.simple_tag
def vote_invitation(article: Article) -> SafeString:
    """The control of who is not signed in: both buttons lead to the log-in."""
    return part(
        "voting/_invitation.html",
        login=login_address(article),
        likes=article.likes,
        dislikes=article.dislikes,
        liked=liked_of(article),
        figures=figures(article, explained=article.is_public),
    )
