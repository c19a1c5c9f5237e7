"""Draft recovery: an expired session or a stale CSRF token does not lose typed text, and only its author sees it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import LazySettings
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from articles.models import Article, RecoveredDraft
from articles.views import draft_recovery
from tests import factories

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
NEW = reverse("my_article_new")


def typed(user: User | None = None, **changes: Any) -> dict[str, Any]:
    return {
        "title": "Typed for an hour",
        "body": "<p>Every word of it</p>",
        "language": "hy",
        "tags": "one, two",
        "author_token": draft_recovery.author_token(user) if user else "",
        "action": "save",
        **changes,
    }


def log_in(client: Client, user: User, to: str) -> HttpResponse:
    address = f"{reverse('account_login')}?next={to}"
    answer = client.post(address, {"login": user.username, "password": PASSWORD})
    assert answer.headers["Location"] == to
    return client.get(to)  # type: ignore[return-value]


@pytest.fixture
def user() -> User:
    return factories.UserFactory.create()


def test_stashed_text_fills_form_after_login(client: Client, user: User) -> None:
    answer = client.post(NEW, typed(user))
    assert answer.headers["Location"] == f"{reverse('account_login')}?next={NEW}"
    page = log_in(client, user, NEW).text
    assert "Typed for an hour" in page
    assert "&lt;p&gt;Every word of it&lt;/p&gt;" in page
    assert 'value="one, two"' in page
    assert '<option value="hy" selected>' in page
    assert "was not saved" in page
    assert "Choose the image again" not in page
    assert not Article.objects.exists()


def test_stash_asks_to_choose_the_image_again(client: Client, user: User) -> None:
    client.post(NEW, typed(user, image=SimpleUploadedFile("x.jpg", b"123")))
    assert "Choose the image again" in log_in(client, user, NEW).text


def test_stash_is_shown_only_in_the_form_of_its_article(client: Client, user: User) -> None:
    article, other = factories.draft(user), factories.draft(user, title="Another")
    form = reverse("my_article_edit", args=[article.pk])
    client.post(form, typed(user))
    assert "Typed for an hour" in log_in(client, user, form).text
    assert "Typed for an hour" not in client.get(reverse("my_article_edit", args=[other.pk])).text
    assert "Typed for an hour" not in client.get(NEW).text
    assert "Typed for an hour" not in client.get(form + "?stored").text


def test_stash_is_not_shown_to_another_user(client: Client, user: User) -> None:
    stranger = factories.UserFactory.create()
    form = reverse("my_article_edit", args=[factories.draft(user).pk])
    client.post(form, typed(user))
    answer = log_in(client, stranger, form)
    assert answer.status_code == 404
    assert "Typed for an hour" not in answer.text


def test_stash_of_new_article_is_not_shown_to_another_user(client: Client, user: User) -> None:
    client.post(NEW, typed(user))
    assert "Typed for an hour" not in log_in(client, factories.UserFactory.create(), NEW).text


def test_save_discards_stash(client: Client, user: User) -> None:
    client.post(NEW, typed(user))
    log_in(client, user, NEW)
    client.post(NEW, typed(user, section=factories.SectionFactory.create().pk))
    assert Article.objects.count() == 1
    assert not RecoveredDraft.objects.exists()


def test_save_of_another_article_keeps_stash(client: Client, user: User) -> None:
    form = reverse("my_article_edit", args=[factories.draft(user).pk])
    client.post(form, typed(user))
    log_in(client, user, NEW)
    client.post(NEW, typed(user, section=factories.SectionFactory.create().pk))
    assert "Typed for an hour" in client.get(form).text


def test_stash_expires_after_a_day(client: Client, user: User) -> None:
    client.post(NEW, typed(user))
    with time_machine.travel(timezone.now() + timedelta(hours=25), tick=False):
        assert "Typed for an hour" not in log_in(client, user, NEW).text


def test_too_long_text_is_not_stashed(client: Client, user: User) -> None:
    answer = client.post(NEW, typed(user, body="x" * 400_000))
    assert answer.status_code == 302
    assert not RecoveredDraft.objects.exists()


def test_one_stash_per_user(user: User) -> None:
    for number in range(3):
        Client().post(NEW, typed(user, title=f"Title {number}"))
    assert RecoveredDraft.objects.get().fields["title"] == "Title 2"
    assert not Session.objects.exists()


@pytest.mark.parametrize("token", ["", "nonsense", "1:1wwwww:nonsense"])
def test_article_form_of_a_stranger_stores_nothing(token: str) -> None:
    answer = Client().post(NEW, typed(author_token=token))
    assert answer.headers["Location"] == f"{reverse('account_login')}?next={NEW}"
    assert not answer.cookies
    assert not Session.objects.exists()
    assert not RecoveredDraft.objects.exists()


def test_token_of_an_old_session_or_a_deleted_user_stores_nothing(user: User, settings: LazySettings) -> None:
    data = typed(user)
    with time_machine.travel(timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE + 1), tick=False):
        assert Client().post(NEW, data).status_code == 302
    user.delete()
    assert Client().post(NEW, data).status_code == 302
    assert not RecoveredDraft.objects.exists()


def test_old_stashes_are_deleted(user: User) -> None:
    Client().post(NEW, typed(factories.UserFactory.create()))
    with time_machine.travel(timezone.now() + timedelta(hours=25), tick=False):
        Client().post(NEW, typed(user))
    assert RecoveredDraft.objects.get().user == user


def test_stash_without_null_characters(client: Client, user: User) -> None:
    client.post(NEW, typed(user, title="One\x00two"))
    assert "Onetwo" in log_in(client, user, NEW).text


# --- Stale CSRF token


def strict(user: User | None) -> Client:
    client = Client(enforce_csrf_checks=True)
    if user:
        client.force_login(user)
    return client


def test_stale_csrf_token_redirects_to_filled_form(user: User) -> None:
    client = strict(user)
    answer = client.post(NEW, typed(user, csrfmiddlewaretoken="x" * 64))
    assert answer.headers["Location"] == NEW
    assert "Typed for an hour" in client.get(NEW).text
    assert not Article.objects.exists()


def test_stale_csrf_token_without_session_redirects_to_login(user: User) -> None:
    answer = strict(None).post("/ru" + NEW, typed(user))
    assert answer.headers["Location"] == f"/ru{reverse('account_login')}?next=/ru{NEW}"


def test_stash_does_not_open_form_of_another_author(user: User) -> None:
    form = reverse("my_article_edit", args=[factories.draft().pk])
    client = strict(user)
    client.post(form, typed(user))
    assert client.get(form).status_code == 404


def test_other_forms_stash_nothing(user: User) -> None:
    article = factories.draft(user)
    answer = strict(user).post(reverse("my_article_submit", args=[article.pk]), typed(user))
    assert answer.status_code == 403
