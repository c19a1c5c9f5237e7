"""All account pages."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.accounts.conftest import PASSWORD, reauthenticate
from tests.factories import UserFactory, in_review, published

pytestmark = pytest.mark.django_db

ENTRANCE = [
    "account_login",
    "account_signup",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key_done",
    "account_email_verification_sent",
    "account_inactive",
]
OWN = [
    "account",
    "account_profile",
    "account_email",
    "account_change_password",
    "account_logout",
    "account_reauthenticate",
    "mfa_index",
    "mfa_activate_totp",
    "usersessions_list",
]


def check(html: str) -> None:
    assert "{%" not in html
    assert " style=" not in html
    assert not re.search(r"\son\w+=", html)
    assert not re.search(r"<script(?![^>]*\ssrc=)", html)
    assert "<title>" in html
    assert html.count("<h1") == 1
    assert 'name="robots" content="noindex"' in html
    assert "Spokesperson</title>" in html, "The title ends with the site's own name, not with the host."
    assert "css/account.css" in html


@pytest.mark.parametrize("language", ["en", "ru", "hy"])
@pytest.mark.parametrize("name", ENTRANCE)
def test_entrance_pages(client: Client, name: str, language: str) -> None:
    path = reverse(name)
    response = client.get(path if language == "en" else f"/{language}{path}")
    assert response.status_code == 200
    assert {"private", "no-store"} <= set(response.headers["Cache-Control"].replace(" ", "").split(","))
    check(response.content.decode())


@pytest.mark.parametrize("name", OWN)
def test_account_pages(client: Client, name: str) -> None:
    UserFactory.create(username="anna")
    client.post("/accounts/login/", {"login": "anna", "password": PASSWORD})
    reauthenticate(client)
    response = client.get(reverse(name))
    assert response.status_code == 200
    assert {"private", "no-store"} <= set(response.headers["Cache-Control"].replace(" ", "").split(","))
    check(response.content.decode())


@pytest.mark.parametrize("name", OWN)
def test_account_pages_need_login(client: Client, name: str) -> None:
    response = client.get(reverse(name))
    assert response.status_code == 302
    assert response.headers["Location"].split("?")[0] in {"/accounts/login/", "/"}


def test_overview_query_count(client: Client, django_assert_max_num_queries: object) -> None:
    client.force_login(UserFactory.create())
    client.get("/accounts/")
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        client.get("/accounts/")


def test_pages_of_unused_features_are_404(client: Client) -> None:
    for path in ("phone/change/", "signup/passkey/", "2fa/webauthn/signup/"):
        assert client.get(f"/accounts/{path}").status_code == 404


def test_overview_links_public_page_only_if_there_is_one(client: Client) -> None:
    user = UserFactory.create(username="anna")
    client.force_login(user)
    assert "/authors/anna/" not in client.get("/accounts/").content.decode()
    published(user)
    assert "/authors/anna/" in client.get("/accounts/").content.decode()


def test_author_page_is_404_until_first_publication(client: Client) -> None:
    user = UserFactory.create(username="anna", biography="Buy my pills")
    paths = ["/authors/anna/", "/authors/anna/rss.xml", "/authors/anna/atom.xml"]
    in_review(user)
    for path in paths:
        assert client.get(path).status_code == 404
    published(user)
    for path in paths:
        assert client.get(path).status_code == 200


def test_author_page_of_suspended_user_has_no_biography(client: Client) -> None:
    user = UserFactory.create(username="anna", biography="Buy my pills")
    published(user)
    assert "Buy my pills" in client.get("/authors/anna/").content.decode()
    user.suspended_until = timezone.now() + timedelta(days=1)
    user.save()
    assert "Buy my pills" not in client.get("/authors/anna/").content.decode()


def test_article_page_shows_username_and_marks_staff(client: Client) -> None:
    article = published(UserFactory.create(username="anna", display_name="Anna G."))
    page = client.get(article.get_absolute_url()).content.decode()
    assert "@anna</span>" in page
    assert "site staff" not in page
    staff = published(UserFactory.create(username="judge", is_staff=True))
    assert "@judge · site staff" in client.get(staff.get_absolute_url()).content.decode()
