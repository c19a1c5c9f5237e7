"""Email addresses and the emails about accounts."""

from __future__ import annotations

import re
from smtplib import SMTPException

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.test import Client

from accounts.models import User
from core.models import PendingEmail
from tests.accounts.conftest import PASSWORD, SIGNUP_DATA, Links, reauthenticate
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
PAGE = "/accounts/email/"


@pytest.fixture
def anna(client: Client) -> User:
    user = UserFactory.create(username="anna", email="anna@example.org")
    client.post("/accounts/login/", {"login": "anna", "password": PASSWORD})
    reauthenticate(client)
    return user


def test_email_change_takes_effect_on_confirmation(client: Client, anna: User, links: Links) -> None:
    client.post(PAGE, {"email": "New@Example.org", "action_add": ""})
    anna.refresh_from_db()
    assert anna.email == "anna@example.org"
    assert mail.outbox[-1].to == ["new@example.org"]
    client.post(links()[0])
    anna.refresh_from_db()
    assert anna.email == "new@example.org"
    assert [one.email for one in EmailAddress.objects.all()] == ["new@example.org"]
    assert mail.outbox[-1].to == ["anna@example.org"], "The old address is notified."


def test_email_change_can_be_cancelled(client: Client, anna: User) -> None:
    client.post(PAGE, {"email": "new@example.org", "action_add": ""})
    assert "not confirmed" in client.get(PAGE).content.decode()
    client.post(PAGE, {"email": "new@example.org", "action_remove": ""})
    assert "not confirmed" not in client.get(PAGE).content.decode()


def test_confirmation_email_can_be_resent(client: Client, anna: User) -> None:
    client.post(PAGE, {"email": "new@example.org", "action_add": ""})
    client.post(PAGE, {"email": "new@example.org", "action_send": ""})
    assert [message.to for message in mail.outbox] == [["new@example.org"]] * 2


def test_email_change_to_address_of_other_account_reveals_nothing(client: Client, anna: User, links: Links) -> None:
    UserFactory.create(username="boris", email="boris@example.org")
    response = client.post(PAGE, {"email": "boris@example.org", "action_add": ""}, follow=True)
    assert "We have sent an email to boris@example.org" in response.content.decode()
    page = client.get(links()[0])
    assert "confirmed for another account" in page.content.decode()
    client.post(links()[0])
    anna.refresh_from_db()
    assert anna.email == "anna@example.org"


def test_email_change_to_unconfirmed_address_of_other_account(client: Client, anna: User, links: Links) -> None:
    UserFactory.create(username="squatter", email="new@example.org", confirmation=False)
    client.post(PAGE, {"email": "new@example.org", "action_add": ""})
    response = client.post(links()[0], follow=True)
    assert response.status_code == 200
    assert "belongs to another account" in response.content.decode()
    anna.refresh_from_db()
    assert anna.email == "anna@example.org"


def test_email_change_asks_for_password_first(other_client: Client, anna: User) -> None:
    other_client.force_login(anna)
    asked = other_client.get(PAGE).headers["Location"]
    assert asked == f"/accounts/reauthenticate/?next={PAGE}"
    assert other_client.post(PAGE, {"email": "new@example.org", "action_add": ""}).headers["Location"] == asked
    assert not EmailAddress.objects.filter(email="new@example.org").exists()
    wrong = other_client.post(asked, {"password": "wrong"})
    assert "The password is incorrect" in wrong.content.decode()
    assert other_client.post(asked, {"password": PASSWORD}).headers["Location"] == PAGE
    other_client.post(PAGE, {"email": "new@example.org", "action_add": ""})
    assert EmailAddress.objects.filter(email="new@example.org").exists()


@pytest.mark.parametrize("email", ["", "nowhere", "anna@example.org", "a" * 300 + "@example.org", "a\x00@example.org"])
def test_email_change_invalid_address_is_field_error(client: Client, anna: User, email: str) -> None:
    response = client.post(PAGE, {"email": email, "action_add": ""})
    assert response.status_code == 200
    assert response.context["form"].errors["email"]


def test_email_links_use_origin_not_host(client: Client) -> None:
    client.post("/accounts/signup/", SIGNUP_DATA, HTTP_HOST="localhost")
    client.post("/accounts/password/reset/", {"email": "anna@example.org"}, HTTP_HOST="localhost")
    client.post("/accounts/signup/", {**SIGNUP_DATA, "username": "b"}, HTTP_HOST="localhost")
    emails = [
        str(message.body) + str(message.alternatives[0][0])
        for message in mail.outbox
        if isinstance(message, EmailMultiAlternatives)
    ]
    assert len(emails) >= 2
    for message in emails:
        assert "localhost" not in message
        assert all(link.startswith("http://testserver") for link in re.findall(r"https?://\S+", message))


def test_email_in_language_of_page_with_site_name(client: Client) -> None:
    client.post("/ru/accounts/signup/", SIGNUP_DATA)
    message = mail.outbox[0]
    assert isinstance(message, EmailMultiAlternatives)
    assert "Spokesperson" in message.subject
    assert "http://testserver/ru/accounts/confirm-email/" in message.body
    page = str(message.alternatives[0][0])
    assert '<html lang="ru">' in page
    assert '<a class="button" href="http://testserver/ru/accounts/confirm-email/' in page


def test_signup_with_mail_server_down_stores_email(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(self: EmailMultiAlternatives, **kwargs: object) -> int:
        raise SMTPException

    monkeypatch.setattr(EmailMultiAlternatives, "send", away)
    assert client.post("/accounts/signup/", SIGNUP_DATA).status_code == 302
    assert PendingEmail.objects.get().to == "anna@example.org"
