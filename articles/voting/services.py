"""Cast votes. A vote names the wanted state, so sending it twice has the effect of sending it once."""

from __future__ import annotations

from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Literal, cast

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from articles.models import Article
from articles.models.ranking import hot
from articles.voting.models import Vote
from core.events import vote_cast
from core.exceptions import ActionNotAllowed

# Votes that a process casts at once. All voters of an article wait for its row in the end: those who wait here hold
# no database connection.
_SLOTS = BoundedSemaphore(2)

# Like, dislike, no vote.
Choice = Literal[1, -1, 0]
# As forms and URLs name them.
CHOICES: dict[str, Choice] = {"1": 1, "0": 0, "-1": -1}


@dataclass(frozen=True, kw_only=True)
class VoteResult:
    """An article's counters after a vote, and the user's own vote."""

    likes: int
    dislikes: int
    value: Choice


def vote_denied_reason(*, article: Article, user: User) -> str:
    """Return why the user cannot vote on the article, as a sentence; empty if they can."""
    if article.is_by(user):
        return _("This is your own article, so you cannot vote on it.")
    if user.is_suspended:
        return _("Your account is suspended, so you cannot vote.")
    return ""


def own_vote(*, article: Article, user: User) -> Choice:
    """Return the user's vote on the article."""
    votes = Vote.objects.filter(article_id=article.pk, voter_id=user.pk).values_list("value", flat=True)
    return cast("Choice", next(iter(votes), 0))


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
    if reason := vote_denied_reason(article=article, user=user):
        raise ActionNotAllowed(reason)
    with _SLOTS, transaction.atomic():
        return _cast_vote(article, user, value)


def _cast_vote(article: Article, user: User, value: Choice) -> VoteResult:
    # The user's row serialises the votes of one user. The article's row, which all voters share, is locked last.
    voter = User.objects.select_for_update(no_key=True).only("suspended_until").filter(pk=user.pk).first()
    if voter is None:
        raise ActionNotAllowed(_("Your account no longer exists, so your vote was not counted."))
    if reason := vote_denied_reason(article=article, user=voter):
        raise ActionNotAllowed(reason)
    before = own_vote(article=article, user=voter)
    published = Article.objects.published().only("author", "coauthors", "likes", "dislikes", "published_at")
    if value == before:
        current = published.get(pk=article.pk)
        return VoteResult(likes=current.likes, dislikes=current.dislikes, value=value)
    if value == 0:
        Vote.objects.filter(article_id=article.pk, voter_id=voter.pk).delete()
    else:
        Vote.objects.bulk_create(
            [Vote(article_id=article.pk, voter_id=voter.pk, value=value)],
            update_conflicts=True,
            unique_fields=["article", "voter"],
            update_fields=["value", "updated_at"],
        )
    locked = published.select_for_update(no_key=True).get(pk=article.pk)
    if reason := vote_denied_reason(article=locked, user=voter):
        raise ActionNotAllowed(reason)  # They became a co-author meanwhile.
    likes, dislikes = _update_counters(locked, before, value)
    vote_cast.send(sender=Vote, article_id=article.pk, user=user, value=value)
    return VoteResult(likes=likes, dislikes=dislikes, value=value)


@transaction.atomic
def remove_vote(*, article: Article, user: User) -> None:
    """Remove the vote of a user who has become a co-author, whose row and the article's are locked."""
    if before := own_vote(article=article, user=user):
        Vote.objects.filter(article_id=article.pk, voter_id=user.pk).delete()
        _update_counters(Article.objects.get(pk=article.pk), before, 0)
        vote_cast.send(sender=Vote, article_id=article.pk, user=user, value=0)


def _update_counters(locked: Article, before: Choice, value: Choice) -> tuple[int, int]:
    """Store and return likes and dislikes of a locked article after a vote has changed."""
    # Never below zero: recount repairs a wrong counter, which must not refuse a vote.
    likes = max(0, locked.likes + (value == 1) - (before == 1))
    dislikes = max(0, locked.dislikes + (value == -1) - (before == -1))
    assert locked.published_at is not None, "a published article has a time"
    score = hot(likes, dislikes, locked.published_at)
    Article.objects.filter(pk=locked.pk).update(likes=likes, dislikes=dislikes, hot=score)
    return likes, dislikes
