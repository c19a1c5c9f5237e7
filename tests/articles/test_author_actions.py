"""The actions of authors: submit, withdraw, discard; and the preview."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from articles.models import Article
from articles.services import publishing
from core.models import SiteSettings
from tests import factories

pytestmark = pytest.mark.django_db
VERBS = ["my_article_submit", "my_article_withdraw", "my_article_discard"]


@pytest.fixture
def user(client: Client) -> User:
    user = factories.UserFactory.create()
    client.force_login(user)
    return user


def press(client: Client, name: str, article: Article) -> str:
    """Send an action and follow the redirect."""
    answer = client.post(reverse(name, args=[article.pk]), follow=True)
    assert answer.status_code == 200
    return answer.text


def state(article: Article) -> str:
    return Article.objects.get(pk=article.pk).state


@pytest.mark.parametrize("name", VERBS)
def test_action_by_get_is_405(client: Client, user: User, name: str) -> None:
    article = factories.draft(user)
    assert client.get(reverse(name, args=[article.pk])).status_code == 405
    assert state(article) == "draft"


@pytest.mark.parametrize("name", VERBS)
def test_action_without_csrf_token_is_refused(user: User, name: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    article = factories.draft(user)
    assert client.post(reverse(name, args=[article.pk])).status_code == 403
    assert state(article) == "draft"


@pytest.mark.parametrize("name", [*VERBS, "my_article_edit", "my_article_preview"])
@pytest.mark.parametrize("maker", [factories.draft, factories.in_review, factories.published])
def test_action_on_article_of_another_author_is_404(client: Client, user: User, name: str, maker: object) -> None:
    article = maker()  # type: ignore[operator]
    before = state(article)
    post = name in VERBS
    for pk in (article.pk, 999_999_999, 10**30):
        address = reverse(name, args=[pk])
        assert (client.post(address) if post else client.get(address)).status_code == 404
    assert client.post(reverse("my_article_edit", args=[article.pk]), {"title": "Mine now"}).status_code == 404
    assert state(article) == before


@pytest.mark.parametrize("name", VERBS)
def test_anonymous_action_redirects_to_login_and_my_articles(name: str) -> None:
    answer = Client().post(reverse(name, args=[factories.draft().pk]))
    assert answer.headers["Location"] == f"{reverse('account_login')}?next={reverse('my_articles')}"


def test_submit_twice_submits_once(client: Client, user: User) -> None:
    article = factories.draft(user)
    for _ in range(2):
        assert "We will email you" in press(client, "my_article_submit", article)
    assert state(article) == "in_review"


def test_submit_by_trusted_author_publishes(client: Client, user: User) -> None:
    SiteSettings.objects.update_or_create(pk=1, defaults={"reviewed_before_trusted": 0})
    article = factories.draft(user)
    assert "“We counted every street lamp” is published." in press(client, "my_article_submit", article)
    assert state(article) == "published"


def test_submit_change_says_what_readers_see(client: Client, user: User) -> None:
    article = factories.published(user)
    publishing.save_draft(article=article, text=factories.text(title="Changed"))
    assert "readers see the previous version" in press(client, "my_article_submit", article)


def test_submit_short_text_redirects_to_form_with_message(client: Client, user: User) -> None:
    article = factories.draft(user, body="<p>Short</p>")
    answer = client.post(reverse("my_article_submit", args=[article.pk]))
    assert answer.headers["Location"] == reverse("my_article_edit", args=[article.pk])
    assert "at least 30 words" in client.get(answer.headers["Location"]).text


def test_submit_without_confirmed_email_is_refused(client: Client) -> None:
    user = factories.UserFactory.create(confirmation=False)
    client.force_login(user)
    article = factories.draft(user)
    assert "Confirm your email address first" in press(client, "my_article_submit", article)
    assert state(article) == "draft"


def test_withdraw_twice_gives_the_same_answer(client: Client, user: User) -> None:
    article = factories.in_review(user)
    for _ in range(2):
        assert "The article is a draft again" in press(client, "my_article_withdraw", article)
    assert state(article) == "draft"


def test_withdraw_published_revision_is_refused(client: Client, user: User) -> None:
    article = factories.published(user)
    assert "no longer in review" in press(client, "my_article_withdraw", article)
    assert state(article) == "published"


def test_discard_twice_gives_the_same_answer(client: Client, user: User) -> None:
    article = factories.draft(user)
    for _ in range(2):
        assert "“We counted every street lamp” is in the trash." in press(client, "my_article_discard", article)
    assert Article.objects.in_trash().get() == article


def test_discard_published_article_is_refused(client: Client, user: User) -> None:
    article = factories.published(user)
    assert "never published" in press(client, "my_article_discard", article)
    assert Article.objects.filter(pk=article.pk).exists()


def test_preview_shows_latest_revision_on_article_page(client: Client, user: User) -> None:
    article = factories.published(user)
    publishing.save_draft(article=article, text=factories.text(title="The next text", body="<h2>Anew</h2>"))
    page = client.get(reverse("my_article_preview", args=[article.pk])).text
    assert '<h1 lang="en" dir="auto">The next text</h1>' in page
    assert "<h2>Anew</h2>" in page
    assert "preview" in page
    assert "noindex" in page
    assert "data-beacon" not in page


def test_preview_offers_the_next_step(client: Client, user: User) -> None:
    complete, short = factories.draft(user), factories.draft(user, body="<p>Short</p>")
    assert (
        reverse("my_article_submit", args=[complete.pk])
        in client.get(reverse("my_article_preview", args=[complete.pk])).text
    )
    page = client.get(reverse("my_article_preview", args=[short.pk])).text
    assert reverse("my_article_submit", args=[short.pk]) not in page
    assert "at least 30 words" in page


def test_edit_revision_in_review_redirects_to_preview(client: Client, user: User) -> None:
    article = factories.in_review(user)
    answer = client.get(reverse("my_article_edit", args=[article.pk]))
    assert answer.headers["Location"] == reverse("my_article_preview", args=[article.pk])


def test_my_articles_pages_are_private(client: Client, user: User) -> None:
    article = factories.draft(user)
    for address in (
        reverse("my_articles"),
        reverse("my_article_new"),
        reverse("my_article_preview", args=[article.pk]),
    ):
        cache_control = client.get(address).headers["Cache-Control"]
        assert "no-store" in cache_control
        assert "private" in cache_control
