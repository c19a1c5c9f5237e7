"""What the vote control shows: the same for the page and for the fragment after a vote."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from accounts.models import User
from articles.models import Article
from articles.voting import services


def address_of_vote(article: Article) -> str:
    """The place of the vote control on the article's page."""
    return f"{article.get_absolute_url()}#vote"


def login_address(article: Article) -> str:
    """Where to log in and come back to the vote control."""
    return f"{reverse('account_login')}?{urlencode({'next': address_of_vote(article)})}"


def control_of(
    article: Article, user: User | None, *, standing: services.Standing | None = None, sentence: str = ""
) -> dict[str, Any]:
    """The context of `voting/_vote.html`.

    Args:
        standing: what a vote has just come to; asked from the database where there was none.
        sentence: why the vote was not taken.
    """
    context: dict[str, Any] = {"article": article, "voter": user, "sentence": sentence}
    if user is None:
        context["mine"] = 0
    else:
        context["closed"] = services.why_not(article=article, voter=user)
        if standing is not None:
            article.likes, article.dislikes = standing.likes, standing.dislikes
            context["mine"] = standing.mine
        elif article.author_id == user.pk:
            context["mine"] = 0
        else:
            context["mine"] = services.own_vote(article=article, voter=user)
    context["liked"] = liked_of(article)
    return context


def liked_of(article: Article) -> int | None:
    """How many of a thousand votes are likes; None where nobody voted.

    Whole numbers: no language's decimal comma may get into the drawing.
    """
    votes = article.likes + article.dislikes
    return article.likes * 1000 // votes if votes else None
