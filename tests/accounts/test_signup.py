"""Sign-up."""

from __future__ import annotations

import threading
import unicodedata
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from allauth.account.models import EmailAddress
from allauth.account.views import SignupView as AllauthSignupView
from django.contrib.auth.hashers import make_password
from django.core import mail
from django.db import OperationalError, connection, connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import forms
from accounts.adapter import MAX_EMAILS_PER_RECIPIENT, AccountAdapter
from accounts.models import User
from accounts.services import delete_unconfirmed_users
from core.models import PendingEmail
from tests.accounts.conftest import PASSWORD, SIGNUP_DATA, Links
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


def test_confirmation_in_other_browser_needs_password(client: Client, other_client: Client, links: Links) -> None:
    client.post(SIGNUP, SIGNUP_DATA)
    assert "set a new password" in other_client.get(links()[0]).content.decode()
    for data in ({}, {"password": "wrong"}):
        response = other_client.post(links()[0], data)
        assert response.context["form"].errors["password"]
        assert not EmailAddress.objects.get().verified
    response = other_client.post(links()[0], {"password": PASSWORD}, follow=True)
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
        ({"username": "staff"}, "username"),
        ({"username": "api"}, "username"),
        ({"username": "NULL"}, "username"),
        ({"username": "m0derator"}, "username"),
        ({"username": "Anna.Admin"}, "username"),
        ({"username": "Spokesperson"}, "username"),
        ({"email": "a@[127.0.0.1]"}, "email"),
        ({"email": "a@[IPv6:::1]"}, "email"),
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


# What a full disk can end, each in the transaction of the sign-up.
STEPS = (
    "allauth.account.models.EmailAddress.save",
    "core.mail.PendingEmail.save",
    "django.tasks.backends.immediate.ImmediateBackend.enqueue",
)


@pytest.mark.parametrize("step", [*STEPS, "the commit"])
def test_signup_on_a_full_disk_creates_nothing_and_can_be_repeated(
    links: Links, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    client, form_valid = Client(raise_request_exception=False), AllauthSignupView.form_valid
    full = OperationalError("database or disk is full")

    def fail_at_the_end(*arguments: object) -> None:
        form_valid(*arguments)
        raise full

    with monkeypatch.context() as patch:
        if step == "the commit":
            patch.setattr(AllauthSignupView, "form_valid", fail_at_the_end)
        else:
            patch.setattr(step, mock.Mock(side_effect=full))
        assert client.post(SIGNUP, SIGNUP_DATA).status_code == 503
    assert not User.objects.exists()
    assert not EmailAddress.objects.exists()
    assert not PendingEmail.objects.exists()
    # The session has no log-in of the user who was not created, whose number the next user can get.
    stranger = UserFactory.create(confirmation=False)
    client.post(SENT, {"email": "stolen@example.org"})
    stranger.refresh_from_db()
    assert stranger.email != "stolen@example.org"
    assert client.post(SIGNUP, SIGNUP_DATA).headers["Location"] == SENT
    assert client.post(links()[0]).status_code == 302
    assert EmailAddress.objects.get(user__username="Anna").verified


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("is_known", [False, True])
def test_correction_of_the_address_on_a_full_disk_changes_nothing_and_can_be_repeated(
    links: Links, monkeypatch: pytest.MonkeyPatch, step: str, is_known: bool
) -> None:
    client = Client(raise_request_exception=False)
    if is_known:
        UserFactory.create(email="ana@example.org")
    client.post(SIGNUP, {**SIGNUP_DATA, "email": "ana@example.org"})
    before = list(User.objects.values_list("username", "email"))
    with monkeypatch.context() as patch:
        patch.setattr(step, mock.Mock(side_effect=OperationalError("database or disk is full")))
        assert client.post(SENT, {"email": "anna@example.org"}).status_code == 503
    assert list(User.objects.values_list("username", "email")) == before
    client.post(SENT, {"email": "anna@example.org"})
    assert client.post(links()[0]).status_code == 302
    assert EmailAddress.objects.get(user__username="Anna").email == "anna@example.org"


def test_confirmation_by_owner_of_address_does_not_validate_strangers_password(
    client: Client, other_client: Client, links: Links
) -> None:
    client.post(SIGNUP, SIGNUP_DATA)  # a stranger, with the owner's address
    other_client.post(links()[0])
    other_client.post(SIGNUP, {**SIGNUP_DATA, "username": "owner", "password1": "the owner's phrase"})
    other_client.post("/accounts/password/reset/", {"email": SIGNUP_DATA["email"]})
    form = other_client.get(links()[0]).headers["Location"]
    other_client.post(form, {"password1": "the owner's phrase"})
    assert not User.objects.get().check_password(PASSWORD)
    response = other_client.post("/accounts/login/", {"login": "Anna", "password": "the owner's phrase"})
    assert response.headers["Location"] == SENT
    other_client.post(links()[0])
    assert EmailAddress.objects.get().verified


# --- A mistyped address ----------------------------------------------------------------------------


def test_mistyped_address_is_corrected(client: Client, links: Links) -> None:
    client.post(SIGNUP, {**SIGNUP_DATA, "email": "ana@example.org", "next": "/about/"})
    (old_link,) = links()
    assert 'name="email"' in client.get(SENT).content.decode()
    response = client.post(SENT, {"email": "Anna@Example.org"}, follow=True)
    assert "We have sent an email to anna@example.org" in response.content.decode()
    assert User.objects.get().email == "anna@example.org"
    assert mail.outbox[-1].to == ["anna@example.org"]
    assert "has been used" in Client().get(old_link).content.decode()
    assert client.post(links()[0]).headers["Location"] == "/about/"
    assert EmailAddress.objects.get().email == "anna@example.org"
    assert EmailAddress.objects.get().verified


def test_address_of_other_account_is_corrected_with_the_same_pages(client: Client, links: Links) -> None:
    UserFactory.create(username="owner", email="owner@example.org")
    client.post(SIGNUP, {**SIGNUP_DATA, "email": "owner@example.org"})
    page = client.get(SENT).content.decode()
    assert 'name="email"' in page
    client.post(SENT, {"email": "anna@example.org"})
    user = User.objects.get(username="Anna")
    assert user.email == "anna@example.org"
    assert client.post(links()[0]).status_code == 302
    assert user.check_password(PASSWORD)
    assert client.get("/accounts/").status_code == 200


def test_correction_to_address_of_other_account_reveals_nothing(client: Client) -> None:
    UserFactory.create(username="owner", email="owner@example.org")
    client.post(SIGNUP, SIGNUP_DATA)
    response = client.post(SENT, {"email": "owner@example.org"}, follow=True)
    assert "We have sent an email to owner@example.org" in response.content.decode()
    assert "already" in mail.outbox[-1].subject
    assert User.objects.get(username="Anna").email == "anna@example.org"


@pytest.mark.parametrize("email", ["", "nowhere", "a@[127.0.0.1]", "x\x00@example.org"])
def test_correction_invalid_address_is_field_error(client: Client, email: str) -> None:
    client.post(SIGNUP, SIGNUP_DATA)
    assert client.post(SENT, {"email": email}).context["form"].errors["email"]


def test_correction_needs_a_pending_signup_and_is_limited(client: Client, other_client: Client) -> None:
    assert other_client.post(SENT, {"email": "x@example.org"}).headers["Location"] == "/accounts/login/"
    client.post(SIGNUP, SIGNUP_DATA)
    answers = [client.post(SENT, {"email": f"a{n}@example.org"}).status_code for n in range(6)]
    assert answers == [302] * 5 + [429]


def test_unconfirmed_users_are_deleted_after_a_week(client: Client) -> None:
    client.post(SIGNUP, SIGNUP_DATA)
    client.post(SIGNUP, {**SIGNUP_DATA, "username": "new", "email": "new@example.org"})
    client.logout()
    for name, changes in {"confirmed": {}, "by_admin": {"confirmation": False}}.items():
        UserFactory.create(username=name, **changes)
    User.objects.exclude(username="new").update(date_joined=timezone.now() - timedelta(days=8))
    assert delete_unconfirmed_users() == 1
    assert set(User.objects.values_list("username", flat=True)) == {"new", "confirmed", "by_admin"}


# --- Passwords --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("typed", "again"), [("mañana por la mañana", "NFD"), ("ﬁne ｗords and more", "NFKC")])
def test_password_is_unicode_normalized(typed: str, again: Any) -> None:
    user = UserFactory.create()
    user.set_password(typed)
    assert unicodedata.normalize(again, typed) != typed
    assert user.check_password(unicodedata.normalize(again, typed))
    assert user.check_password(typed)
    assert not user.check_password("manana por la manana")


# --- Emails to one recipient ------------------------------------------------------------------------


def test_emails_to_one_recipient_are_limited(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(4):
        data = {**SIGNUP_DATA, "username": f"user{number}"}
        client.post(SIGNUP, data, REMOTE_ADDR=f"192.0.2.{number}")
        client.post("/accounts/password/reset/", {"email": SIGNUP_DATA["email"]}, REMOTE_ADDR=f"192.0.2.{number}")
    assert len(mail.outbox) == MAX_EMAILS_PER_RECIPIENT
    assert "too many emails" in caplog.text
    assert "example.org" not in caplog.text
