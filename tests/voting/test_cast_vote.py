"""One vote per user and article: set, changed, withdrawn, refused; and the counters that follow it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles.models import Article
from articles.models.ranking import hot
from articles.services import publishing
from articles.voting.models import Vote
from articles.voting.services import Choice, VoteResult, cast_vote, own_vote
from core.events import vote_cast
from core.exceptions import ActionNotAllowed
from tests import factories

pytestmark = pytest.mark.django_db


def counters(article: Article) -> tuple[int, int]:
    article.refresh_from_db()
    return article.likes, article.dislikes


def rows_written() -> int:
    """Return how many rows were inserted, changed or deleted so far, as the database counts them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables"
            if connection.vendor == "postgresql"
            else "SELECT total_changes()"
        )
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize("before", [1, 0, -1])
@pytest.mark.parametrize("after", [1, 0, -1])
def test_cast_vote_every_change(before: Choice, after: Choice) -> None:
    article, voter = factories.published(), factories.UserFactory.create()
    cast_vote(article=article, user=voter, value=before)
    result = cast_vote(article=article, user=voter, value=after)
    assert result == VoteResult(likes=int(after == 1), dislikes=int(after == -1), value=after)
    assert counters(article) == (result.likes, result.dislikes)
    assert own_vote(article=article, user=voter) == after
    assert Vote.objects.count() == abs(after)
    assert article.published_at is not None
    assert article.hot == hot(article.likes, article.dislikes, article.published_at)


@pytest.mark.parametrize("value", [1, 0, -1])
def test_cast_vote_twice_changes_nothing(value: Choice) -> None:
    article, voter = factories.published(), factories.UserFactory.create()
    once = cast_vote(article=article, user=voter, value=value)
    assert cast_vote(article=article, user=voter, value=value) == once
    assert counters(article) == (once.likes, once.dislikes)


def test_cast_vote_by_several_users_adds_up() -> None:
    article = factories.published()
    for value in (1, 1, 1, -1):
        result = cast_vote(article=article, user=factories.UserFactory.create(), value=value)
    assert (result.likes, result.dislikes) == counters(article) == (3, 1)


def test_cast_vote_moves_article_in_hot() -> None:
    article = factories.published()
    begin = article.hot
    voters = factories.UserFactory.create_batch(11)
    for voter in voters:
        cast_vote(article=article, user=voter, value=1)
    article.refresh_from_db()
    assert article.hot > begin + 1
    for voter in voters:
        cast_vote(article=article, user=voter, value=-1)
    article.refresh_from_db()
    assert article.hot < begin - 1


def test_cast_vote_on_own_article_is_refused() -> None:
    article = factories.published()
    with pytest.raises(ActionNotAllowed, match="your own article"):
        cast_vote(article=article, user=article.author, value=1)
    assert counters(article) == (0, 0)


def test_cast_vote_by_suspended_user_is_refused() -> None:
    article = factories.published()
    voter = factories.UserFactory.create(suspended_until=timezone.now() + timedelta(days=1))
    with pytest.raises(ActionNotAllowed, match="suspended"):
        cast_vote(article=article, user=voter, value=1)
    assert counters(article) == (0, 0)


@pytest.mark.parametrize("make", [factories.draft, factories.in_review, factories.hidden])
def test_cast_vote_on_unpublished_article(make: Callable[[], Article]) -> None:
    article = make()
    with pytest.raises(Article.DoesNotExist):
        cast_vote(article=article, user=factories.UserFactory.create(), value=1)
    assert not Vote.objects.exists()


def test_cast_vote_on_article_hidden_since_it_was_read() -> None:
    article = factories.published()
    publishing.hide(article=Article.objects.get(pk=article.pk))
    with pytest.raises(Article.DoesNotExist):
        cast_vote(article=article, user=factories.UserFactory.create(), value=1)


@pytest.mark.parametrize("value", [2, -2, 100])
def test_cast_vote_refuses_other_values(value: int) -> None:
    with pytest.raises(ValueError, match=str(value)):
        cast_vote(article=factories.published(), user=factories.UserFactory.create(), value=value)  # type: ignore[arg-type]


def test_votes_survive_hiding_and_restoring() -> None:
    article, voter = factories.published(), factories.UserFactory.create()
    cast_vote(article=article, user=voter, value=1)
    publishing.hide(article=article)
    publishing.restore(article=article)
    assert counters(article) == (1, 0)
    assert cast_vote(article=article, user=voter, value=-1) == VoteResult(likes=0, dislikes=1, value=-1)


def test_cast_vote_with_wrong_counter() -> None:
    article, voter = factories.published(), factories.UserFactory.create()
    cast_vote(article=article, user=voter, value=1)
    Article.objects.filter(pk=article.pk).update(likes=0)
    cast_vote(article=article, user=voter, value=-1)
    assert counters(article) == (0, 1)


@pytest.mark.parametrize("before", [0, 1])
def test_cast_vote_locks_the_article_last(before: Choice) -> None:
    article, voter = factories.published(), factories.UserFactory.create()
    cast_vote(article=article, user=voter, value=before)
    with CaptureQueriesContext(connection) as queries:
        cast_vote(article=article, user=voter, value=-1)
    statements = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    # The user, the vote before, the vote; then the article that all voters share, and its counters.
    assert ["articles_article" in statement for statement in statements] == [False, False, False, True, True], (
        statements
    )


def test_cast_vote_sends_signal_when_the_vote_changes() -> None:
    article, voter = factories.published(), factories.UserFactory.create()
    received: list[Any] = []

    def receiver(**kwargs: Any) -> None:
        received.append((kwargs["sender"], kwargs["article_id"], kwargs["user"], kwargs["value"]))

    vote_cast.connect(receiver)
    try:
        for value in (1, 1, 0):
            cast_vote(article=article, user=voter, value=value)
    finally:
        vote_cast.disconnect(receiver)
    assert received == [(Vote, article.pk, voter, 1), (Vote, article.pk, voter, 0)]


def test_cast_vote_twice_writes_nothing_and_does_not_lock_the_article() -> None:
    article, voter = factories.published(), factories.UserFactory.create()
    cast_vote(article=article, user=voter, value=1)
    before = Vote.objects.values().get()
    written = rows_written()
    assert written, "the first vote was written"
    with CaptureQueriesContext(connection) as queries:
        cast_vote(article=article, user=voter, value=1)
    assert rows_written() == written
    assert not [query["sql"] for query in queries if 'UPDATE "articles_article"' in query["sql"]]
    assert Vote.objects.values().get() == before


def test_cast_vote_stores_hot_of_the_ranking() -> None:
    article = factories.published()
    assert article.published_at is not None
    voter = factories.UserFactory.create()
    for n in [*range(-120, 121), 999, 1000, 1001, -98765, 10**6, 2 * 10**9]:
        Article.objects.filter(pk=article.pk).update(likes=max(n, 0), dislikes=max(-n, 0))
        for value in (1, -1, 0):
            cast_vote(article=article, user=voter, value=value)
            article.refresh_from_db()
            assert article.hot == hot(article.likes, article.dislikes, article.published_at), (n, value)


@pytest.mark.parametrize("when", [datetime(1999, 12, 31, 23, 59, 59, 999999, UTC), datetime(2038, 1, 19, tzinfo=UTC)])
def test_cast_vote_stores_hot_at_any_time(when: datetime) -> None:
    article, voter = factories.published(), factories.UserFactory.create()
    Article.objects.filter(pk=article.pk).update(published_at=when, likes=41)
    article.refresh_from_db()
    with time_machine.travel(when + timedelta(days=1)):
        cast_vote(article=article, user=voter, value=1)
    article.refresh_from_db()
    assert article.hot == hot(42, 0, when)
