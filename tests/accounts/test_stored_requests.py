"""What requests make the site store in sessions: nothing for strangers, and no headers for users."""

from __future__ import annotations

import os
from unittest import mock

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from core.wsgi_environ import WithoutProcessEnvironment
from spokesperson import wsgi
from tests.accounts.conftest import PASSWORD
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
ARGUMENTS = {"key": "a" * 64, "uidb36": "1", "token": "a" * 22, "pk": 1}
# The challenge of a passkey is in a session, which ends within the hour.
CHALLENGE = "/accounts/2fa/webauthn/login/"
BODY = {"code": "123456", "email": "x", "next": "/about/?" + "x" * 100_000, "text": "x" * 100_000}


def account_paths() -> list[str]:
    """Return a path of each URL of accounts."""
    paths: list[str] = []

    def walk(patterns: list[URLPattern | URLResolver], prefix: str, names: list[str]) -> None:
        for pattern in patterns:
            in_route = [*names, *pattern.pattern.regex.groupindex]
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns, prefix + str(pattern.pattern), in_route)
            elif (prefix + str(pattern.pattern)).startswith("accounts/") and pattern.name:
                paths.append(get_resolver().reverse(pattern.name, **{name: ARGUMENTS[name] for name in in_route}))

    walk(get_resolver().url_patterns, "", [])
    return sorted({f"/{path}" for path in paths})


def test_account_paths_are_found() -> None:
    paths = account_paths()
    assert {"/accounts/2fa/totp/activate/", "/accounts/2fa/recovery-codes/generate/", "/accounts/email/"} <= set(paths)
    assert len(paths) > 20


@pytest.mark.parametrize("path", account_paths())
def test_anonymous_request_stores_nothing(path: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies["csrf"] = "x" * 32
    for response in (
        client.get(path, {"next": BODY["next"][:5000]}),
        client.post(path, {**BODY, "csrfmiddlewaretoken": "x" * 32}),
    ):
        assert response.status_code in {200, 302, 401, 404, 405}
        if path == CHALLENGE:
            assert response.cookies["session"]["max-age"] == 3600
            return
        assert "session" not in response.cookies
    assert not Session.objects.exists()


@pytest.mark.parametrize("path", ["/accounts/2fa/totp/activate/", "/accounts/2fa/recovery-codes/generate/"])
def test_anonymous_post_is_redirected_to_login(client: Client, path: str) -> None:
    response = client.post(path, BODY)
    assert response.headers["Location"] == f"/accounts/login/?next={path}"


@pytest.mark.parametrize("path", account_paths())
def test_request_of_user_stores_no_headers_and_no_body(client: Client, path: str) -> None:
    client.force_login(UserFactory.create(username="anna"))
    client.post(path, BODY, HTTP_USER_AGENT="very special agent")
    for session in Session.objects.all():
        stored = str(session.get_decoded())
        assert len(stored) < 1000
        assert "xxx" not in stored
        assert "special agent" not in stored


def test_login_with_long_next_url_stores_nothing_long(client: Client) -> None:
    UserFactory.create(username="anna", confirmation=False)
    client.post("/accounts/login/", {"login": "anna", "password": PASSWORD, "next": BODY["next"]})
    assert len(Session.objects.get().session_data) < 2000


def test_environ_has_no_environment_variables_of_the_process() -> None:
    inner = mock.Mock(return_value=[])
    WithoutProcessEnvironment(inner)({**os.environ, "PATH_INFO": "/", "HTTP_HOST": "testserver"}, mock.Mock())
    assert inner.call_args.args[0] == {"PATH_INFO": "/", "HTTP_HOST": "testserver"}
    assert isinstance(wsgi.application, WithoutProcessEnvironment)
