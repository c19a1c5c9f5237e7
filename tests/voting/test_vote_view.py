"""POST /articles/<pk>/vote/: the vote control with htmx, a redirect to the article without it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

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
    voter = factories.UserFactory.create()
    client.force_login(voter)
    return voter


@pytest.mark.usefixtures("voter")
def test_vote_without_htmx_redirects_to_the_control(client: Client, article: Article) -> None:
    response = post(client, article, "1")
    assert response.status_code == 303
    assert response["Location"] == f"{article.get_absolute_url()}#vote"
    article.refresh_from_db()
    assert (article.likes, article.dislikes) == (1, 0)


@pytest.mark.usefixtures("voter")
def test_vote_with_htmx_returns_the_control(client: Client, article: Article) -> None:
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
def test_vote_in_two_tabs_ends_in_the_last_state(client: Client, article: Article, choices: tuple[str, ...]) -> None:
    for choice in choices:
        post(client, article, choice, **HTMX)
    article.refresh_from_db()
    assert (article.likes, article.dislikes) == (1, 0)


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete"])
def test_vote_needs_post(client: Client, article: Article, voter: User, method: str) -> None:
    assert getattr(client, method)(address(article) + "?vote=1").status_code == 405
    assert not Vote.objects.exists()


def test_vote_anonymous_is_sent_to_log_in(client: Client, article: Article) -> None:
    login = f"{reverse('account_login')}?next={article.get_absolute_url().replace('/', '%2F')}%3Fvote%3D1%23vote"
    assert post(client, article, "1")["Location"] == login
    response = post(client, article, "1", **HTMX)
    assert (response.status_code, response["HX-Redirect"]) == (200, login)
    assert not Vote.objects.exists()


@pytest.mark.parametrize(("wanted", "button"), [("1", "vote-like"), ("-1", "vote-dislike")])
def test_wanted_vote_is_offered_after_login_and_cast_by_one_press(
    client: Client, article: Article, wanted: str, button: str
) -> None:
    voter = factories.UserFactory.create()
    back = parse_qs(urlsplit(post(client, article, wanted)["Location"]).query)["next"][0]
    login = {"login": voter.username, "password": "correct horse battery", "next": back}
    assert client.post(reverse("account_login"), login)["Location"] == back
    page = client.get(back.partition("#")[0]).text
    assert f'<button id="{button}" class="wanted"' in page
    assert "You are logged in. Press the button to vote." in page
    assert not Vote.objects.exists()
    post(client, article, wanted)
    assert Vote.objects.get().value == int(wanted)
    assert "wanted" not in client.get(back.partition("#")[0]).text


@pytest.mark.usefixtures("voter")
@pytest.mark.parametrize("value", ["0", "2", "x", "1 "])
def test_unknown_wanted_vote_is_ignored(client: Client, article: Article, value: str) -> None:
    page = client.get(article.get_absolute_url(), {"vote": value}).text
    assert "vote-like" in page
    assert "wanted" not in page


@pytest.mark.usefixtures("voter")
@pytest.mark.parametrize("vote", ["", "2", "-2", "up", "1 ", "０", "9" * 400])
def test_vote_with_another_value_is_refused(client: Client, article: Article, vote: str) -> None:
    for headers in ({}, HTMX):
        response = post(client, article, vote, **headers)
        assert response.status_code == 400
        assert "A vote must be a like, a dislike or no vote." in response.content.decode()
    assert client.post(address(article)).status_code == 400
    assert not Vote.objects.exists()


def test_vote_by_author_shows_reason(client: Client, article: Article) -> None:
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


def test_vote_by_suspended_user_shows_reason(client: Client, article: Article, voter: User) -> None:
    User.objects.filter(pk=voter.pk).update(suspended_until=timezone.now() + timedelta(days=1))
    assert "Your account is suspended" in post(client, article, "1", **HTMX).content.decode()
    assert not Vote.objects.exists()


@pytest.mark.usefixtures("voter")
@pytest.mark.parametrize("make", [factories.draft, factories.in_review, factories.hidden])
def test_vote_on_unpublished_article_is_404(client: Client, make: Callable[[], Article]) -> None:
    article = make()
    assert post(client, article, "1").status_code == 404
    response = post(client, article, "1", **HTMX)
    assert (response.status_code, response["HX-Refresh"]) == (404, "true")
    assert not Vote.objects.exists()


@pytest.mark.usefixtures("voter")
@pytest.mark.parametrize("pk", [0, 404, 2**63, 10**30])
def test_vote_on_missing_article_is_404(client: Client, pk: int) -> None:
    assert client.post(f"/articles/{pk}/vote/", {"vote": "1"}).status_code == 404


@pytest.mark.usefixtures("voter")
def test_vote_on_article_hidden_meanwhile_is_404(
    client: Client, article: Article, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(**kwargs: object) -> None:
        raise Article.DoesNotExist

    monkeypatch.setattr("articles.voting.views.cast_vote", gone)
    assert post(client, article, "1").status_code == 404


@pytest.mark.usefixtures("voter")
def test_vote_over_rate_limit_is_429(client: Client, article: Article) -> None:
    for n in range(60):
        assert post(client, article, "1" if n % 2 else "0", **HTMX).status_code == 200
    response = post(client, article, "-1", **HTMX)
    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= 60
    assert "voting too often" in response.content.decode()
    assert post(client, article, "-1").status_code == 429
    article.refresh_from_db()
    assert (article.likes, article.dislikes) == (1, 0)


def test_vote_with_stale_csrf_token(article: Article) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(factories.UserFactory.create())
    assert post(client, article, "1").status_code == 403
    response = post(client, article, "1", **HTMX)
    assert response.status_code == 403
    assert response["HX-Refresh"] == "true"
    assert not Vote.objects.exists()


@pytest.mark.parametrize("language", ["ru", "hy"])
@pytest.mark.usefixtures("voter")
def test_vote_keeps_the_language(client: Client, article: Article, language: str) -> None:
    response = client.post(f"/{language}{address(article)}", {"vote": "1"})
    assert response["Location"] == f"/{language}{article.get_absolute_url()}#vote"


@pytest.mark.usefixtures("voter")
def test_statements_of_a_vote(client: Client, article: Article) -> None:
    post(client, article, "1", **HTMX)
    with CaptureQueriesContext(connection) as queries:
        post(client, article, "-1", **HTMX)
    statements = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    # article, session, user; lock of the user, vote before, vote, lock of the article, counters
    assert len(statements) == 8, statements
    assert 'UPDATE "articles_article"' in statements[-1]
