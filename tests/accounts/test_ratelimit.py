"""The limits of log-in, sign-up and emails."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.test import Client, RequestFactory

from core.ratelimit import client_address
from tests.accounts.conftest import PASSWORD, SIGNUP_DATA
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"


def log_in_from(client: Client, name: str, password: str, address: str) -> bool:
    response = client.post(LOGIN, {"login": name, "password": password}, REMOTE_ADDR=address)
    return response.status_code == 302


def test_login_limited_by_account_and_address(client: Client) -> None:
    UserFactory.create(username="anna")
    for _ in range(10):
        assert not log_in_from(client, "anna", "wrong", "192.0.2.1")
    response = client.post(LOGIN, {"login": "anna", "password": PASSWORD}, REMOTE_ADDR="192.0.2.1")
    assert response.status_code == 200
    assert "Too many failed login attempts" in response.content.decode()


def test_login_limit_does_not_lock_out_owner_elsewhere(client: Client, other_client: Client) -> None:
    UserFactory.create(username="anna")
    for number in range(40):
        log_in_from(client, "anna", "wrong", f"192.0.2.{number % 4}")
    assert log_in_from(other_client, "anna", PASSWORD, "198.51.100.7")


def test_login_limited_by_account_on_new_devices(client: Client, other_client: Client) -> None:
    UserFactory.create(username="anna", email="anna@example.org")
    assert log_in_from(other_client, "anna", PASSWORD, "198.51.100.7")
    other_client.post("/accounts/logout/")
    for number in range(80):
        log_in_from(client, "anna", "wrong", f"192.0.2.{number}")
    assert not log_in_from(Client(), "anna", PASSWORD, "192.0.2.200")
    assert not log_in_from(Client(), "Anna@example.org", PASSWORD, "192.0.2.201")
    assert log_in_from(other_client, "anna", PASSWORD, "203.0.113.9"), "The owner is not locked out."
    client.post("/accounts/password/reset/", {"email": "anna@example.org"})
    link = str(mail.outbox[-1].body).split("http://testserver")[1].split()[0]
    client.post(client.get(link).headers["Location"], {"password1": "another good phrase"})
    assert log_in_from(Client(), "anna", "another good phrase", "192.0.2.202")


def test_login_limit_is_not_evaded_with_the_device_of_another_account(client: Client) -> None:
    UserFactory.create(username="anna")
    UserFactory.create(username="eve")
    assert log_in_from(client, "eve", PASSWORD, "192.0.2.250")
    client.post("/accounts/logout/")
    for number in range(60):
        log_in_from(client, "anna", "wrong", f"192.0.2.{number}")
    assert not log_in_from(client, "anna", PASSWORD, "192.0.2.249")


def test_login_limit_does_not_lock_out_other_account_at_address(client: Client, other_client: Client) -> None:
    UserFactory.create(username="anna")
    UserFactory.create(username="boris")
    for _ in range(12):
        log_in_from(client, "anna", "wrong", "192.0.2.1")
    assert log_in_from(other_client, "boris", PASSWORD, "192.0.2.1")


def test_login_limited_by_address_over_many_accounts(client: Client) -> None:
    UserFactory.create(username="anna")
    for number in range(30):
        log_in_from(client, f"person{number}", "wrong", "192.0.2.1")
    response = client.post(LOGIN, {"login": "anna", "password": PASSWORD}, REMOTE_ADDR="192.0.2.1")
    assert response.status_code in {200, 429}


def test_login_success_does_not_count(other_client: Client) -> None:
    UserFactory.create(username="anna")
    for _ in range(12):
        assert log_in_from(other_client, "anna", PASSWORD, "192.0.2.1")
        other_client.post("/accounts/logout/")


def test_login_limit_ends_with_password_reset(client: Client) -> None:
    UserFactory.create(username="anna", email="anna@example.org")
    for _ in range(10):
        log_in_from(client, "anna@example.org", "wrong", "127.0.0.1")
    client.post("/accounts/password/reset/", {"email": "anna@example.org"})
    link = str(mail.outbox[-1].body).split("http://testserver")[1].split()[0]
    client.post(client.get(link).headers["Location"], {"password1": "another good phrase"})
    assert log_in_from(client, "anna@example.org", "another good phrase", "127.0.0.1")


def test_login_limit_ignores_untrusted_forwarded_header(client: Client) -> None:
    UserFactory.create(username="anna")
    for number in range(10):
        client.post(LOGIN, {"login": "anna", "password": "wrong"}, HTTP_X_FORWARDED_FOR=f"203.0.113.{number}")
    response = client.post(LOGIN, {"login": "anna", "password": PASSWORD}, HTTP_X_FORWARDED_FOR="203.0.113.99")
    assert response.status_code == 200


def test_login_too_many_requests_is_429_page(client: Client) -> None:
    for number in range(30):
        client.post(LOGIN, {"login": f"p{number}", "password": ""})
    response = client.post(LOGIN, {"login": "p", "password": ""})
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) == 60
    assert "Too many requests" in response.content.decode()
    assert "no-store" in response.headers["Cache-Control"]


def test_signup_too_many_requests_is_429(client: Client) -> None:
    for _ in range(20):
        client.post("/accounts/signup/", {})
    response = client.post("/accounts/signup/", SIGNUP_DATA)
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) == 3600


@pytest.mark.parametrize("email", ["anna@example.org", "nobody@example.org"])
def test_password_reset_emails_limited_by_recipient(client: Client, email: str) -> None:
    UserFactory.create(username="anna", email="anna@example.org")
    answers = [
        client.post("/accounts/password/reset/", {"email": email}, REMOTE_ADDR=f"192.0.2.{number}").status_code
        for number in range(6)
    ]
    assert answers == [302] * 5 + [429]
    assert len(mail.outbox) == (5 if email == "anna@example.org" else 0)


def test_confirmation_emails_limited_by_recipient(client: Client) -> None:
    UserFactory.create(username="anna", email="anna@example.org")
    for number in range(6):
        client.post("/accounts/signup/", {**SIGNUP_DATA, "username": f"new{number}"}, REMOTE_ADDR=f"192.0.2.{number}")
    assert len(mail.outbox) == 3


def test_client_address_with_too_few_proxies(rf: RequestFactory, settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2
    request = rf.get("/", REMOTE_ADDR="203.0.113.9", HTTP_X_FORWARDED_FOR="198.51.100.1")
    assert client_address(request) == "203.0.113.9"
