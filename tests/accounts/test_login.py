"""Log-in, log-out, and where one comes out."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client

from accounts.models import User
from tests.accounts.conftest import PASSWORD
from tests.factories import PersonFactory

pytestmark = pytest.mark.django_db
LOGIN, LOGOUT = "/accounts/login/", "/accounts/logout/"


@pytest.fixture
def anna() -> User:
    return PersonFactory.create(username="Anna", email="anna@example.org")


@pytest.mark.parametrize("name", ["Anna", "anna", "ANNA", "anna@example.org", "Anna@EXAMPLE.org", "  anna  "])
def test_by_username_or_address_in_any_case(client: Client, anna: User, name: str) -> None:
    response = client.post(LOGIN, {"login": name, "password": PASSWORD})
    assert response.headers["Location"] == "/my/articles/"


def test_unknown_and_known_get_the_same_words(client: Client, anna: User) -> None:
    pages = [
        client.post(LOGIN, {"login": name, "password": "wrong password"}).context["form"].non_field_errors()
        for name in ("anna", "nobody", "anna@example.org", "nobody@example.org")
    ]
    assert len({str(page) for page in pages}) == 1


@pytest.mark.parametrize("name", ["anna", "nobody", "anna@example.org", "nobody@example.org"])
def test_unknown_and_known_cost_one_hash(
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


def test_next_is_kept_through_an_error(client: Client, anna: User) -> None:
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
        "http://localhost/",  # an extra host that is answered, but not the configured origin
        "http://testserver.evil.example/",
        "http://testserver@evil.example/",
    ],
)
def test_nobody_is_led_off_the_site(client: Client, anna: User, elsewhere: str) -> None:
    response = client.post(LOGIN, {"login": "anna", "password": PASSWORD, "next": elsewhere})
    assert response.headers["Location"] == "/my/articles/"
    assert client.post(LOGOUT, {"next": elsewhere}).headers["Location"] == "/"


def test_comes_out_in_the_preferred_language(client: Client) -> None:
    PersonFactory.create(username="boris", preferred_language="ru")
    response = client.post(LOGIN, {"login": "boris", "password": PASSWORD})
    assert response.headers["Location"] == "/ru/my/articles/"
    client.logout()
    response = client.post(LOGIN, {"login": "boris", "password": PASSWORD, "next": "/about/"})
    assert response.headers["Location"] == "/about/"


def test_logging_out_is_a_post(client: Client, anna: User) -> None:
    client.force_login(anna)
    assert "Log out?" in client.get(LOGOUT).content.decode()
    assert client.get("/accounts/").status_code == 200
    assert client.post(LOGOUT).headers["Location"] == "/"
    assert client.get("/accounts/").headers["Location"] == "/accounts/login/?next=/accounts/"
    assert client.get(LOGOUT).headers["Location"] == "/"


def test_a_log_out_leaves_no_session_cookie(client: Client, anna: User) -> None:
    """Whoever has logged out reads the same stored pages as everyone (no left-over message holds a session)."""
    client.force_login(anna)
    response = client.post(LOGOUT)
    assert response.cookies["session"]["max-age"] == 0


def test_a_closed_account_is_told_so_only_with_its_password(client: Client, anna: User) -> None:
    anna.is_active = False
    anna.save(update_fields=["is_active"])
    response: Any = client.post(LOGIN, {"login": "anna", "password": PASSWORD}, follow=True)
    assert "This account is closed" in response.content.decode()
    response = client.post(LOGIN, {"login": "anna", "password": "wrong"}, follow=True)
    assert "This account is closed" not in response.content.decode()


def test_a_form_without_a_token_is_refused(anna: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(LOGIN, {"login": "anna", "password": PASSWORD}).status_code == 403
