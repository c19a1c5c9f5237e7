"""POST /articles/<pk>/vote/: with htmx the control, without it the way back to the article."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from articles.models import Article
from articles.voting.models import Vote
from tests import factories

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def address(article: Article) -> str:
    return reverse("vote", args=[article.pk])


def post(client: Client, article: Article, vote: str, **headers: Any) -> Any:
    return client.post(address(article), {"vote": vote}, headers=headers)


@pytest.fixture
def article() -> Article:
    return factories.published()


@pytest.fixture
def voter(client: Client) -> User:
    voter = factories.PersonFactory.create()
    client.force_login(voter)
    return voter


@pytest.mark.usefixtures("voter")
def test_without_javascript_the_person_comes_back_to_the_vote(client: Client, article: Article) -> None:
    response = post(client, article, "1")
    assert response.status_code == 303
    assert response["Location"] == f"{article.get_absolute_url()}#vote"
    article.refresh_from_db()
    assert (article.likes, article.dislikes) == (1, 0)


@pytest.mark.usefixtures("voter")
def test_htmx_gets_the_control_alone_as_it_stands_now(client: Client, article: Article) -> None:
    response = post(client, article, "-1", **HTMX)
    assert response.status_code == 200
    assert response["Cache-Control"] == "private, no-store"
    html = response.content.decode()
    assert "<html" not in html
    assert 'name="vote" value="1" aria-pressed="false"' in html
    assert 'name="vote" value="0" aria-pressed="true"' in html  # pressed again, it withdraws
    assert "0 views, 0 likes, 1 dislike" in html
    assert 'width="0"' in html
    assert "csrfmiddlewaretoken" in html


@pytest.mark.usefixtures("voter")
@pytest.mark.parametrize("choices", [("1", "1"), ("1", "-1", "1"), ("1", "0", "1")])
def test_two_tabs_end_in_the_last_state_asked_for(client: Client, article: Article, choices: tuple[str, ...]) -> None:
    for choice in choices:
        post(client, article, choice, **HTMX)
    article.refresh_from_db()
    assert (article.likes, article.dislikes) == (1, 0)


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete"])
def test_only_a_post_votes(client: Client, article: Article, voter: User, method: str) -> None:
    assert getattr(client, method)(address(article) + "?vote=1").status_code == 405
    assert not Vote.objects.exists()


def test_who_is_not_signed_in_logs_in_and_comes_back(client: Client, article: Article) -> None:
    login = f"{reverse('account_login')}?next={article.get_absolute_url().replace('/', '%2F')}%23vote"
    assert post(client, article, "1")["Location"] == login
    response = post(client, article, "1", **HTMX)
    assert (response.status_code, response["HX-Redirect"]) == (200, login)
    assert not Vote.objects.exists()


@pytest.mark.usefixtures("voter")
@pytest.mark.parametrize("vote", ["", "2", "-2", "up", "1 ", "０", "9" * 400])
def test_another_value_is_refused_with_a_sentence(client: Client, article: Article, vote: str) -> None:
    for headers in ({}, HTMX):
        response = post(client, article, vote, **headers)
        assert response.status_code == 400
        assert "A vote is a like, a dislike, or neither of them." in response.content.decode()
    assert client.post(address(article)).status_code == 400
    assert not Vote.objects.exists()


def test_the_author_is_told_why_not(client: Client, article: Article) -> None:
    client.force_login(article.author)
    response = post(client, article, "1", **HTMX)
    assert response.status_code == 200
    html = response.content.decode()
    assert "This is your own article" in html
    assert html.count("disabled") == 2
    response = client.post(address(article), {"vote": "1"}, follow=True)
    assert response.status_code == 200
    assert "This is your own article" in response.content.decode()
    assert not Vote.objects.exists()


def test_a_suspended_person_is_told_why_not(client: Client, article: Article, voter: User) -> None:
    User.objects.filter(pk=voter.pk).update(suspended_until=timezone.now() + timedelta(days=1))
    assert "Your account is suspended" in post(client, article, "1", **HTMX).content.decode()
    assert not Vote.objects.exists()


@pytest.mark.usefixtures("voter")
@pytest.mark.parametrize("make", [factories.draft, factories.in_review, factories.hidden])
def test_what_is_not_published_is_not_there(client: Client, make: Callable[[], Article]) -> None:
    article = make()
    assert post(client, article, "1").status_code == 404
    response = post(client, article, "1", **HTMX)
    assert (response.status_code, response["HX-Refresh"]) == (404, "true")
    assert not Vote.objects.exists()


@pytest.mark.usefixtures("voter")
@pytest.mark.parametrize("pk", [0, 404, 2**63, 10**30])
def test_nothing_there_is_a_404(client: Client, pk: int) -> None:
    assert client.post(f"/articles/{pk}/vote/", {"vote": "1"}).status_code == 404


@pytest.mark.usefixtures("voter")
def test_hidden_between_the_page_and_the_vote(
    client: Client, article: Article, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(**kwargs: object) -> None:
        raise Article.DoesNotExist

    monkeypatch.setattr("articles.voting.views.cast_vote", gone)
    assert post(client, article, "1").status_code == 404


@pytest.mark.usefixtures("voter")
def test_too_many_votes_wait(client: Client, article: Article) -> None:
    for n in range(60):
        assert post(client, article, "1" if n % 2 else "0", **HTMX).status_code == 200
    response = post(client, article, "-1", **HTMX)
    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= 60
    assert "a lot of votes" in response.content.decode()
    assert post(client, article, "-1").status_code == 429
    article.refresh_from_db()
    assert (article.likes, article.dislikes) == (1, 0)


def test_a_stale_token_does_nothing_and_says_so(article: Article) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(factories.PersonFactory.create())
    assert post(client, article, "1").status_code == 403
    response = post(client, article, "1", **HTMX)
    assert response.status_code == 403
    assert response["HX-Refresh"] == "true"
    assert not Vote.objects.exists()


@pytest.mark.parametrize("language", ["ru", "hy"])
@pytest.mark.usefixtures("voter")
def test_the_language_stays(client: Client, article: Article, language: str) -> None:
    response = client.post(f"/{language}{address(article)}", {"vote": "1"})
    assert response["Location"] == f"/{language}{article.get_absolute_url()}#vote"


@pytest.mark.usefixtures("voter")
def test_statements_of_a_vote(client: Client, article: Article) -> None:
    post(client, article, "1", **HTMX)
    with CaptureQueriesContext(connection) as queries:
        post(client, article, "-1", **HTMX)
    statements = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    # article, session, person; no new vote, another vote, counters
    assert len(statements) == 6, statements
    # Everyone who votes on an article waits for its row: it is taken last.
    assert 'UPDATE "articles_article"' in statements[-1]
