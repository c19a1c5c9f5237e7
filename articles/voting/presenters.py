"""Context of the vote control: the same for the article's page and for the fragment after a vote."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from articles.models import Article
from articles.voting.services import VoteResult, own_vote, vote_denied_reason


def vote_url(article: Article) -> str:
    """Return the URL of the vote control on the article's page."""
    return f"{article.get_absolute_url()}#vote"


def login_url(article: Article, value: int | None = None) -> str:
    """Return the URL of the login page that leads back to the vote control.

    Args:
        value: the vote that was wanted; the control offers it again, and one press casts it.
    """
    wanted = f"?vote={value}" if value else ""
    return f"{reverse('account_login')}?{urlencode({'next': f'{article.get_absolute_url()}{wanted}#vote'})}"


def vote_context(
    article: Article,
    user: User | None,
    *,
    result: VoteResult | None = None,
    message: str = "",
    wanted: int | None = None,
) -> dict[str, Any]:
    """Return the context of `voting/_vote.html`.

    Args:
        user: None for readers who are not signed in.
        result: what a vote has just returned; without it, the user's vote is read from the database.
        message: why the vote was refused.
        wanted: the vote that the user wanted before they logged in.
    """
    if result is not None:
        article.likes, article.dislikes = result.likes, result.dislikes
    context: dict[str, Any] = {"article": article, "voter": user, "message": message}
    if user is None:
        context |= {"like_url": login_url(article, 1), "dislike_url": login_url(article, -1)}
    else:
        context["denied_reason"] = vote_denied_reason(article=article, user=user)
        if result is not None:
            context["own_vote"] = result.value
        else:
            context["own_vote"] = 0 if article.is_by(user) else own_vote(article=article, user=user)
        if wanted and not context["own_vote"] and not context["denied_reason"]:
            context |= {"wanted": wanted, "message": _("You are logged in. Press the button to vote.")}
    votes = article.likes + article.dislikes
    # Likes per thousand votes, as an integer: a decimal separator of the language must not get into the SVG.
    context["like_share"] = article.likes * 1000 // votes if votes else None
    return context
