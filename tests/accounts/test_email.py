"""Letters and addresses: whose they are, how they change, and where their links lead."""

from __future__ import annotations

import re
from smtplib import SMTPException

import pytest
from allauth.account.models import EmailAddress
from django.conf import LazySettings
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.tasks.backends.dummy import DummyBackend
from django.test import Client

from accounts.models import User
from core.tasks import deliver_email
from tests.accounts.conftest import NEWCOMER, PASSWORD, Links, prove_again
from tests.factories import PersonFactory

pytestmark = pytest.mark.django_db
PAGE = "/accounts/email/"


@pytest.fixture
def anna(client: Client) -> User:
    user = PersonFactory.create(username="anna", email="anna@example.org")
    client.post("/accounts/login/", {"login": "anna", "password": PASSWORD})
    prove_again(client)
    return user


def test_a_change_holds_once_the_new_address_is_confirmed(client: Client, anna: User, links: Links) -> None:
    client.post(PAGE, {"email": "New@Example.org", "action_add": ""})
    anna.refresh_from_db()
    assert anna.email == "anna@example.org"
    assert mail.outbox[-1].to == ["new@example.org"]
    client.post(links()[0])
    anna.refresh_from_db()
    assert anna.email == "new@example.org"
    assert [one.email for one in EmailAddress.objects.all()] == ["new@example.org"]
    assert mail.outbox[-1].to == ["anna@example.org"], "The old address hears of it."


def test_a_change_can_be_called_off(client: Client, anna: User) -> None:
    client.post(PAGE, {"email": "new@example.org", "action_add": ""})
    assert "not confirmed" in client.get(PAGE).content.decode()
    client.post(PAGE, {"email": "new@example.org", "action_remove": ""})
    assert "not confirmed" not in client.get(PAGE).content.decode()


def test_the_letter_can_be_sent_again(client: Client, anna: User) -> None:
    client.post(PAGE, {"email": "new@example.org", "action_add": ""})
    client.post(PAGE, {"email": "new@example.org", "action_send": ""})
    assert [letter.to for letter in mail.outbox] == [["new@example.org"]] * 2


def test_a_strangers_address_gets_the_same_words_and_stays_theirs(client: Client, anna: User, links: Links) -> None:
    PersonFactory.create(username="boris", email="boris@example.org")
    response = client.post(PAGE, {"email": "boris@example.org", "action_add": ""}, follow=True)
    assert "We have sent a letter to boris@example.org" in response.content.decode()
    page = client.get(links()[0])
    assert "confirmed for another account" in page.content.decode()
    client.post(links()[0])
    anna.refresh_from_db()
    assert anna.email == "anna@example.org"


def test_an_address_of_an_account_that_never_confirmed_it_is_no_error(client: Client, anna: User, links: Links) -> None:
    PersonFactory.create(username="squatter", email="new@example.org", confirmation=False)
    client.post(PAGE, {"email": "new@example.org", "action_add": ""})
    response = client.post(links()[0], follow=True)
    assert response.status_code == 200
    assert "belongs to another account" in response.content.decode()
    anna.refresh_from_db()
    assert anna.email == "anna@example.org"


def test_a_change_asks_for_the_password_and_then_goes_on(other_client: Client, anna: User) -> None:
    other_client.force_login(anna)
    response = other_client.post(PAGE, {"email": "new@example.org", "action_add": ""})
    asked = response.headers["Location"]
    assert asked.startswith("/accounts/reauthenticate/")
    assert not EmailAddress.objects.filter(email="new@example.org").exists()
    wrong = other_client.post(asked, {"password": "wrong"})
    assert "This is not your password" in wrong.content.decode()
    other_client.post(asked, {"password": PASSWORD})
    assert EmailAddress.objects.filter(email="new@example.org").exists()


@pytest.mark.parametrize("email", ["", "nowhere", "anna@example.org", "a" * 300 + "@example.org", "a\x00@example.org"])
def test_a_wrong_address_is_a_word_next_to_the_field(client: Client, anna: User, email: str) -> None:
    response = client.post(PAGE, {"email": email, "action_add": ""})
    assert response.status_code == 200
    assert response.context["form"].errors["email"]


def test_links_come_from_the_origin_and_not_from_the_host(client: Client) -> None:
    client.post("/accounts/signup/", NEWCOMER, HTTP_HOST="localhost")
    client.post("/accounts/password/reset/", {"email": "anna@example.org"}, HTTP_HOST="localhost")
    client.post("/accounts/signup/", {**NEWCOMER, "username": "b"}, HTTP_HOST="localhost")
    letters = [
        str(letter.body) + str(letter.alternatives[0][0])
        for letter in mail.outbox
        if isinstance(letter, EmailMultiAlternatives)
    ]
    assert len(letters) >= 2
    for letter in letters:
        assert "localhost" not in letter
        assert all(link.startswith("http://testserver") for link in re.findall(r"https?://\S+", letter))


def test_letters_carry_the_sites_name_and_speak_the_pages_language(client: Client) -> None:
    client.post("/ru/accounts/signup/", NEWCOMER)
    letter = mail.outbox[0]
    assert isinstance(letter, EmailMultiAlternatives)
    assert "Spokesperson" in letter.subject
    assert "http://testserver/ru/accounts/confirm-email/" in letter.body
    page = str(letter.alternatives[0][0])
    assert '<html lang="ru">' in page
    assert '<a class="button" href="http://testserver/ru/accounts/confirm-email/' in page


def test_a_mail_server_that_is_away_costs_the_person_nothing(
    client: Client, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(self: EmailMultiAlternatives, **kwargs: object) -> int:
        raise SMTPException

    monkeypatch.setattr(EmailMultiAlternatives, "send", away)
    assert client.post("/accounts/signup/", NEWCOMER).status_code == 302
    settings.TASKS = {"default": {"BACKEND": "django.tasks.backends.dummy.DummyBackend"}}
    deliver_email.func("anna@example.org", "subject", "text", "page")
    backend = deliver_email.get_backend()
    assert isinstance(backend, DummyBackend)
    (again,) = backend.results
    assert again.args[-1] == 2
    assert again.task.run_after is not None
