"""Staff notes, and the author's record on the review page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from articles.models import Article
from articles.moderation.models import StaffNote
from articles.moderation.services import suspend
from articles.moderation.services.notes import add_note
from core.exceptions import ActionNotAllowed
from tests import factories
from tests.moderation.test_decide import latest
from tests.moderation.users import moderator

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin_client(client: Client) -> Client:
    client.force_login(moderator(display_name="Ruzanna"))
    return client


def page_of(article: Article, name: str = "change") -> str:
    return reverse(f"admin:moderation_submission_{name}", args=[latest(article).pk])


def test_note_on_author_is_on_the_page_of_each_of_their_articles(admin_client: Client) -> None:
    author = factories.UserFactory.create()
    one, other = factories.in_review(author), factories.in_review(author)
    page = admin_client.post(
        page_of(one, "note"), {"text": "Writes <b>under</b> two names.", "about": "author"}, follow=True
    )
    assert "The note is saved." in page.text
    admin_client.post(page_of(one, "note"), {"text": "Ask for the photo.", "about": "article"})
    assert "Ask for the photo." in admin_client.get(page_of(one)).text
    text = admin_client.get(page_of(other)).text
    assert "Writes &lt;b&gt;under&lt;/b&gt; two names." in text
    assert "Ruzanna" in text
    assert "Ask for the photo." not in text


def test_note_is_not_shown_to_author(client: Client) -> None:
    article = factories.in_review()
    add_note(moderator=moderator(), text="For us alone.", article=article)
    add_note(moderator=moderator(), text="For us alone.", user=article.author)
    client.force_login(article.author)
    for path in ("/my/articles/", f"/my/articles/{article.pk}/preview/", "/accounts/"):
        assert "For us alone." not in client.get(path, follow=True).text


@pytest.mark.parametrize("text", ["", "  ", "x" * 2001])
def test_note_empty_or_too_long_is_refused(text: str, admin_client: Client) -> None:
    admin_client.post(page_of(factories.in_review(), "note"), {"text": text})
    assert not StaffNote.objects.exists()


def test_note_needs_permission() -> None:
    article = factories.in_review()
    with pytest.raises(PermissionDenied):
        add_note(moderator=article.author, text="Mine.", article=article)
    user = moderator(suspended_until=timezone.now() + timedelta(days=1))
    with pytest.raises(ActionNotAllowed):
        add_note(moderator=user, text="Mine.", article=article)


def test_note_is_on_one_thing() -> None:
    article, user = factories.in_review(), moderator()
    for subject in ({}, {"article": article, "user": article.author}):
        with pytest.raises(IntegrityError), transaction.atomic():
            StaffNote.objects.create(moderator=user, text="x", **subject)


def test_review_page_shows_author_record(admin_client: Client) -> None:
    author = factories.UserFactory.create(date_joined=timezone.now() - timedelta(days=800))
    factories.hidden(author)
    suspend(user=author, moderator=moderator(), until=timezone.now() + timedelta(days=1), reason="Threats.")
    article = factories.published(factories.UserFactory.create())
    assert admin_client.get(page_of(article)).context["record"] == {"hidden": 0, "suspended": 0}
    response = admin_client.get(page_of(Article.objects.get(author=author)))
    assert response.context["record"] == {"hidden": 1, "suspended": 1}
    assert "2\xa0years" in response.text
