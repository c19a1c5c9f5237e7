"""Co-authors do not vote on their article, also when they vote while they join."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from threading import Barrier, BrokenBarrierError

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.services import clear_profile
from articles.models import Article, CoAuthor
from articles.services import coauthors
from articles.services.coauthors import MAX_COAUTHORS
from articles.voting.models import Vote
from articles.voting.services import cast_vote
from core import events
from core.exceptions import ActionNotAllowed
from tests import factories
from tests.parallel import at_once
from tests.voting.test_races import assert_exact

IN_PARALLEL = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL"),
]
THREADS = 4


def invited(article: Article) -> tuple[CoAuthor, User]:
    user = factories.UserFactory.create()
    return coauthors.invite(article=article, username=user.username), user


@pytest.mark.django_db
def test_accept_removes_the_vote(client: Client) -> None:
    article = factories.published()
    row, user = invited(article)
    cast_vote(article=article, user=user, value=1)
    cast_vote(article=article, user=factories.UserFactory.create(), value=-1)
    client.force_login(user)
    assert "a vote that you have given is removed" in client.get(reverse("my_articles")).text
    coauthors.accept(invitation=row, user=user)
    assert_exact(article)
    assert (article.likes, article.dislikes) == (0, 1)
    call_command("recount", "--check")
    # The article was read before.
    article.coauthors = []
    with pytest.raises(ActionNotAllowed, match="your own article"):
        cast_vote(article=article, user=user, value=1)
    answer = client.post(reverse("vote", args=[article.pk]), {"vote": "1"}, follow=True)
    assert "This is your own article, so you cannot vote on it." in answer.text
    assert_exact(article)
    coauthors.end(row=row, user=user)
    article.refresh_from_db()
    cast_vote(article=article, user=user, value=1)


@pytest.mark.django_db
def test_recount_knows_votes_of_coauthors() -> None:
    article = factories.published()
    row, user = invited(article)
    coauthors.accept(invitation=row, user=user)
    Vote.objects.create(article=article, voter=user, value=1)
    Article.objects.filter(pk=article.pk).update(likes=1)
    with pytest.raises(CommandError):
        call_command("recount", "--check")
    call_command("recount")
    assert_exact(article)
    assert article.likes == 0
    call_command("recount", "--check")


class TestRaces:
    pytestmark = IN_PARALLEL

    def test_accept_while_the_user_votes(self) -> None:
        article = factories.published()
        for _ in range(5):
            CoAuthor.objects.all().delete()
            Article.objects.update(coauthors=[])
            row, user = invited(article)
            read = Article.objects.get(pk=article.pk)
            vote = partial(cast_vote, article=read, user=user, value=1)
            errors = at_once([*[vote] * THREADS, partial(coauthors.accept, invitation=row, user=user)])
            assert errors[-1] is None
            assert all(error is None or isinstance(error, ActionNotAllowed) for error in errors)
            assert not Vote.objects.filter(voter=user).exists()
            assert_exact(article)

    def test_invite_many_at_once(self) -> None:
        article = factories.draft()
        names = [user.username for user in factories.UserFactory.create_batch(MAX_COAUTHORS + 2)]
        errors = at_once([partial(coauthors.invite, article=article, username=name) for name in names])
        assert CoAuthor.objects.count() == MAX_COAUTHORS == errors.count(None)
        CoAuthor.objects.all().delete()
        same = partial(coauthors.invite, article=article, username=names[0])
        assert at_once([same] * THREADS) == [None] * THREADS
        assert CoAuthor.objects.count() == 1

    def test_accounts_of_coauthors_are_closed_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        users, at = factories.UserFactory.create_batch(2), timezone.now() + timedelta(hours=1)
        for author, user in (users, reversed(users)):
            article = factories.published(author, publish_at=at)
            coauthors.accept(invitation=coauthors.invite(article=article, username=user.username), user=user)
        end_all, both = coauthors.end_all, Barrier(2)

        def end_and_wait(*, user: User) -> None:
            end_all(user=user)
            with suppress(BrokenBarrierError):  # The other one waits for the articles.
                both.wait(timeout=0.3)

        def close(user: User) -> None:
            with transaction.atomic():
                events.user_deactivated.send(User, user=user)

        monkeypatch.setattr(coauthors, "end_all", end_and_wait)
        assert at_once([partial(close, user) for user in users]) == [None, None]
        assert not CoAuthor.objects.exists()
        assert not Article.objects.scheduled().exists()

    def test_coauthors_are_renamed_while_others_join(self) -> None:
        article = factories.published()
        rows = [invited(article) for _ in range(MAX_COAUTHORS)]
        for row, user in rows[:2]:
            coauthors.accept(invitation=row, user=user)
        jobs: list[Callable[[], object]] = [
            *(partial(clear_profile, user=User.objects.get(pk=user.pk)) for _row, user in rows[:4]),
            *(partial(coauthors.accept, invitation=row, user=user) for row, user in rows[2:]),
        ]
        assert at_once(jobs) == [None] * len(jobs)
        article.refresh_from_db()
        assert len(article.coauthors) == MAX_COAUTHORS
        assert list(coauthors.recount(repair=False)) == []
