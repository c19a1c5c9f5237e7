"""`manage.py recount`: every counter against its rows, only reported, or corrected."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext

from articles.models import Article
from articles.models.ranking import hot
from articles.readership import services as readership
from articles.readership.models import DailyStats, PageView
from articles.readership.visitors import today
from articles.selectors import article_pk_ranges
from articles.services import publishing
from articles.voting import recount as voting
from articles.voting.models import Vote
from articles.voting.services import cast_vote
from tests import factories
from tests.readership.rows import waiting

pytestmark = pytest.mark.django_db


def viewed(article: Article, times: int = 1, *, kind: str = PageView.Kind.COUNTED, days_ago: int = 0) -> None:
    waiting(article, times, kind=kind, day=today() - timedelta(days=days_ago))


@pytest.fixture
def article() -> Article:
    """An article with two likes, a dislike and views of every kind, all rolled up."""
    article = factories.published()
    for value in (1, 1, -1):
        cast_vote(article=article, user=factories.UserFactory.create(), value=value)
    for kind in PageView.Kind.values:
        viewed(article, 2, kind=kind)
    viewed(article, 3, days_ago=1)
    viewed(article, 4, days_ago=9)
    readership.rollup()
    article.refresh_from_db()
    return article


def recount(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    call_command("recount", *options)
    return capsys.readouterr().out


def assert_exact(article: Article) -> None:
    article.refresh_from_db()
    assert (article.likes, article.dislikes, article.views) == (2, 1, 9)
    assert article.published_at is not None
    assert article.hot == hot(2, 1, article.published_at)
    assert list(DailyStats.objects.order_by("-day").values_list("views", "by_author", "by_bots")) == [
        (2, 2, 2),
        (3, 0, 0),
        (4, 0, 0),
    ]


@pytest.mark.parametrize("options", [(), ("--check",)])
def test_recount_leaves_correct_counters(
    article: Article, capsys: pytest.CaptureFixture[str], options: tuple[str]
) -> None:
    factories.draft()
    factories.in_review()
    factories.hidden()
    viewed(article, 2)  # not rolled up: in neither number, so no difference
    assert recount(capsys, *options) == "All counters are correct.\n"
    assert_exact(article)


WRONG: dict[str, tuple[type[Model], dict[str, float], str]] = {
    "likes": (Article, {"likes": 7}, "likes: 7 stored, 2 counted"),
    "dislikes": (Article, {"dislikes": 0}, "dislikes: 0 stored, 1 counted"),
    "hot": (Article, {"hot": 1.5}, "hot: 1.5 stored, "),
    "views": (Article, {"views": 10}, "views: 10 stored, 9 counted"),
    "day": (DailyStats, {"views": 4}, ", views: 4 stored, 2 counted"),
    "author": (DailyStats, {"by_author": 0}, ", by_author: 0 stored, 2 counted"),
    "staff": (DailyStats, {"by_staff": 1}, ", by_staff: 1 stored, 2 counted"),
    "bots": (DailyStats, {"by_bots": 3}, ", by_bots: 3 stored, 2 counted"),
    "rate": (DailyStats, {"over_rate": 0}, ", over_rate: 0 stored, 2 counted"),
}


@pytest.mark.parametrize("name", WRONG)
def test_recount_corrects_each_counter(article: Article, capsys: pytest.CaptureFixture[str], name: str) -> None:
    model, change, sentence = WRONG[name]
    rows = model._default_manager.filter(**({"day": today()} if model is DailyStats else {}))
    rows.update(**change)
    with pytest.raises(CommandError, match="differ") as error:
        call_command("recount", "--check")
    assert error.value.returncode == 1
    assert f"article {article.pk}" in (output := capsys.readouterr().out)
    assert sentence in output
    assert list(rows.values_list(*change)) == [tuple(change.values())]  # nothing was changed
    assert sentence in recount(capsys)
    assert_exact(article)
    assert recount(capsys, "--check") == "All counters are correct.\n"


def test_recount_finds_vote_deleted_without_the_service(article: Article, capsys: pytest.CaptureFixture[str]) -> None:
    Vote.objects.filter(pk__in=Vote.objects.filter(value=1).values("pk")[:1]).delete()
    assert "likes: 2 stored, 1 counted" in recount(capsys)
    article.refresh_from_db()
    assert article.likes == 1


def test_recount_finds_missing_daily_statistics(article: Article, capsys: pytest.CaptureFixture[str]) -> None:
    DailyStats.objects.filter(day=today()).delete()
    with pytest.raises(CommandError):
        call_command("recount", "--check")
    recount(capsys)
    assert_exact(article)


def test_recount_finds_view_without_pending_count(article: Article, capsys: pytest.CaptureFixture[str]) -> None:
    """A worker of an earlier version can leave one behind."""
    viewed(article, 2)  # not rolled up, and not part of the difference
    PageView.objects.create(article=article, day=today(), visitor=uuid4(), source=uuid4(), kind=PageView.Kind.COUNTED)
    assert ", views: 2 stored, 3 counted" in recount(capsys)
    article.refresh_from_db()
    assert article.views == 10
    readership.rollup()
    article.refresh_from_db()
    assert article.views == 12
    assert recount(capsys, "--check") == "All counters are correct.\n"


def test_recount_leaves_days_whose_rows_are_deleted(article: Article, capsys: pytest.CaptureFixture[str]) -> None:
    readership.delete_old_data()
    assert PageView.objects.filter(day=today() - timedelta(days=9)).count() == 0
    assert recount(capsys, "--check") == "All counters are correct.\n"
    assert_exact(article)


def test_recount_includes_hidden_articles(article: Article, capsys: pytest.CaptureFixture[str]) -> None:
    publishing.hide(article=article)
    Article.objects.update(likes=0)
    assert "likes: 0 stored, 2 counted" in recount(capsys)


def test_recount_statements_do_not_grow_within_a_batch(article: Article, capsys: pytest.CaptureFixture[str]) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            recount(capsys, "--check")
        return len(queries)

    before = statements()
    for _ in range(5):
        cast_vote(article=factories.published(), user=article.author, value=1)
    assert statements() == before


def test_recount_in_batches(
    article: Article, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voting, "article_pk_ranges", partial(article_pk_ranges, 2))
    for _ in range(4):
        factories.published()
    Article.objects.update(likes=5)
    assert "5 counters corrected." in recount(capsys)
    assert_exact(article)
