"""A vote names the state wanted, so that sending it twice is sending it once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.db import IntegrityError, transaction
from django.db.models import F, IntegerField, Value
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from articles.models import Article
from articles.publishing import NotPossible
from articles.ranking import hot
from articles.voting.models import Vote

Choice = Literal[1, 0, -1]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How an article stands, and what one person says about it: like (1), dislike (-1) or nothing (0)."""

    likes: int
    dislikes: int
    mine: Choice


def why_not(*, article: Article, voter: User) -> str:
    """The sentence that tells the person why they may not vote on this article; empty where they may."""
    if article.author_id == voter.pk:
        return _("This is your own article, so the votes on it are up to others.")
    if voter.is_suspended:
        return _("Your account is suspended, so you cannot vote at the moment.")
    return ""


def own_vote(*, article: Article, voter: User) -> Choice:
    """What the person says about the article now."""
    found: Choice | None = Vote.objects.filter(article=article, voter=voter).values_list("value", flat=True).first()  # type: ignore[assignment]
    return found or 0


def cast_vote(*, article: Article, voter: User, value: Choice) -> Standing:
    """Set the person's vote on a published article, and the article's counters with it, in one transaction.

    Args:
        value: 1 likes, -1 dislikes, 0 withdraws. The state wanted, not a change: calling again changes nothing.

    Raises:
        Article.DoesNotExist: the article is not published (any more).
        NotPossible: it is the voter's own article, or the voter is suspended or gone.
        ValueError: another value.
    """
    if value not in {1, 0, -1}:
        raise ValueError(value)
    try:
        with transaction.atomic():
            return _cast(article, voter, value)
    except IntegrityError as error:  # The voter's account was deleted since the request began.
        raise NotPossible(_("Your account is gone, so the vote was not counted.")) from error


def _cast(article: Article, voter: User, value: Choice) -> Standing:
    # The article's row is the queue in which its voters stand: whoever holds it sees every earlier vote.
    article = Article.objects.published().select_for_update(of=("self",), no_key=True).get(pk=article.pk)
    if sentence := why_not(article=article, voter=voter):
        raise NotPossible(sentence)
    before = own_vote(article=article, voter=voter)
    likes, dislikes = (value == 1) - (before == 1), (value == -1) - (before == -1)
    standing = Standing(likes=max(article.likes + likes, 0), dislikes=max(article.dislikes + dislikes, 0), mine=value)
    if value == before:
        return standing
    mine = Vote.objects.filter(article=article, voter=voter)
    if value == 0:
        mine.delete()
    elif before == 0:
        Vote.objects.create(article=article, voter=voter, value=value)
    else:
        mine.update(value=value, updated_at=timezone.now())
    assert article.published_at is not None  # a constraint of the table
    Article.objects.filter(pk=article.pk).update(
        likes=_changed("likes", likes),
        dislikes=_changed("dislikes", dislikes),
        hot=hot(standing.likes, standing.dislikes, article.published_at),
    )
    return standing


def _changed(counter: str, by: int) -> Greatest:
    # Never below nothing: a counter that drifted is recount's to mend, not a voter's to be refused for.
    return Greatest(F(counter) + by, Value(0), output_field=IntegerField())
