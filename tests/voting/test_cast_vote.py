"""One vote per person and article: set, changed, withdrawn, refused; and the counters that follow it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles.models import Article
from articles.models.ranking import hot
from articles.services import publishing
from articles.voting.models import Vote
from articles.voting.services import Choice, VoteResult, cast_vote, own_vote
from core.exceptions import ActionNotAllowed
from tests import factories

pytestmark = pytest.mark.django_db


def counters(article: Article) -> tuple[int, int]:
    article.refresh_from_db()
    return article.likes, article.dislikes


def rows_written() -> int:
    """How many rows of any table were inserted, changed or deleted so far, as the database itself counts them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables"
            if connection.vendor == "postgresql"
            else "SELECT total_changes()"
        )
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize("before", [1, 0, -1])
@pytest.mark.parametrize("after", [1, 0, -1])
def test_every_change_lands_where_it_says(before: Choice, after: Choice) -> None:
    article, voter = factories.published(), factories.PersonFactory.create()
    cast_vote(article=article, user=voter, value=before)
    standing = cast_vote(article=article, user=voter, value=after)
    assert standing == VoteResult(likes=int(after == 1), dislikes=int(after == -1), value=after)
    assert counters(article) == (standing.likes, standing.dislikes)
    assert own_vote(article=article, user=voter) == after
    assert Vote.objects.count() == abs(after)
    assert article.published_at is not None
    assert article.hot == hot(article.likes, article.dislikes, article.published_at)


@pytest.mark.parametrize("value", [1, 0, -1])
def test_the_same_vote_again_changes_nothing(value: Choice) -> None:
    article, voter = factories.published(), factories.PersonFactory.create()
    once = cast_vote(article=article, user=voter, value=value)
    assert cast_vote(article=article, user=voter, value=value) == once
    assert counters(article) == (once.likes, once.dislikes)


def test_votes_of_several_people_add_up() -> None:
    article = factories.published()
    for value in (1, 1, 1, -1):
        standing = cast_vote(article=article, user=factories.PersonFactory.create(), value=value)
    assert (standing.likes, standing.dislikes) == counters(article) == (3, 1)


def test_a_like_lifts_and_a_dislike_sinks_the_article_in_hot() -> None:
    article = factories.published()
    begin = article.hot
    voters = factories.PersonFactory.create_batch(11)
    for voter in voters:
        cast_vote(article=article, user=voter, value=1)
    article.refresh_from_db()
    assert article.hot > begin + 1
    for voter in voters:
        cast_vote(article=article, user=voter, value=-1)
    article.refresh_from_db()
    assert article.hot < begin - 1


def test_nobody_votes_on_their_own_article() -> None:
    article = factories.published()
    with pytest.raises(ActionNotAllowed, match="your own article"):
        cast_vote(article=article, user=article.author, value=1)
    assert counters(article) == (0, 0)


def test_a_suspended_person_is_refused() -> None:
    article = factories.published()
    voter = factories.PersonFactory.create(suspended_until=timezone.now() + timedelta(days=1))
    with pytest.raises(ActionNotAllowed, match="suspended"):
        cast_vote(article=article, user=voter, value=1)
    assert counters(article) == (0, 0)


@pytest.mark.parametrize("make", [factories.draft, factories.in_review, factories.hidden])
def test_only_what_is_published_takes_votes(make: Callable[[], Article]) -> None:
    article = make()
    with pytest.raises(Article.DoesNotExist):
        cast_vote(article=article, user=factories.PersonFactory.create(), value=1)
    assert not Vote.objects.exists()


def test_what_the_database_says_now_counts_not_what_the_caller_read() -> None:
    article = factories.published()
    publishing.hide(article=Article.objects.get(pk=article.pk))
    with pytest.raises(Article.DoesNotExist):
        cast_vote(article=article, user=factories.PersonFactory.create(), value=1)


@pytest.mark.parametrize("value", [2, -2, 100])
def test_no_other_value(value: int) -> None:
    with pytest.raises(ValueError, match=str(value)):
        cast_vote(article=factories.published(), user=factories.PersonFactory.create(), value=value)  # type: ignore[arg-type]


def test_votes_stay_with_a_hidden_article_that_is_shown_again() -> None:
    article, voter = factories.published(), factories.PersonFactory.create()
    cast_vote(article=article, user=voter, value=1)
    publishing.hide(article=article)
    publishing.restore(article=article)
    assert counters(article) == (1, 0)
    assert cast_vote(article=article, user=voter, value=-1) == VoteResult(likes=0, dislikes=1, value=-1)


def test_a_counter_that_drifted_does_not_refuse_a_voter() -> None:
    article, voter = factories.published(), factories.PersonFactory.create()
    cast_vote(article=article, user=voter, value=1)
    Article.objects.filter(pk=article.pk).update(likes=0)
    cast_vote(article=article, user=voter, value=-1)
    assert counters(article) == (0, 1)


@pytest.mark.parametrize(("before", "most"), [(0, 2), (1, 3)])
def test_a_vote_is_few_statements_and_takes_the_article_last(before: Choice, most: int) -> None:
    article, voter = factories.published(), factories.PersonFactory.create()
    cast_vote(article=article, user=voter, value=before)
    with CaptureQueriesContext(connection) as queries:
        cast_vote(article=article, user=voter, value=-1)
    statements = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    assert len(statements) == most, statements
    assert [" articles_article" in one.replace('"', "") for one in statements] == [False] * (most - 1) + [True]


def test_the_same_vote_again_writes_nothing_and_does_not_take_the_article() -> None:
    article, voter = factories.published(), factories.PersonFactory.create()
    cast_vote(article=article, user=voter, value=1)
    before = Vote.objects.values().get()
    written = rows_written()
    assert written, "the first vote was written"
    with CaptureQueriesContext(connection) as queries:
        cast_vote(article=article, user=voter, value=1)
    assert rows_written() == written
    assert not [query["sql"] for query in queries if 'UPDATE "articles_article"' in query["sql"]]
    assert Vote.objects.values().get() == before


def test_the_database_reckons_hot_like_the_ranking() -> None:
    article = factories.published()
    assert article.published_at is not None
    voter = factories.PersonFactory.create()
    for n in [*range(-120, 121), 999, 1000, 1001, -98765, 10**6, 2 * 10**9]:
        Article.objects.filter(pk=article.pk).update(likes=max(n, 0), dislikes=max(-n, 0))
        for value in (1, -1, 0):
            cast_vote(article=article, user=voter, value=value)
            article.refresh_from_db()
            assert article.hot == hot(article.likes, article.dislikes, article.published_at), (n, value)


@pytest.mark.parametrize("when", [datetime(1999, 12, 31, 23, 59, 59, 999999, UTC), datetime(2038, 1, 19, tzinfo=UTC)])
def test_hot_is_the_same_at_any_time(when: datetime) -> None:
    article, voter = factories.published(), factories.PersonFactory.create()
    Article.objects.filter(pk=article.pk).update(published_at=when, likes=41)
    article.refresh_from_db()
    cast_vote(article=article, user=voter, value=1)
    article.refresh_from_db()
    assert article.hot == hot(42, 0, when)
