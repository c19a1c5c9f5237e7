"""Log-in and log-out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests.accounts.conftest import PASSWORD
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
LOGIN, LOGOUT = "/accounts/login/", "/accounts/logout/"


@pytest.fixture
def anna() -> User:
    return UserFactory.create(username="Anna", email="anna@example.org")


@pytest.mark.parametrize("name", ["Anna", "anna", "ANNA", "anna@example.org", "Anna@EXAMPLE.org", "  anna  "])
def test_login_by_username_or_email_in_any_case(client: Client, anna: User, name: str) -> None:
    response = client.post(LOGIN, {"login": name, "password": PASSWORD})
    assert response.headers["Location"] == "/my/articles/"


@pytest.mark.parametrize(("suspended", "path"), [(False, "/admin/"), (True, "/my/articles/")])
def test_login_of_staff_opens_tasks_unless_suspended(client: Client, suspended: bool, path: str) -> None:
    until = timezone.now() + timedelta(days=1) if suspended else None
    UserFactory.create(username="anna", is_staff=True, suspended_until=until)
    assert client.post(LOGIN, {"login": "anna", "password": PASSWORD}).headers["Location"] == path


def test_login_error_same_for_unknown_account(client: Client, anna: User) -> None:
    pages = [
        client.post(LOGIN, {"login": name, "password": "wrong password"}).context["form"].non_field_errors()
        for name in ("anna", "nobody", "anna@example.org", "nobody@example.org")
    ]
    assert len({str(page) for page in pages}) == 1


@pytest.mark.parametrize("name", ["anna", "nobody", "anna@example.org", "nobody@example.org"])
def test_login_hashes_one_password_for_any_account(
    client: Client, anna: User, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def counting(self: MD5PasswordHasher, password: str, salt: str) -> str:
        hashed.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counting)
    client.post(LOGIN, {"login": name, "password": "wrong password"})
    assert len(hashed) == 1


def test_login_next_survives_form_error(client: Client, anna: User) -> None:
    assert 'name="next" value="/about/"' in client.get(LOGIN + "?next=/about/").content.decode()
    wrong = client.post(LOGIN, {"login": "anna", "password": "wrong", "next": "/about/"})
    assert 'name="next" value="/about/"' in wrong.content.decode()
    right = client.post(LOGIN, {"login": "anna", "password": PASSWORD, "next": "/about/"})
    assert right.headers["Location"] == "/about/"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "https:evil.example",
        "http://localhost/",  # an allowed host, but not the configured origin
        "http://testserver.evil.example/",
        "http://testserver@evil.example/",
    ],
)
def test_login_and_logout_ignore_next_of_other_hosts(client: Client, anna: User, elsewhere: str) -> None:
    response = client.post(LOGIN, {"login": "anna", "password": PASSWORD, "next": elsewhere})
    assert response.headers["Location"] == "/my/articles/"
    assert client.post(LOGOUT, {"next": elsewhere}).headers["Location"] == "/"


def test_login_redirects_in_preferred_language(client: Client) -> None:
    UserFactory.create(username="boris", preferred_language="ru")
    response = client.post(LOGIN, {"login": "boris", "password": PASSWORD})
    assert response.headers["Location"] == "/ru/my/articles/"
    client.logout()
    response = client.post(LOGIN, {"login": "boris", "password": PASSWORD, "next": "/about/"})
    assert response.headers["Location"] == "/about/"


def test_logout_needs_post(client: Client, anna: User) -> None:
    client.force_login(anna)
    assert "Log out?" in client.get(LOGOUT).content.decode()
    assert client.get("/accounts/").status_code == 200
    assert client.post(LOGOUT).headers["Location"] == "/"
    assert client.get("/accounts/").headers["Location"] == "/accounts/login/?next=/accounts/"
    assert client.get(LOGOUT).headers["Location"] == "/"


def test_logout_deletes_session_cookie(client: Client, anna: User) -> None:
    """After log-out the cached public pages are served again: no message keeps a session."""
    client.force_login(anna)
    response = client.post(LOGOUT)
    assert response.cookies["session"]["max-age"] == 0


def test_login_inactive_account_revealed_only_with_password(client: Client, anna: User) -> None:
    anna.is_active = False
    anna.save(update_fields=["is_active"])
    response: Any = client.post(LOGIN, {"login": "anna", "password": PASSWORD}, follow=True)
    assert "This account is closed" in response.content.decode()
    response = client.post(LOGIN, {"login": "anna", "password": "wrong"}, follow=True)
    assert "This account is closed" not in response.content.decode()


def test_login_without_csrf_token_is_forbidden(anna: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(LOGIN, {"login": "anna", "password": PASSWORD}).status_code == 403
