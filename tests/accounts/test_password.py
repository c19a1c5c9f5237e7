"""Password change and reset."""

from __future__ import annotations

import pytest
from django.core import mail
from django.test import Client

from accounts.models import User
from tests.accounts.conftest import PASSWORD, Links
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
CHANGE, RESET = "/accounts/password/change/", "/accounts/password/reset/"
NEW = "another good phrase"


@pytest.fixture
def anna() -> User:
    return UserFactory.create(username="anna", email="anna@example.org")


def log_in(client: Client, password: str = PASSWORD) -> bool:
    return client.post("/accounts/login/", {"login": "anna", "password": password}).status_code == 302


def test_password_change_ends_other_sessions_and_is_emailed(client: Client, other_client: Client, anna: User) -> None:
    log_in(client)
    log_in(other_client)
    response = client.post(CHANGE, {"oldpassword": PASSWORD, "password1": NEW})
    assert response.headers["Location"] == "/accounts/"
    assert client.get("/accounts/").status_code == 200
    assert other_client.get("/accounts/").status_code == 302
    assert not log_in(Client())
    assert log_in(Client(), NEW)
    assert "has been changed" in mail.outbox[0].subject


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"oldpassword": "wrong", "password1": NEW}, "oldpassword"),
        ({"oldpassword": PASSWORD, "password1": "short"}, "password1"),
        ({"oldpassword": PASSWORD, "password1": "anna@example.org"}, "password1"),
        ({"oldpassword": PASSWORD, "password1": ""}, "password1"),
    ],
)
def test_password_change_invalid_changes_nothing(client: Client, anna: User, data: dict[str, str], field: str) -> None:
    log_in(client)
    response = client.post(CHANGE, data)
    assert list(response.context["form"].errors) == [field]
    assert log_in(Client())


def test_password_reset_link_works_once_and_ends_sessions(
    client: Client, other_client: Client, anna: User, links: Links
) -> None:
    log_in(other_client)
    assert client.post(RESET, {"email": "ANNA@example.org"}).headers["Location"] == "/accounts/password/reset/done/"
    assert mail.outbox[-1].to == ["anna@example.org"]
    (link,) = links()
    form = client.get(link)
    assert form.status_code == 302, "The redirect removes the secret from the URL."
    assert client.post(form.headers["Location"], {"password1": NEW}).status_code == 302
    assert other_client.get("/accounts/").status_code == 302
    assert log_in(Client(), NEW)
    assert "no longer works" in Client().get(link).content.decode()


def test_password_reset_link_invalid_after_password_change(client: Client, anna: User, links: Links) -> None:
    client.post(RESET, {"email": "anna@example.org"})
    (link,) = links()
    anna.set_password(NEW)
    anna.save()
    assert "no longer works" in client.get(link).content.decode()


def test_password_reset_unknown_address_same_page_without_email(client: Client, anna: User) -> None:
    known = client.post(RESET, {"email": "anna@example.org"}, follow=True)
    mail.outbox.clear()
    unknown = client.post(RESET, {"email": "nobody@example.org"}, follow=True)
    assert mail.outbox == []
    assert known.redirect_chain == unknown.redirect_chain
    assert known.content == unknown.content


def test_password_reset_inactive_account_without_email(client: Client) -> None:
    UserFactory.create(email="anna@example.org", is_active=False)
    client.post(RESET, {"email": "anna@example.org"})
    assert mail.outbox == []


@pytest.mark.parametrize("key", ["zz-zz", "1-abc", "zzzzzzzzzzzzz-x", "zzzzzzzzzzzzzzzzzzzz-x", "1-" + "a" * 3000])
def test_password_reset_invalid_link_shows_page(client: Client, key: str) -> None:
    response = client.get(f"/accounts/password/reset/key/{key}/")
    assert response.status_code == 200
    assert "no longer works" in response.content.decode()
