"""Secret links: what they show, to whom, and when they end."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import LazySettings
from django.core.cache import caches
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from accounts.models import User
from articles.models import Article, Image, PreviewLink
from articles.readership.models import PageView
from articles.services import drafts, previews, publishing
from articles.views import preview_links
from core.exceptions import ActionNotAllowed
from tests import factories

pytestmark = pytest.mark.django_db
MAX_QUERIES = 4


@pytest.fixture
def author() -> User:
    user: User = factories.UserFactory.create()
    return user


def link_to(article: Article) -> str:
    return previews.create_link(article=article).get_absolute_url()


def test_link_has_128_random_bits(author: User) -> None:
    tokens = {previews.create_link(article=factories.draft(author)).token for _ in range(10)}
    assert len(tokens) == 10
    assert all(re.fullmatch(r"[\w-]{22}", token) for token in tokens)


def test_link_shows_the_latest_text_without_an_account(client: Client, author: User) -> None:
    image = Image.objects.create(owner=author, key="ab" * 16, width=900, height=600, size=1)
    article = factories.draft(author, title="First", image=image)
    address = link_to(article)
    page = client.get(address)
    assert page.status_code == 200
    assert "This is a draft that" in page.text
    assert "<h1" in page.text
    assert "First</h1>" in page.text
    assert image.url(960) in page.text
    publishing.save_draft(article=article, text=factories.text(title="Second"))
    assert "Second</h1>" in client.get(address).text
    publishing.submit(article=article)
    assert client.get(address).status_code == 200


def test_link_is_neither_indexed_nor_cached_nor_told_to_others(client: Client, author: User) -> None:
    page = client.get(link_to(factories.draft(author)))
    assert page["Cache-Control"] == "private, no-store"
    assert page["Referrer-Policy"] == "no-referrer"
    assert page["X-Robots-Tag"] == "noindex, nofollow, noarchive"
    assert '<meta name="robots" content="noindex">' in page.text
    assert 'rel="canonical"' not in page.text
    assert "og:url" not in page.text


@pytest.mark.parametrize("is_signed_in", [False, True])
def test_link_counts_no_view(client: Client, author: User, is_signed_in: bool) -> None:
    if is_signed_in:
        client.force_login(factories.UserFactory.create())
    article = factories.draft(author)
    page = client.get(link_to(article)).text
    assert "data-beacon" not in page
    assert "beacon" not in page
    assert "csrfmiddlewaretoken" not in page  # Its forms would be refused: browsers send no origin.
    article.refresh_from_db()
    assert (article.views, PageView.objects.count()) == (0, 0)


def test_link_of_a_change_shows_the_change_and_then_the_article(client: Client, author: User) -> None:
    article = factories.published(author)
    publishing.save_draft(article=article, text=factories.text(title="Changed"))
    address = link_to(article)
    assert "Changed</h1>" in client.get(address).text
    publishing.submit(article=article)
    article = publishing.publish(article=article, revision_number=2)
    answer = client.get(address)
    assert (answer.status_code, answer["Location"]) == (302, article.get_absolute_url())
    assert answer["Referrer-Policy"] == "no-referrer"


def test_link_is_in_the_language_of_the_article(author: User) -> None:
    assert link_to(factories.draft(author, language="hy")).startswith("/hy/preview/")


@pytest.mark.parametrize("token", ["x", "x" * 22, "é", "0" * 5000])
def test_unknown_link_is_not_found(client: Client, author: User, token: str) -> None:
    link_to(factories.draft(author))
    assert client.get(reverse("preview_link", args=[token])).status_code == 404


def test_link_ends_after_14_days(client: Client, author: User) -> None:
    address = link_to(factories.draft(author))
    now = timezone.now()
    with time_machine.travel(now + timedelta(days=14, minutes=-1)):
        assert client.get(address).status_code == 200
        assert previews.delete_expired() == 0
    with time_machine.travel(now + timedelta(days=14, minutes=1)):
        assert client.get(address).status_code == 404
        assert previews.delete_expired() == 1


def test_link_ends_by_the_button_and_a_new_one_is_another(client: Client, author: User) -> None:
    article = factories.draft(author)
    address = link_to(article)
    client.force_login(author)
    answer = client.post(reverse("my_article_preview_link_end", args=[article.pk]), follow=True)
    assert "The secret link has ended." in answer.text
    assert client.get(address).status_code == 404
    assert link_to(article) != address


def test_link_ends_in_the_trash_for_good(client: Client, author: User) -> None:
    article = factories.draft(author)
    address = link_to(article)
    publishing.discard(article=article)
    assert client.get(address).status_code == 404
    drafts.restore_from_trash(article=article)
    assert client.get(address).status_code == 404


def test_link_ends_with_a_takedown_for_good(client: Client, author: User) -> None:
    article = factories.published(author)
    publishing.save_draft(article=article, text=factories.text(title="Changed"))
    address = link_to(article)
    publishing.hide(article=article)
    assert client.get(address).status_code == 404
    publishing.restore(article=article)
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("change", [{"is_active": False}, {"suspended_until": timezone.now() + timedelta(days=1)}])
def test_link_shows_nothing_of_a_closed_or_suspended_account(
    client: Client, author: User, change: dict[str, Any]
) -> None:
    address = link_to(factories.draft(author))
    User.objects.filter(pk=author.pk).update(**change)
    assert client.get(address).status_code == 404


def test_create_twice_gives_one_link(author: User) -> None:
    article = factories.draft(author)
    assert link_to(article) == link_to(article)


def test_create_after_the_end_gives_a_new_link(author: User) -> None:
    article = factories.draft(author)
    address = link_to(article)
    with time_machine.travel(timezone.now() + timedelta(days=15)):
        assert link_to(article) != address
    assert PreviewLink.objects.count() == 1


def test_create_is_limited_for_an_author(author: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "MAX_PER_AUTHOR", 2)
    links = [previews.create_link(article=factories.draft(author)) for _ in range(2)]
    article = factories.draft(author)
    with pytest.raises(ActionNotAllowed, match="You have 2 secret links"):
        previews.create_link(article=article)
    previews.create_link(article=factories.draft())  # Of another author.
    previews.end_link(article=links[0].article)
    previews.create_link(article=article)


def test_create_is_refused_in_the_trash_and_after_a_takedown(author: User) -> None:
    trashed = factories.draft(author)
    publishing.discard(article=trashed)
    for article in (trashed, factories.hidden(author)):
        with pytest.raises(ActionNotAllowed, match="cannot be shared"):
            previews.create_link(article=article)


def test_create_needs_a_confirmed_email_address() -> None:
    article = factories.draft(factories.UserFactory.create(confirmation=False))
    with pytest.raises(ActionNotAllowed, match="Confirm your email"):
        previews.create_link(article=article)


def test_create_is_refused_while_suspended(author: User) -> None:
    article = factories.draft(author)
    User.objects.filter(pk=author.pk).update(suspended_until=timezone.now() + timedelta(days=1))
    with pytest.raises(ActionNotAllowed, match="suspended"):
        previews.create_link(article=article)


def test_preview_page_creates_and_shows_the_link(client: Client, author: User, settings: LazySettings) -> None:
    article = factories.draft(author)
    client.force_login(author)
    preview = reverse("my_article_preview", args=[article.pk])
    assert "Create a secret link" in client.get(preview).text
    page = client.post(reverse("my_article_preview_link", args=[article.pk]), follow=True).text
    link = PreviewLink.objects.get()
    assert f'value="{settings.ORIGIN}{link.get_absolute_url()}"' in page
    assert "End this link" in page


@pytest.mark.parametrize("name", ["my_article_preview_link", "my_article_preview_link_end"])
def test_buttons_are_for_the_author_alone(client: Client, author: User, name: str) -> None:
    article = factories.draft(author)
    link_to(article)
    url = reverse(name, args=[article.pk])
    assert client.get(url).status_code == 405
    assert client.post(url).status_code == 302
    client.force_login(factories.UserFactory.create())
    assert client.post(url).status_code == 404
    assert PreviewLink.objects.count() == 1


def test_preview_page_of_a_published_text_offers_no_link(client: Client, author: User) -> None:
    client.force_login(author)
    for article in (factories.published(author), factories.hidden(author)):
        assert "secret-link" not in client.get(reverse("my_article_preview", args=[article.pk])).text


def test_reading_is_rate_limited(client: Client, author: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview_links, "MAX_READS_PER_HOUR", 2)
    address = link_to(factories.draft(author))
    assert [client.get(address).status_code for _ in range(3)] == [200, 200, 429]


def test_creating_is_rate_limited(client: Client, author: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview_links, "MAX_CREATED_PER_HOUR", 1)
    client.force_login(author)
    url = reverse("my_article_preview_link", args=[factories.draft(author).pk])
    assert [client.post(url).status_code for _ in range(2)] == [302, 429]


def test_link_page_queries(client: Client, author: User, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    address = link_to(factories.draft(author, tag_names=["a", "b", "c"]))
    for cache in caches.all():
        cache.clear()
    with django_assert_max_num_queries(MAX_QUERIES):
        client.get(address)


def test_create_and_end_are_logged_without_the_token(
    author: User, caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    article = factories.draft(author)
    with caplog.at_level("INFO"), django_capture_on_commit_callbacks(execute=True):
        link = previews.create_link(article=article)
        previews.end_link(article=article)
    events = [record.getMessage() for record in caplog.records]
    assert events == ["preview_link_created", "preview_link_ended"]
    assert not any(link.token in str(vars(record)) for record in caplog.records)
