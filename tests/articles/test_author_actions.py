"""Submit, withdraw, delete and preview: the author's alone, by POST, and kind when pressed twice."""

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
    user = factories.PersonFactory.create()
    client.force_login(user)
    return user


def press(client: Client, name: str, article: Article) -> str:
    """Press a button of the desk and follow it; the page that comes."""
    answer = client.post(reverse(name, args=[article.pk]), follow=True)
    assert answer.status_code == 200
    return answer.text


def state(article: Article) -> str:
    return Article.objects.get(pk=article.pk).state


@pytest.mark.parametrize("name", VERBS)
def test_a_get_does_nothing(client: Client, user: User, name: str) -> None:
    article = factories.draft(user)
    assert client.get(reverse(name, args=[article.pk])).status_code == 405
    assert state(article) == "draft"


@pytest.mark.parametrize("name", VERBS)
def test_a_post_without_the_token_does_nothing(user: User, name: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    article = factories.draft(user)
    assert client.post(reverse(name, args=[article.pk])).status_code == 403
    assert state(article) == "draft"


@pytest.mark.parametrize("name", [*VERBS, "my_article_edit", "my_article_preview"])
@pytest.mark.parametrize("maker", [factories.draft, factories.in_review, factories.published])
def test_somebody_elses_is_the_same_404_as_nothing(client: Client, user: User, name: str, maker: object) -> None:
    article = maker()  # type: ignore[operator]
    before = state(article)
    post = name in VERBS
    for pk in (article.pk, 999_999_999, 10**30):
        address = reverse(name, args=[pk])
        assert (client.post(address) if post else client.get(address)).status_code == 404
    assert client.post(reverse("my_article_edit", args=[article.pk]), {"title": "Mine now"}).status_code == 404
    assert state(article) == before


@pytest.mark.parametrize("name", VERBS)
def test_who_is_not_signed_in_logs_in_and_comes_to_the_desk(name: str) -> None:
    answer = Client().post(reverse(name, args=[factories.draft().pk]))
    assert answer.headers["Location"] == f"{reverse('account_login')}?next={reverse('my_articles')}"


def test_submitted_twice_it_is_submitted_once(client: Client, user: User) -> None:
    article = factories.draft(user)
    for _ in range(2):
        assert "A moderator will read it" in press(client, "my_article_submit", article)
    assert state(article) == "in_review"


def test_the_trusted_publish_with_the_same_button(client: Client, user: User) -> None:
    SiteSettings.objects.update_or_create(pk=1, defaults={"reviewed_before_trusted": 0})
    article = factories.draft(user)
    assert "“We counted every street lamp” is published." in press(client, "my_article_submit", article)
    assert state(article) == "published"


def test_a_change_says_what_readers_see_meanwhile(client: Client, user: User) -> None:
    article = factories.published(user)
    publishing.save_draft(article=article, text=factories.text(title="Changed"))
    assert "readers see the earlier text meanwhile" in press(client, "my_article_submit", article)


def test_a_short_text_leads_to_its_form_with_a_sentence(client: Client, user: User) -> None:
    article = factories.draft(user, body="<p>Short</p>")
    answer = client.post(reverse("my_article_submit", args=[article.pk]))
    assert answer.headers["Location"] == reverse("my_article_edit", args=[article.pk])
    assert "at least 30 words" in client.get(answer.headers["Location"]).text


def test_without_a_confirmed_address_nothing_is_submitted(client: Client) -> None:
    user = factories.PersonFactory.create(confirmation=False)
    client.force_login(user)
    article = factories.draft(user)
    assert "Confirm your e-mail address first" in press(client, "my_article_submit", article)
    assert state(article) == "draft"


def test_withdrawn_twice_it_says_the_same(client: Client, user: User) -> None:
    article = factories.in_review(user)
    for _ in range(2):
        assert "it is a draft again" in press(client, "my_article_withdraw", article)
    assert state(article) == "draft"


def test_what_was_published_meanwhile_cannot_be_withdrawn(client: Client, user: User) -> None:
    article = factories.published(user)
    assert "not in review any more" in press(client, "my_article_withdraw", article)
    assert state(article) == "published"


def test_deleted_twice_it_says_the_same(client: Client, user: User) -> None:
    article = factories.draft(user)
    for _ in range(2):
        assert "The draft is deleted." in press(client, "my_article_discard", article)
    assert not Article.objects.exists()


def test_what_readers_have_seen_is_not_deleted(client: Client, user: User) -> None:
    article = factories.published(user)
    assert "never published" in press(client, "my_article_discard", article)
    assert Article.objects.filter(pk=article.pk).exists()


def test_a_preview_is_the_readers_page_with_the_authors_latest_text(client: Client, user: User) -> None:
    article = factories.published(user)
    publishing.save_draft(article=article, text=factories.text(title="The next text", body="<h2>Anew</h2>"))
    page = client.get(reverse("my_article_preview", args=[article.pk])).text
    assert '<h1 lang="en">The next text</h1>' in page
    assert "<h2>Anew</h2>" in page
    assert "preview" in page
    assert "noindex" in page
    assert "data-beacon" not in page


def test_a_preview_offers_the_next_step(client: Client, user: User) -> None:
    complete, short = factories.draft(user), factories.draft(user, body="<p>Short</p>")
    assert (
        reverse("my_article_submit", args=[complete.pk])
        in client.get(reverse("my_article_preview", args=[complete.pk])).text
    )
    page = client.get(reverse("my_article_preview", args=[short.pk])).text
    assert reverse("my_article_submit", args=[short.pk]) not in page
    assert "at least 30 words" in page


def test_a_text_in_review_is_shown_and_not_edited(client: Client, user: User) -> None:
    article = factories.in_review(user)
    answer = client.get(reverse("my_article_edit", args=[article.pk]))
    assert answer.headers["Location"] == reverse("my_article_preview", args=[article.pk])


def test_the_desk_is_private(client: Client, user: User) -> None:
    article = factories.draft(user)
    for address in (
        reverse("my_articles"),
        reverse("my_article_new"),
        reverse("my_article_preview", args=[article.pk]),
    ):
        cache_control = client.get(address).headers["Cache-Control"]
        assert "no-store" in cache_control
        assert "private" in cache_control
