"""How often: log-in, sign-up, letters. And that no stranger locks a person out."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.test import Client, RequestFactory

from core.ratelimit import client_address
from tests.accounts.conftest import NEWCOMER, PASSWORD
from tests.factories import PersonFactory

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"


def try_in(client: Client, name: str, password: str, address: str) -> bool:
    response = client.post(LOGIN, {"login": name, "password": password}, REMOTE_ADDR=address)
    return response.status_code == 302


def test_guessing_from_one_address_ends(client: Client) -> None:
    PersonFactory.create(username="anna")
    for _ in range(10):
        assert not try_in(client, "anna", "wrong", "192.0.2.1")
    response = client.post(LOGIN, {"login": "anna", "password": PASSWORD}, REMOTE_ADDR="192.0.2.1")
    assert response.status_code == 200
    assert "too many wrong passwords" in response.content.decode()


def test_the_person_elsewhere_is_not_locked_out(client: Client, other_client: Client) -> None:
    PersonFactory.create(username="anna")
    for number in range(40):
        try_in(client, "anna", "wrong", f"192.0.2.{number % 4}")
    assert try_in(other_client, "anna", PASSWORD, "198.51.100.7")


def test_a_colleague_behind_the_same_address_is_not_locked_out(client: Client, other_client: Client) -> None:
    PersonFactory.create(username="anna")
    PersonFactory.create(username="boris")
    for _ in range(12):
        try_in(client, "anna", "wrong", "192.0.2.1")
    assert try_in(other_client, "boris", PASSWORD, "192.0.2.1")


def test_spraying_over_many_accounts_from_one_address_ends(client: Client) -> None:
    PersonFactory.create(username="anna")
    for number in range(30):
        try_in(client, f"person{number}", "wrong", "192.0.2.1")
    response = client.post(LOGIN, {"login": "anna", "password": PASSWORD}, REMOTE_ADDR="192.0.2.1")
    assert response.status_code in {200, 429}


def test_right_passwords_use_up_nothing(other_client: Client) -> None:
    PersonFactory.create(username="anna")
    for _ in range(12):
        assert try_in(other_client, "anna", PASSWORD, "192.0.2.1")
        other_client.post("/accounts/logout/")


def test_a_new_password_ends_the_wait(client: Client) -> None:
    PersonFactory.create(username="anna", email="anna@example.org")
    for _ in range(10):
        try_in(client, "anna@example.org", "wrong", "127.0.0.1")
    client.post("/accounts/password/reset/", {"email": "anna@example.org"})
    link = str(mail.outbox[-1].body).split("http://testserver")[1].split()[0]
    client.post(client.get(link).headers["Location"], {"password1": "another good phrase"})
    assert try_in(client, "anna@example.org", "another good phrase", "127.0.0.1")


def test_forwarded_headers_of_strangers_do_not_help(client: Client) -> None:
    PersonFactory.create(username="anna")
    for number in range(10):
        client.post(LOGIN, {"login": "anna", "password": "wrong"}, HTTP_X_FORWARDED_FOR=f"203.0.113.{number}")
    response = client.post(LOGIN, {"login": "anna", "password": PASSWORD}, HTTP_X_FORWARDED_FOR="203.0.113.99")
    assert response.status_code == 200


def test_too_many_log_ins_are_a_429_in_the_sites_look(client: Client) -> None:
    for number in range(30):
        client.post(LOGIN, {"login": f"p{number}", "password": ""})
    response = client.post(LOGIN, {"login": "p", "password": ""})
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) == 60
    assert "Too many requests" in response.content.decode()
    assert "no-store" in response.headers["Cache-Control"]


def test_too_many_sign_ups_are_a_429(client: Client) -> None:
    for _ in range(20):
        client.post("/accounts/signup/", {})
    response = client.post("/accounts/signup/", NEWCOMER)
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) == 3600


@pytest.mark.parametrize("email", ["anna@example.org", "nobody@example.org"])
def test_letters_to_one_address_are_few_and_the_answer_is_the_same(client: Client, email: str) -> None:
    PersonFactory.create(username="anna", email="anna@example.org")
    answers = [
        client.post("/accounts/password/reset/", {"email": email}, REMOTE_ADDR=f"192.0.2.{number}").status_code
        for number in range(6)
    ]
    assert answers == [302] * 5 + [429]
    assert len(mail.outbox) == (5 if email == "anna@example.org" else 0)


def test_confirmations_to_one_address_are_few(client: Client) -> None:
    PersonFactory.create(username="anna", email="anna@example.org")
    for number in range(6):
        client.post("/accounts/signup/", {**NEWCOMER, "username": f"new{number}"}, REMOTE_ADDR=f"192.0.2.{number}")
    assert len(mail.outbox) == 3


def test_who_did_not_come_through_every_proxy_is_known_by_the_connection(rf: RequestFactory, settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2
    request = rf.get("/", REMOTE_ADDR="203.0.113.9", HTTP_X_FORWARDED_FOR="198.51.100.1")
    assert client_address(request) == "203.0.113.9"
