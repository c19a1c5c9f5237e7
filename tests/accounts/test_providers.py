"""Accounts of providers: OpenID Connect with a real one in another process, and the rows that switch them on."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialApp
from django.conf import LazySettings
from django.core import mail
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from accounts.providers import HOSTS
from tests import factories
from tests.accounts.conftest import PASSWORD, SIGNUP_DATA
from tests.accounts.oidc_provider import CLIENT_ID, SECRET, be, running_provider
from tests.factories import UserFactory
from tests.moderation.users import administrator, moderator
from tests.test_permissions import filled_in

pytestmark = pytest.mark.django_db
LOGIN, SIGNUP = "/connect/oidc/library/login/", "/accounts/3rdparty/signup/"


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    with running_provider("http://testserver/connect/oidc/library/login/callback/") as address:
        yield address


@pytest.fixture
def library(provider: str) -> SocialApp:
    be(provider, "anna")
    return SocialApp.objects.create(
        provider="openid_connect",
        provider_id="library",
        name="the library",
        client_id=CLIENT_ID,
        secret=SECRET,
        settings={"server_url": provider},
    )


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


def follow(url: str) -> str:
    """Request a URL of the provider, and return where it leads."""
    with pytest.raises(urllib.error.HTTPError) as redirect:
        urllib.request.build_opener(NoRedirect).open(url)
    return str(redirect.value.headers["Location"])


def come(client: Client, **form: str) -> HttpResponse:
    """Press the provider's button, and come back from it."""
    there = client.post(LOGIN, {"process": "login", **form}).headers["Location"]
    back = urlsplit(follow(there))
    return client.get(f"{back.path}?{back.query}")  # type: ignore[return-value]


def test_new_user_signs_up_and_continues(client: Client, library: SocialApp) -> None:
    assert come(client, next="/about/").headers["Location"] == SIGNUP
    assert not User.objects.exists()
    page = client.get(SIGNUP)
    assert 'value="anna"' in page.text
    data = {"username": "Anna", "email": "else@example.org"}
    assert client.post(SIGNUP, data).context["form"].errors["rules"]
    assert client.post(SIGNUP, {**data, "rules": "on"}).headers["Location"] == "/about/"
    user = User.objects.get()
    assert (user.username, user.email) == ("Anna", "anna@example.org")
    assert EmailAddress.objects.get().verified
    assert mail.outbox == []
    client.logout()
    assert come(client, next="/rules/").headers["Location"] == "/rules/"
    assert client.get("/accounts/").status_code == 200


def test_address_that_the_provider_has_not_confirmed_is_confirmed_here(
    client: Client, provider: str, library: SocialApp
) -> None:
    be(provider, "vera")
    come(client)
    response = client.post(SIGNUP, {"username": "vera", "email": "vera@example.org", "rules": "on"})
    assert response.headers["Location"] == "/accounts/confirm-email/"
    assert mail.outbox[-1].to == ["vera@example.org"]
    assert client.get("/accounts/").status_code == 302


def test_accounts_are_joined_by_an_address_that_both_sides_have_confirmed(client: Client, library: SocialApp) -> None:
    anna = UserFactory.create(email="anna@example.org")
    assert come(client, next="/about/").headers["Location"] == "/about/"
    assert SocialAccount.objects.get().user == anna
    assert "connected" in mail.outbox[-1].subject
    anna.refresh_from_db()
    assert anna.check_password(PASSWORD)


@pytest.mark.parametrize("case", ["not confirmed here", "not confirmed there", "staff"])
def test_accounts_are_not_joined(client: Client, provider: str, library: SocialApp, case: str) -> None:
    name = "vera" if case == "not confirmed there" else "anna"
    be(provider, name)
    user = UserFactory.create(
        username="owner",
        email=f"{name}@example.org",
        confirmation=case != "not confirmed here",
        is_staff=case == "staff",
    )
    assert come(client).headers["Location"] == SIGNUP
    page = client.post(SIGNUP, {"username": name, "email": user.email, "rules": "on"})
    assert page.headers["Location"] == "/accounts/confirm-email/", "The same page as for a new address."
    assert "already" in mail.outbox[-1].subject
    assert User.objects.get() == user
    assert not SocialAccount.objects.exists()
    assert client.get("/accounts/").status_code == 302


def test_second_factor_is_asked_for(client: Client, library: SocialApp) -> None:
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    TOTP.activate(UserFactory.create(email="anna@example.org"), generate_totp_secret())
    assert come(client).headers["Location"] == "/accounts/2fa/authenticate/"


def test_signed_in_user_connects_and_disconnects(client: Client, library: SocialApp) -> None:
    user = UserFactory.create(username="lusine")
    client.post("/accounts/login/", {"login": "lusine", "password": PASSWORD})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert come(client, process="connect").headers["Location"] == "/accounts/3rdparty/"
    connected = SocialAccount.objects.get()
    assert connected.user == user
    assert "anna" in client.get("/accounts/3rdparty/").text
    client.post("/accounts/3rdparty/", {"account": connected.pk})
    assert not SocialAccount.objects.exists()


def test_only_way_in_cannot_be_disconnected(client: Client, library: SocialApp) -> None:
    come(client)
    client.post(SIGNUP, {"username": "Anna", "rules": "on"})
    page = client.post("/accounts/3rdparty/", {"account": SocialAccount.objects.get().pk})
    assert "Set a password first." in page.text
    assert SocialAccount.objects.exists()


def test_login_continues_in_its_language(client: Client, library: SocialApp) -> None:
    assert come(client, language="ru").headers["Location"] == f"/ru{SIGNUP}"
    assert come(client, language="xx").headers["Location"] == f"/ru{SIGNUP}"


def test_cancelled_and_forged_answers_do_not_log_in(client: Client, library: SocialApp) -> None:
    there = client.post(LOGIN, {"process": "login"}).headers["Location"]
    state = there.partition("state=")[2].partition("&")[0]
    cancelled = client.get(f"{LOGIN}callback/", {"error": "access_denied", "state": state}, follow=True)
    assert "You have cancelled it" in cancelled.text
    for query in ({}, {"code": "x", "state": "y"}, {"code": "x"}):
        forged = client.get(f"{LOGIN}callback/", query)
        assert forged.status_code == 401
        assert "did not confirm who you are" in forged.text
    there = client.post(LOGIN, {"process": "login"}).headers["Location"]
    state = there.partition("state=")[2].partition("&")[0]
    assert client.get(f"{LOGIN}callback/", {"code": "x", "state": state}).status_code == 401
    assert client.get("/accounts/").status_code == 302


def test_answer_for_one_browser_is_not_for_another(client: Client, other_client: Client, library: SocialApp) -> None:
    back = urlsplit(follow(client.post(LOGIN, {"process": "login"}).headers["Location"]))
    assert other_client.get(f"{back.path}?{back.query}").status_code == 401


def test_provider_that_is_away_is_an_error_page(client: Client, library: SocialApp) -> None:
    library.settings = {"server_url": "http://127.0.0.1:9"}
    library.save()
    response = client.post(LOGIN, {"process": "login", "language": "ru"})
    assert response.status_code == 502
    assert response.headers["Content-Language"] == "ru"


def test_login_starts_with_a_post(client: Client, library: SocialApp) -> None:
    page = client.get(LOGIN)
    assert page.status_code == 200
    assert "/accounts/login/" in page.text


# --- The rows ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*HOSTS, "oidc/library"])
def test_urls_of_a_provider_that_is_switched_off_are_404(client: Client, name: str) -> None:
    for path in ("login/", "login/callback/", "login/token/"):
        for response in (client.get(f"/connect/{name}/{path}"), client.post(f"/connect/{name}/{path}")):
            assert response.status_code == 404


@pytest.mark.parametrize("name", HOSTS)
def test_form_action_allows_the_active_providers_only(client: Client, name: str) -> None:
    def allowed(path: str = "/accounts/login/") -> list[str]:
        policy = dict(part.strip().split(" ", 1) for part in client.get(path)["Content-Security-Policy"].split(";"))
        return policy["form-action"].split()

    assert allowed() == ["'self'"]
    app = SocialApp.objects.create(provider=name, name=name.title(), client_id="x", secret="y")
    for path in ("/accounts/login/", "/accounts/signup/"):
        assert allowed(path) == ["'self'", *(f"https://{host}" for host in HOSTS[name])]
    assert allowed("/about/") == ["'self'"]
    if name != "apple":  # It signs its requests with a key.
        there = client.post(f"/connect/{name}/login/", {"process": "login"}).headers["Location"]
        assert urlsplit(there).netloc in HOSTS[name]
    app.delete()
    assert allowed() == ["'self'"]


def test_form_action_allows_the_host_of_openid_connect(client: Client, library: SocialApp, provider: str) -> None:
    assert f"form-action 'self' {provider}" in client.get("/accounts/login/")["Content-Security-Policy"]
    library.settings["openid_configuration_overrides"] = {"authorization_endpoint": "https://login.example.org/x?y"}
    library.save()
    policy = client.get("/accounts/login/")["Content-Security-Policy"]
    assert "form-action 'self' https://login.example.org;" in f"{policy};"


def test_button_names_the_provider_in_text(client: Client, library: SocialApp) -> None:
    page = client.get("/accounts/login/?next=/about/").text
    assert "Continue with the library" in page
    assert 'action="/connect/oidc/library/login/"' in page
    library.settings["hidden"] = True
    library.save()
    assert "the library" not in client.get("/accounts/login/").text


def test_superuser_switches_a_provider_on(client: Client) -> None:
    url = "/admin/socialaccount/socialapp/add/"
    client.force_login(moderator())
    assert client.get(url).status_code == 403
    client.force_login(administrator())
    data = {**filled_in(client, url), "name": "Library", "client_id": "x", "settings": "{}"}
    oidc = {**data, "provider": "openid_connect", "provider_id": "library", "server_url": "https://id.example.org"}
    assert client.post(url, {**oidc, "provider_id": ""}).context["adminform"].errors
    assert client.post(url, {**oidc, "server_url": "no address"}).context["adminform"].errors
    assert client.post(url, {**oidc, "settings": "[]"}).context["adminform"].errors
    assert client.post(url, oidc).status_code == 302
    app = SocialApp.objects.get()
    assert app.settings == {"server_url": "https://id.example.org"}
    assert client.post(url, oidc).context["adminform"].errors, "Two with one ID would both fail."
    assert client.post(url, {**data, "provider": "github"}).status_code == 302
    assert client.post(url, {**data, "provider": "github"}).context["adminform"].errors
    page = client.get(f"/admin/socialaccount/socialapp/{app.pk}/change/").text
    assert "http://testserver/connect/oidc/library/login/callback/" in page


def test_openid_connect_needs_https_on_an_https_site(client: Client, settings: LazySettings) -> None:
    client.force_login(administrator())
    settings.HTTPS = True
    url = "/admin/socialaccount/socialapp/add/"
    data = {"name": "x", "client_id": "x", "provider": "openid_connect", "provider_id": "x", "settings": "{}"}
    page = client.post(url, {**data, "server_url": "http://id.example.org"})
    assert "begins with https://" in page.text


def test_profile_of_the_provider_is_not_shown_to_staff(client: Client) -> None:
    user = factories.UserFactory.create()
    SocialAccount.objects.create(user=user, provider="google", uid="1", extra_data={"picture": "private"})
    client.force_login(administrator())
    page = client.get(f"/admin/socialaccount/socialaccount/{SocialAccount.objects.get().pk}/change/")
    assert page.status_code == 200
    assert "private" not in page.text


def test_password_signup_of_the_address_meanwhile_is_not_taken_over(client: Client, library: SocialApp) -> None:
    Client().post("/accounts/signup/", {**SIGNUP_DATA, "username": "stranger"})
    assert come(client).headers["Location"] == SIGNUP
    client.post(SIGNUP, {"username": "anna", "rules": "on"})
    assert not SocialAccount.objects.exists()
