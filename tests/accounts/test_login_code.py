"""Log-in and sign-up with a code by email."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests import factories
from tests.accounts.conftest import PASSWORD
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
REQUEST, CONFIRM, SIGNUP = "/accounts/login/code/", "/accounts/login/code/confirm/", "/accounts/signup/"


def code() -> str:
    """Return the code in the last email."""
    found = re.search(r"^\d{6}$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found, mail.outbox[-1].body
    return found.group()


def test_code_logs_in_and_continues(client: Client) -> None:
    UserFactory.create(username="anna", email="anna@example.org")
    response = client.post(REQUEST, {"email": "Anna@Example.org", "next": "/about/"})
    assert response.headers["Location"] == f"{CONFIRM}?next=%2Fabout%2F"
    assert mail.outbox[-1].to == ["anna@example.org"]
    assert code() not in mail.outbox[-1].subject, "Staff see the subjects of emails that wait."
    page = client.get(response.headers["Location"]).text
    assert 'name="next" value="/about/"' in page
    assert 'autocomplete="one-time-code"' in page
    response = client.post(CONFIRM, {"code": code(), "next": "/about/"})
    assert response.headers["Location"] == "/about/"
    assert client.get("/accounts/").status_code == 200


def test_code_of_an_unknown_address_signs_up(client: Client) -> None:
    client.post(REQUEST, {"email": "anna.p@example.org", "next": "/about/"})
    response = client.post(CONFIRM, {"code": code(), "next": "/about/"})
    assert response.headers["Location"] == f"{SIGNUP}?next=%2Fabout%2F"
    assert not User.objects.exists(), "Nothing is stored of an address before its user has made an account."
    page = client.get(response.headers["Location"])
    assert 'value="anna.p"' in page.text
    assert "password1" not in page.context["form"].fields
    data = {"username": "Anna", "email": "other@example.org", "next": "/about/"}
    assert client.post(SIGNUP, data).context["form"].errors["rules"]
    assert client.post(SIGNUP, {**data, "rules": "on"}).headers["Location"] == "/about/"
    user = User.objects.get()
    assert (user.username, user.email, user.has_usable_password()) == ("Anna", "anna.p@example.org", False)
    assert EmailAddress.objects.get().verified
    assert client.get("/accounts/").status_code == 200
    assert len(mail.outbox) == 1


def test_code_same_answers_for_known_and_unknown_addresses(client: Client, other_client: Client) -> None:
    UserFactory.create(email="known@example.org")
    pages = []
    for browser, email in ((client, "known@example.org"), (other_client, "nobody@example.org")):
        answer = browser.post(REQUEST, {"email": email})
        page = browser.get(answer.headers["Location"]).text
        wrong = [browser.post(CONFIRM, {"code": "000000x"}) for _ in range(3)]
        texts = [re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", one.text) for one in wrong]
        pages.append((answer.headers["Location"], [*texts, wrong[2].headers["Location"], page.replace(email, "")]))
        pages[-1][1][-1] = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", pages[-1][1][-1])
    assert str(pages[0]).replace("known@", "@") == str(pages[1]).replace("nobody@", "@")
    subjects = [message.subject for message in mail.outbox]
    assert len(set(subjects)) == 1
    bodies = [re.sub(r"\d{6}", "", str(message.body)) for message in mail.outbox]
    assert len(set(bodies)) == 1


@pytest.mark.parametrize("email", ["known@example.org", "nobody@example.org"])
def test_code_is_for_three_attempts_and_fifteen_minutes(client: Client, email: str) -> None:
    UserFactory.create(email="known@example.org")
    client.post(REQUEST, {"email": email})
    first = code()
    for _ in range(2):
        assert client.post(CONFIRM, {"code": "12345x"}).status_code == 200
    assert client.post(CONFIRM, {"code": "12345x"}).headers["Location"] == REQUEST
    assert client.post(CONFIRM, {"code": first}).headers["Location"] == REQUEST
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client.post(REQUEST, {"email": email})
        clock.shift(timedelta(minutes=16))
        assert client.post(CONFIRM, {"code": code()}).headers["Location"] == REQUEST
    assert client.get("/accounts/").status_code == 302


def test_another_code_replaces_the_first(client: Client) -> None:
    for email in ("anna@example.org", "boris@example.org"):
        client.post(REQUEST, {"email": email})
        first = code()
        client.post(REQUEST, {"email": email})
        assert first == code() or client.post(CONFIRM, {"code": first}).status_code == 200
        assert client.post(CONFIRM, {"code": code()}).headers["Location"] == SIGNUP


def test_code_of_one_address_is_not_for_another(client: Client) -> None:
    UserFactory.create(email="known@example.org")
    client.post(REQUEST, {"email": "mine@example.org"})
    mine = code()
    client.post(REQUEST, {"email": "known@example.org"})
    assert mine == code() or client.post(CONFIRM, {"code": mine}).status_code == 200


def test_code_confirms_the_account_of_the_address_without_its_password(client: Client, other_client: Client) -> None:
    """A stranger has signed up with the address of someone else, who never confirmed it."""
    stranger = UserFactory.create(username="stranger", email="anna@example.org", confirmation=False)
    EmailAddress.objects.create(user=stranger, email=stranger.email)
    client.post(REQUEST, {"email": "anna@example.org"})
    assert client.post(CONFIRM, {"code": code()}).headers["Location"] == "/my/articles/"
    assert EmailAddress.objects.get().verified
    other_client.post("/accounts/login/", {"login": "stranger", "password": PASSWORD})
    assert other_client.get("/accounts/").status_code == 302


def test_code_logs_in_a_user_whom_an_administrator_has_created(client: Client) -> None:
    UserFactory.create(email="anna@example.org", confirmation=False)
    client.post(REQUEST, {"email": "anna@example.org"})
    assert client.post(CONFIRM, {"code": code()}).headers["Location"] == "/my/articles/"
    assert EmailAddress.objects.get().verified


def test_code_of_a_closed_account_says_that_it_is_closed(client: Client) -> None:
    UserFactory.create(email="anna@example.org", is_active=False)
    client.post(REQUEST, {"email": "anna@example.org"})
    assert client.post(CONFIRM, {"code": code()}).headers["Location"] == "/accounts/inactive/"
    assert client.get("/accounts/").status_code == 302


def test_confirmed_address_is_forgotten_after_an_hour(client: Client) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client.post(REQUEST, {"email": "anna@example.org"})
        client.post(CONFIRM, {"code": code()})
        assert client.get(SIGNUP).context["is_confirmed"]
        clock.shift(timedelta(hours=1, seconds=1))
        assert not client.get(SIGNUP).context["is_confirmed"]


def test_codes_for_one_address_are_limited(client: Client) -> None:
    answers: list[Any] = [client.post(REQUEST, {"email": "anna@example.org"}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [302] * 5 + [200]
    assert "Too many codes" in answers[-1].text
    assert len(mail.outbox) == 5


def test_code_email_is_in_the_language_of_the_page(client: Client) -> None:
    answer = client.post(f"/ru{REQUEST}", {"email": "anna@example.org"})
    assert answer.headers["Location"].startswith("/ru/")
    assert "Введите" in str(mail.outbox[-1].body)


@pytest.mark.parametrize(
    ("next_url", "heading"),
    [
        ("", "Log in or sign up"),
        ("/my/articles/new/", "Log in or sign up to write"),
        ("/ru/my/articles/new/", "Log in or sign up to write"),
        ("/articles/{pk}/promote/", "Log in or sign up to promote"),
        ("{article}?vote=1#vote", "Log in or sign up to vote"),
        ("{article}", "Log in or sign up"),
        ("https://evil.example/?vote=1", "Log in or sign up"),
        ("/nowhere/%ff/\N{SNOWMAN}", "Log in or sign up"),
    ],
)
def test_login_page_says_why_it_asks(client: Client, next_url: str, heading: str) -> None:
    article = factories.published()
    url = next_url.format(pk=article.pk, article=article.get_absolute_url())
    page = client.get("/accounts/login/", {"next": url})
    assert f"<h1>{heading}</h1>" in page.text
