"""Cast votes. A vote names the wanted state, so sending it twice has the effect of sending it once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from articles.models import Article
from articles.models.ranking import hot
from articles.voting.models import Vote
from core.events import vote_cast
from core.exceptions import ActionNotAllowed

# Like, dislike, no vote.
Choice = Literal[1, -1, 0]


@dataclass(frozen=True, kw_only=True)
class VoteResult:
    """An article's counters after a vote, and the user's own vote."""

    likes: int
    dislikes: int
    value: Choice


def vote_denied_reason(*, article: Article, user: User) -> str:
    """Return why the user cannot vote on the article, as a sentence; empty if they can."""
    if article.author_id == user.pk:
        return _("This is your own article, so the votes on it are up to others.")
    if user.is_suspended:
        return _("Your account is suspended, so you cannot vote at the moment.")
    return ""


def own_vote(*, article: Article, user: User) -> Choice:
    """Return the user's vote on the article."""
    value: Choice | None = Vote.objects.filter(article=article, voter=user).values_list("value", flat=True).first()
    return value or 0


def cast_vote(*, article: Article, user: User, value: Choice) -> VoteResult:
    """Set a user's vote on a published article and update the article's counters, in one transaction.

    Args:
        value: 1 for a like, -1 for a dislike, 0 to withdraw the vote.

    Raises:
        Article.DoesNotExist: the article is not published.
        ActionNotAllowed: it is the user's own article, or the user is suspended or deleted.
        ValueError: another value.
    """
    if value not in {1, 0, -1}:
        raise ValueError(value)
    with transaction.atomic():
        # The user's row serialises their own votes. The article's row, which all voters share, is locked last, so that
        # it is held as briefly as possible.
        try:
            user = User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
        except User.DoesNotExist as error:
            raise ActionNotAllowed(_("Your account is gone, so the vote was not counted.")) from error
        if reason := vote_denied_reason(article=article, user=user):
            raise ActionNotAllowed(reason)
        before = own_vote(article=article, user=user)
        if value == before:
            likes, dislikes = Article.objects.published().values_list("likes", "dislikes").get(pk=article.pk)
            return VoteResult(likes=likes, dislikes=dislikes, value=value)
        if value == 0:
            Vote.objects.filter(article=article, voter=user).delete()
        else:
            Vote.objects.bulk_create(
                [Vote(article=article, voter=user, value=value)],
                update_conflicts=True,
                unique_fields=["article", "voter"],
                update_fields=["value", "updated_at"],
            )
        locked = Article.objects.published().select_for_update(of=("self",), no_key=True).get(pk=article.pk)
        # Never below zero: a wrong counter is repaired by recount and must not refuse a vote.
        locked.likes = max(0, locked.likes + (value == 1) - (before == 1))
        locked.dislikes = max(0, locked.dislikes + (value == -1) - (before == -1))
        locked.hot = hot(locked.likes, locked.dislikes, locked.published_at)
        locked.save(update_fields=["likes", "dislikes", "hot"])
        vote_cast.send(sender=Vote, article_id=article.pk, user=user, value=value)
    return VoteResult(likes=locked.likes, dislikes=locked.dislikes, value=value)
