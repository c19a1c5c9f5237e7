"""Passkeys, as far as no browser is needed; tests/e2e/test_sign_in.py has the rest."""

from __future__ import annotations

import json

import pytest
from allauth.mfa.models import Authenticator
from django.conf import LazySettings
from django.test import Client

from tests.accounts.conftest import PASSWORD, reauthenticate
from tests.accounts.test_login_code import CONFIRM, REQUEST, code
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
LOGIN, ADD, LIST = "/accounts/2fa/webauthn/login/", "/accounts/2fa/webauthn/add/", "/accounts/2fa/webauthn/"
HANDLE = {"clientDataJSON": "e30", "authenticatorData": "", "signature": "", "userHandle": "MQ"}
CREDENTIALS = [
    *("", "x", "null", "[]", "1", '"x"', "{}", '{"id": 1}', '{"response": 1}', '{"response": {"userHandle": 7}}'),
    *('{"id": "!", "rawId": "!", "type": "public-key", "response": {}}', '{"id": "\\u0000"}', "[" * 500, "9" * 30_000),
    json.dumps({"id": "AA", "rawId": "AA", "type": "public-key", "response": HANDLE, "clientExtensionResults": {}}),
    json.dumps({"id": "AA", "rawId": "AA", "type": "x", "response": {**HANDLE, "attestationObject": "oA"}}),
]


def test_challenge_is_bound_to_the_host_of_the_site_and_to_a_short_session(
    client: Client, settings: LazySettings
) -> None:
    settings.ORIGIN = "https://news.example.org:8000"
    response = client.get(LOGIN, headers={"accept": "application/json"})
    options = response.json()["request_options"]["publicKey"]
    assert options["rpId"] == "news.example.org"
    assert options["userVerification"] == "required"
    assert len(options["challenge"]) > 20
    assert client.session.get_expiry_age() == 3600


def test_login_has_the_usual_time_after_a_short_session(client: Client) -> None:
    client.get(LOGIN)
    UserFactory.create(username="anna")
    client.post("/accounts/login/", {"login": "anna", "password": PASSWORD})
    assert client.session.get_expiry_age() > 24 * 3600


@pytest.mark.parametrize("credential", CREDENTIALS)
def test_what_no_browser_sends_is_refused(client: Client, credential: str) -> None:
    client.get(LOGIN)
    response = client.post(LOGIN, {"credential": credential})
    assert response.headers["Location"] == "/accounts/login/"
    UserFactory.create(username="anna")
    client.post("/accounts/login/", {"login": "anna", "password": PASSWORD})
    reauthenticate(client)
    client.get(ADD)
    response = client.post(ADD, {"credential": credential, "name": "x", "passwordless": "on"})
    assert response.context["form"].errors
    assert "invalid-feedback" in response.text
    assert not Authenticator.objects.exists()


def test_adding_needs_the_password(client: Client) -> None:
    client.force_login(UserFactory.create())
    assert client.get(ADD).headers["Location"] == f"/accounts/reauthenticate/?next={ADD}"


def test_list_shows_own_passkeys_only(client: Client) -> None:
    user = UserFactory.create()
    for owner, name in ((user, "Phone"), (UserFactory.create(), "Stranger")):
        Authenticator.objects.create(user=owner, type="webauthn", data={"name": name, "credential": {}})
    client.force_login(user)
    page = client.get(LIST).text
    assert "Phone" in page
    assert "Stranger" not in page
    other = Authenticator.objects.get(data__name="Stranger")
    for action in ("edit", "remove"):
        assert client.post(f"{LIST}keys/{other.pk}/{action}/").status_code in {302, 404}
    assert Authenticator.objects.filter(pk=other.pk).exists()


def test_passkey_alone_is_no_second_factor(client: Client) -> None:
    """Its user can log in with a code where the passkey is not."""
    user = UserFactory.create(email="anna@example.org")
    Authenticator.objects.create(user=user, type="webauthn", data={"name": "Phone", "credential": {}})
    client.post(REQUEST, {"email": "anna@example.org"})
    assert client.post(CONFIRM, {"code": code()}).headers["Location"] == "/my/articles/"


def test_after_adding_the_user_goes_on(client: Client) -> None:
    user = UserFactory.create()
    user.set_unusable_password()
    user.save()
    client.force_login(user)
    page = client.get(ADD, {"next": "/about/"}).text
    assert '<a href="/about/">Not now</a>' in page
    assert 'href="javascript' not in client.get(ADD, {"next": "javascript:alert(1)"}).text
