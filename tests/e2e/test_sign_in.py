"""Signing in and up by a code, a passkey and a provider, each from a wanted vote to the vote."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialApp
from django.core.mail import EmailMessage
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from articles.models import Article
from articles.voting.models import Vote
from core.models import SignupGate, SiteSettings
from tests import factories
from tests.accounts.oidc_provider import CLIENT_ID, SECRET, running_provider
from tests.e2e import IN_BROWSER

pytestmark = IN_BROWSER


def want_to_vote(page: Page, article: Article) -> None:
    page.goto(article.get_absolute_url())
    page.get_by_role("link", name=re.compile("^Like")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in or sign up to vote")


def type_code(page: Page, email: str, messages: list[EmailMessage]) -> None:
    page.get_by_label("Email address").fill(email)
    page.get_by_role("button", name="Continue with email").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your email")
    found = re.search(r"^\d{6}$", str(messages[-1].body), re.MULTILINE)
    assert found
    page.get_by_label("Code from the email").fill(found.group())
    page.get_by_role("button", name="Continue").click()


def vote(page: Page, article: Article) -> None:
    """Vote with one press, and not before it."""
    expect(page).to_have_url(f"{article.get_absolute_url()}?vote=1#vote")
    assert not Vote.objects.exists()
    page.locator(".wanted").click()
    expect(page.locator("#vote-like")).to_have_attribute("aria-pressed", "true")
    assert Vote.objects.get().value == 1
    Vote.objects.all().delete()


def log_out(page: Page) -> None:
    page.locator(".menu summary").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name="Log in")).to_be_visible()


def test_code_and_passkey_sign_up_log_in_and_vote(
    page: Page, mailoutbox: list[EmailMessage], accessible: Callable[[Page], None]
) -> None:
    SiteSettings.objects.create(pk=1, signup_gate=SignupGate.CHALLENGE)
    authenticator = page.context.new_cdp_session(page)
    authenticator.send("WebAuthn.enable")
    options: dict[str, Any] = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    authenticator.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    article = factories.published()
    want_to_vote(page, article)
    accessible(page)
    type_code(page, "anna@example.org", mailoutbox)
    expect(page.get_by_role("heading", level=1)).to_have_text("Create your account")
    accessible(page)
    expect(page.get_by_label("Username")).to_have_value("anna")
    page.get_by_label("I have read").check()
    page.get_by_role("button", name="Create account with a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Add a passkey")
    page.get_by_role("button", name="Add a passkey").click()
    vote(page, article)
    assert not User.objects.get(username="anna").has_usable_password()
    assert Authenticator.objects.filter(type="webauthn").count() == 1

    log_out(page)
    page.goto(article.get_absolute_url())
    page.get_by_role("link", name=re.compile("^Like")).click()
    # The browser offers the passkey in the field for the address; the virtual authenticator chooses it at once.
    vote(page, article)
    log_out(page)
    page.goto("/accounts/login/")
    expect(page).to_have_url("/my/articles/")


def test_provider_sign_up_and_vote(page: Page, live_server: LiveServer, settings: Any) -> None:
    article = factories.published()
    with running_provider(f"{live_server.url}/connect/oidc/library/login/callback/") as provider:
        SocialApp.objects.create(
            provider="openid_connect",
            provider_id="library",
            name="the library",
            client_id=CLIENT_ID,
            secret=SECRET,
            settings={"server_url": provider},
        )
        want_to_vote(page, article)
        page.get_by_role("button", name="Continue with the library").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Create your account")
        page.get_by_label("I have read").check()
        page.get_by_role("button", name="Create account").click()
        vote(page, article)
        log_out(page)
        want_to_vote(page, article)
        page.get_by_role("button", name="Continue with the library").click()
        vote(page, article)
