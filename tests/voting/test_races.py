"""Votes that arrive at the same moment, on real parallel connections."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from django.db import connection

from accounts.models import User
from articles.models import Article
from articles.models.ranking import hot
from articles.services import publishing
from articles.voting.models import Vote
from articles.voting.services import Choice, cast_vote
from core.exceptions import ActionNotAllowed
from tests import factories
from tests.parallel import at_once

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL"),
]
THREADS = 8


def assert_exact(article: Article) -> None:
    article.refresh_from_db()
    votes = list(Vote.objects.filter(article=article).values_list("value", flat=True))
    assert (article.likes, article.dislikes) == (votes.count(1), votes.count(-1))
    assert article.published_at is not None
    assert article.hot == hot(article.likes, article.dislikes, article.published_at)


def voting(article: Article, voters: list[User], seed: int) -> Callable[[], None]:
    chance = random.Random(seed)  # noqa: S311 - reproducible

    def job() -> None:
        for voter in voters:
            for _ in range(5):
                choice: Choice = chance.choice([1, 0, -1])
                cast_vote(article=article, user=voter, value=choice)

    return job


def test_cast_vote_many_users_at_once() -> None:
    article = factories.published()
    voters = [factories.UserFactory.create_batch(5) for _ in range(THREADS)]
    assert at_once([voting(article, voters[n], n) for n in range(THREADS)]) == [None] * THREADS
    assert_exact(article)


def test_cast_vote_one_user_in_many_tabs() -> None:
    article, voter = factories.published(), factories.UserFactory.create()
    assert at_once([voting(article, [voter] * 5, n) for n in range(THREADS)]) == [None] * THREADS
    assert_exact(article)
    assert Vote.objects.count() <= 1


def test_cast_vote_double_click() -> None:
    article, voter = factories.published(), factories.UserFactory.create()
    assert at_once([lambda: cast_vote(article=article, user=voter, value=1)] * THREADS) == [None] * THREADS
    assert_exact(article)
    assert article.likes == Vote.objects.count() == 1


def test_cast_vote_while_article_is_hidden() -> None:
    article = factories.published()
    voters = factories.UserFactory.create_batch(THREADS)
    errors = at_once(
        [
            *[lambda voter=voter: cast_vote(article=article, user=voter, value=1) for voter in voters],
            lambda: publishing.hide(article=article),
        ]
    )
    assert errors[-1] is None
    assert all(error is None or isinstance(error, Article.DoesNotExist) for error in errors)
    assert_exact(article)
    assert article.likes == errors[:-1].count(None)
    assert article.state == Article.State.HIDDEN


def test_cast_vote_while_user_or_article_is_deleted() -> None:
    article, voter = factories.published(), factories.UserFactory.create()
    gone = User.objects.get(pk=voter.pk)
    User.objects.filter(pk=voter.pk).delete()
    with pytest.raises(ActionNotAllowed, match="no longer exists"):
        cast_vote(article=article, user=gone, value=1)
    assert_exact(article)
    others = factories.UserFactory.create_batch(THREADS)
    errors = at_once(
        [
            *[lambda voter=voter: cast_vote(article=article, user=voter, value=1) for voter in others],
            lambda: Article.objects.filter(pk=article.pk).delete(),
        ]
    )
    assert not [error for error in errors[:-1] if not (error is None or isinstance(error, Article.DoesNotExist))]
