"""Sign-up."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.core import mail
from django.db import connection, connections
from django.test import Client
from django.urls import reverse

from accounts import forms
from accounts.adapter import AccountAdapter
from accounts.models import User
from tests.accounts.conftest import SIGNUP_DATA, Links
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
SIGNUP, SENT = "/accounts/signup/", "/accounts/confirm-email/"


def test_signup_confirmation_logs_in_and_redirects_to_next(client: Client, links: Links) -> None:
    response = client.post(SIGNUP, {**SIGNUP_DATA, "next": "/about/"})
    assert response.headers["Location"] == SENT
    user = User.objects.get()
    assert (user.username, user.email, user.preferred_language) == ("Anna", "anna@example.org", "en")
    assert not EmailAddress.objects.get().verified
    assert mail.outbox[0].to == ["anna@example.org"]
    (link,) = links()
    assert "Is <strong>anna@example.org</strong> your email address" in client.get(link).content.decode()
    assert not EmailAddress.objects.get().verified, "A mail scanner that opens the link must not confirm the address."
    response = client.post(link)
    assert response.headers["Location"] == "/about/"
    assert EmailAddress.objects.get().verified
    assert client.get("/accounts/").status_code == 200


def test_confirmation_in_other_browser_does_not_log_in(client: Client, other_client: Client, links: Links) -> None:
    client.post(SIGNUP, SIGNUP_DATA)
    response = other_client.post(links()[0], follow=True)
    assert response.redirect_chain[-1][0] == "/accounts/login/"
    assert "anna@example.org is confirmed" in response.content.decode()
    assert EmailAddress.objects.get().verified
    assert not User.objects.get().last_login


def test_confirmation_link_used_shows_page(client: Client, links: Links) -> None:
    client.post(SIGNUP, SIGNUP_DATA)
    client.post(links()[0])
    assert "has been used" in client.get(links()[0]).content.decode()


def test_login_needs_confirmed_email(client: Client) -> None:
    UserFactory.create(username="anna", confirmation=False)
    response = client.post("/accounts/login/", {"login": "anna", "password": "correct horse battery"})
    assert response.headers["Location"] == SENT
    assert len(mail.outbox) == 1
    assert client.get("/accounts/").status_code == 302


def test_signup_language_becomes_preferred(client: Client) -> None:
    client.post("/ru/accounts/signup/", SIGNUP_DATA)
    assert User.objects.get().preferred_language == "ru"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"username": "a"}, "username"),
        ({"username": "аnna"}, "username"),  # the first message is Cyrillic
        ({"username": "anna b"}, "username"),
        ({"username": "Admin"}, "username"),
        ({"username": "a" * 31}, "username"),
        ({"username": "taken"}, "username"),
        ({"username": "TAKEN"}, "username"),
        ({"username": ""}, "username"),
        ({"email": "nowhere"}, "email"),
        ({"email": "a" * 250 + "@example.org"}, "email"),
        ({"password1": "short"}, "password1"),
        ({"password1": "password123"}, "password1"),
        ({"password1": "12345678901234"}, "password1"),
        ({"password1": "anna@example.org"}, "password1"),
        ({"password1": "x" * 257}, "password1"),
        ({"rules": ""}, "rules"),
        ({"username": "an\x00na"}, "username"),
    ],
)
def test_signup_field_error_preserves_input(client: Client, changes: dict[str, str], field: str) -> None:
    UserFactory.create(username="Taken")
    response = client.post(SIGNUP, {**SIGNUP_DATA, **changes})
    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    if field != "email":
        assert 'value="Anna@Example.org"' in response.content.decode()
    assert User.objects.count() == 1


def test_signup_known_email_same_page_and_owner_emailed(client: Client) -> None:
    UserFactory.create(username="owner", email="anna@example.org")
    known = client.post(SIGNUP, SIGNUP_DATA)
    unknown = client.post(SIGNUP, {**SIGNUP_DATA, "username": "Boris", "email": "boris@example.org"})
    assert known.status_code == unknown.status_code == 302
    assert known.headers["Location"] == unknown.headers["Location"] == SENT
    assert User.objects.filter(email="anna@example.org").count() == 1
    assert not User.objects.filter(username="Anna").exists()
    assert [message.to for message in mail.outbox] == [["anna@example.org"], ["boris@example.org"]]
    assert "already" in mail.outbox[0].subject


def test_signup_known_email_hashes_password(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []

    def counting(password: str, *args: Any, **kwargs: Any) -> str:
        hashed.append(password)
        return make_password(password, *args, **kwargs)

    UserFactory.create(email="anna@example.org")
    monkeypatch.setattr(forms, "make_password", counting)
    client.post(SIGNUP, SIGNUP_DATA)
    assert len(hashed) == 1


def test_signup_and_login_redirect_when_logged_in(client: Client) -> None:
    client.force_login(UserFactory.create())
    assert client.get(SIGNUP).headers["Location"] == reverse("my_articles")
    assert client.get("/accounts/login/?next=/about/").headers["Location"] == "/about/"


def test_signup_username_taken_concurrently_is_field_error(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    clean = AccountAdapter.clean_username
    names = iter(["first look"])

    def overtaken(self: AccountAdapter, username: str, shallow: bool = False) -> str:
        if next(names, None):
            UserFactory.create(username="anna", email="other@example.org")
            return username
        return str(clean(self, username, shallow))

    monkeypatch.setattr(AccountAdapter, "clean_username", overtaken)
    response = client.post(SIGNUP, SIGNUP_DATA)
    assert response.status_code == 200
    assert "username" in response.context["form"].errors
    assert User.objects.count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="needs real parallel connections")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"username": "anna", "email": "a@example.org"}, {"username": "ANNA", "email": "b@example.org"}),
        ({"username": "anna", "email": "a@example.org"}, {"username": "boris", "email": "A@Example.org"}),
    ],
)
def test_signup_concurrently_creates_one_account(
    one: dict[str, str], other: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert connection.vendor == "postgresql"
    together = threading.Barrier(2, timeout=20)
    save = AccountAdapter.save_user
    waited = threading.local()

    def both_looked(self: AccountAdapter, *args: Any, **kwargs: Any) -> User:
        if not hasattr(waited, "done"):
            waited.done = True
            together.wait()
        return save(self, *args, **kwargs)

    monkeypatch.setattr(AccountAdapter, "save_user", both_looked)
    answers: list[int] = []

    def sign_up(data: dict[str, str]) -> None:
        try:
            answers.append(Client().post(SIGNUP, {**SIGNUP_DATA, **data}).status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=sign_up, args=(data,)) for data in (one, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert User.objects.count() == 1
    assert len(answers) == 2
    assert set(answers) <= {200, 302}
