"""Two-factor authentication."""

from __future__ import annotations

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

from tests.accounts.conftest import PASSWORD, reauthenticate
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def code(secret: str, steps: int = 0) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps)))


def log_in(client: Client) -> str:
    return client.post("/accounts/login/", {"login": "anna", "password": PASSWORD}).headers["Location"]


@pytest.fixture
def secret(client: Client) -> str:
    """The secret of a TOTP app that was just set up."""
    UserFactory.create(username="anna")
    log_in(client)
    reauthenticate(client)
    page = client.get("/accounts/2fa/totp/activate/")
    secret: str = page.context["form"].secret
    response = client.post("/accounts/2fa/totp/activate/", {"code": code(secret)})
    assert response.headers["Location"] == "/accounts/2fa/recovery-codes/"
    return secret


def test_login_asks_for_code(client: Client, other_client: Client, secret: str) -> None:
    assert log_in(other_client) == "/accounts/2fa/authenticate/"
    assert other_client.get("/accounts/").status_code == 302
    wrong = other_client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert "code is incorrect" in wrong.content.decode()
    right = other_client.post("/accounts/2fa/authenticate/", {"code": code(secret, 1)})
    assert right.headers["Location"] == "/my/articles/"


def test_code_cannot_be_reused(other_client: Client, secret: str) -> None:
    once = code(secret, 1)
    log_in(other_client)
    other_client.post("/accounts/2fa/authenticate/", {"code": once})
    third = Client()
    log_in(third)
    assert third.post("/accounts/2fa/authenticate/", {"code": once}).status_code == 200


def test_code_attempts_are_limited(other_client: Client, secret: str) -> None:
    log_in(other_client)
    for _ in range(10):
        other_client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    response = other_client.post("/accounts/2fa/authenticate/", {"code": code(secret, 1)})
    assert response.status_code == 200


def test_recovery_code_works_once(client: Client, other_client: Client, secret: str) -> None:
    first = client.get("/accounts/2fa/recovery-codes/").context["unused_codes"][0]
    log_in(other_client)
    assert other_client.post("/accounts/2fa/authenticate/", {"code": first}).headers["Location"] == "/my/articles/"
    third = Client()
    log_in(third)
    assert third.post("/accounts/2fa/authenticate/", {"code": first}).status_code == 200
    download = client.get("/accounts/2fa/recovery-codes/download/")
    assert first not in download.content.decode()
    assert "no-store" in download.headers["Cache-Control"]


def test_deactivation_deletes_recovery_codes(client: Client, secret: str) -> None:
    client.post("/accounts/2fa/totp/deactivate/")
    assert not Authenticator.objects.exists()


def test_deactivation_needs_reauthentication(client: Client, secret: str) -> None:
    session = client.session
    del session["account_authentication_methods"]
    session.save()
    response = client.post("/accounts/2fa/totp/deactivate/")
    assert "reauthenticate" in response.headers["Location"]
    assert Authenticator.objects.exists()


def test_totp_issuer_is_site_name(client: Client, secret: str) -> None:
    client.post("/accounts/2fa/totp/deactivate/")
    page = client.get("/accounts/2fa/totp/activate/")
    assert "issuer=Spokesperson" in page.context["totp_url"]
