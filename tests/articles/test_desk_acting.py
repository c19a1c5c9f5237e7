"""Submit, withdraw, delete and preview: the author's alone, by POST, and kind when pressed twice."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from articles import publishing
from articles.models import Article, SiteSettings
from tests import factories

pytestmark = pytest.mark.django_db
VERBS = ["desk_submit", "desk_withdraw", "desk_discard"]


@pytest.fixture
def person(client: Client) -> User:
    person = factories.PersonFactory.create()
    client.force_login(person)
    return person


def press(client: Client, name: str, article: Article) -> str:
    """Press a button of the desk and follow it; the page that comes."""
    answer = client.post(reverse(name, args=[article.pk]), follow=True)
    assert answer.status_code == 200
    return answer.text


def state(article: Article) -> str:
    return Article.objects.get(pk=article.pk).state


@pytest.mark.parametrize("name", VERBS)
def test_a_get_does_nothing(client: Client, person: User, name: str) -> None:
    article = factories.draft(person)
    assert client.get(reverse(name, args=[article.pk])).status_code == 405
    assert state(article) == "draft"


@pytest.mark.parametrize("name", VERBS)
def test_a_post_without_the_token_does_nothing(person: User, name: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person)
    article = factories.draft(person)
    assert client.post(reverse(name, args=[article.pk])).status_code == 403
    assert state(article) == "draft"


@pytest.mark.parametrize("name", [*VERBS, "desk_edit", "desk_preview"])
@pytest.mark.parametrize("maker", [factories.draft, factories.in_review, factories.published])
def test_somebody_elses_is_the_same_404_as_nothing(client: Client, person: User, name: str, maker: object) -> None:
    article = maker()  # type: ignore[operator]
    before = state(article)
    post = name in VERBS
    for pk in (article.pk, 999_999_999, 10**30):
        address = reverse(name, args=[pk])
        assert (client.post(address) if post else client.get(address)).status_code == 404
    assert client.post(reverse("desk_edit", args=[article.pk]), {"title": "Mine now"}).status_code == 404
    assert state(article) == before


@pytest.mark.parametrize("name", VERBS)
def test_who_is_not_signed_in_logs_in_and_comes_to_the_desk(name: str) -> None:
    answer = Client().post(reverse(name, args=[factories.draft().pk]))
    assert answer.headers["Location"] == f"{reverse('account_login')}?next={reverse('desk')}"


def test_submitted_twice_it_is_submitted_once(client: Client, person: User) -> None:
    article = factories.draft(person)
    for _ in range(2):
        assert "A moderator will read it" in press(client, "desk_submit", article)
    assert state(article) == "in_review"


def test_the_trusted_publish_with_the_same_button(client: Client, person: User) -> None:
    SiteSettings.objects.update_or_create(pk=1, defaults={"reviewed_before_trusted": 0})
    article = factories.draft(person)
    assert "“We counted every street lamp” is published." in press(client, "desk_submit", article)
    assert state(article) == "published"


def test_a_change_says_what_readers_see_meanwhile(client: Client, person: User) -> None:
    article = factories.published(person)
    publishing.save_draft(article=article, text=factories.text(title="Changed"))
    assert "readers see the earlier text meanwhile" in press(client, "desk_submit", article)


def test_a_short_text_leads_to_its_form_with_a_sentence(client: Client, person: User) -> None:
    article = factories.draft(person, body="<p>Short</p>")
    answer = client.post(reverse("desk_submit", args=[article.pk]))
    assert answer.headers["Location"] == reverse("desk_edit", args=[article.pk])
    assert "at least 30 words" in client.get(answer.headers["Location"]).text


def test_without_a_confirmed_address_nothing_is_submitted(client: Client) -> None:
    person = factories.PersonFactory.create(confirmation=False)
    client.force_login(person)
    article = factories.draft(person)
    assert "Confirm your e-mail address first" in press(client, "desk_submit", article)
    assert state(article) == "draft"


def test_withdrawn_twice_it_says_the_same(client: Client, person: User) -> None:
    article = factories.in_review(person)
    for _ in range(2):
        assert "it is a draft again" in press(client, "desk_withdraw", article)
    assert state(article) == "draft"


def test_what_was_published_meanwhile_cannot_be_withdrawn(client: Client, person: User) -> None:
    article = factories.published(person)
    assert "not in review any more" in press(client, "desk_withdraw", article)
    assert state(article) == "published"


def test_deleted_twice_it_says_the_same(client: Client, person: User) -> None:
    article = factories.draft(person)
    for _ in range(2):
        assert "The draft is deleted." in press(client, "desk_discard", article)
    assert not Article.objects.exists()


def test_what_readers_have_seen_is_not_deleted(client: Client, person: User) -> None:
    article = factories.published(person)
    assert "never published" in press(client, "desk_discard", article)
    assert Article.objects.filter(pk=article.pk).exists()


def test_a_preview_is_the_readers_page_with_the_authors_latest_text(client: Client, person: User) -> None:
    article = factories.published(person)
    publishing.save_draft(article=article, text=factories.text(title="The next text", body="<h2>Anew</h2>"))
    page = client.get(reverse("desk_preview", args=[article.pk])).text
    assert '<h1 lang="en">The next text</h1>' in page
    assert "<h2>Anew</h2>" in page
    assert "preview" in page
    assert "noindex" in page
    assert "data-beacon" not in page


def test_a_preview_offers_the_next_step(client: Client, person: User) -> None:
    complete, short = factories.draft(person), factories.draft(person, body="<p>Short</p>")
    assert reverse("desk_submit", args=[complete.pk]) in client.get(reverse("desk_preview", args=[complete.pk])).text
    page = client.get(reverse("desk_preview", args=[short.pk])).text
    assert reverse("desk_submit", args=[short.pk]) not in page
    assert "at least 30 words" in page


def test_a_text_in_review_is_shown_and_not_edited(client: Client, person: User) -> None:
    article = factories.in_review(person)
    answer = client.get(reverse("desk_edit", args=[article.pk]))
    assert answer.headers["Location"] == reverse("desk_preview", args=[article.pk])


def test_the_desk_is_private(client: Client, person: User) -> None:
    article = factories.draft(person)
    for address in (reverse("desk"), reverse("desk_new"), reverse("desk_preview", args=[article.pk])):
        cache_control = client.get(address).headers["Cache-Control"]
        assert "no-store" in cache_control
        assert "private" in cache_control
