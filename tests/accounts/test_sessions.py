"""Sessions."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tests.accounts.conftest import PASSWORD
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
LIST = "/accounts/sessions/"


@pytest.fixture
def anna() -> User:
    return UserFactory.create(username="anna", email="anna@example.org")


def log_in(client: Client, **headers: Any) -> None:
    assert client.post("/accounts/login/", {"login": "anna", "password": PASSWORD}, **headers).status_code == 302


def is_in(client: Client) -> bool:
    return client.get("/accounts/").status_code == 200


def test_session_key_changes_at_login(client: Client, anna: User) -> None:
    client.get("/accounts/password/reset/key/zz-zz/")
    session = client.session
    session["planted"] = "by another client"
    session.save()
    client.cookies["session"] = session.session_key or ""
    log_in(client)
    assert client.cookies["session"].value != session.session_key
    assert not Session.objects.filter(pk=session.session_key).exists()


def test_session_ends_at_logout(client: Client, anna: User) -> None:
    log_in(client)
    key = client.cookies["session"].value
    client.post("/accounts/logout/")
    client.cookies["session"] = key
    assert not is_in(client)


def test_session_ends_with_deactivation(client: Client, anna: User) -> None:
    log_in(client)
    User.objects.update(is_active=False)
    assert not is_in(client)


def test_session_list_shows_own_and_ends_others(client: Client, other_client: Client, anna: User) -> None:
    boris = UserFactory.create(username="boris")
    stranger = Client()
    stranger.force_login(boris)
    log_in(other_client, HTTP_USER_AGENT="Mozilla/5.0 (Android 15) Gecko/20 Firefox/140.0", REMOTE_ADDR="192.0.2.77")
    log_in(client)
    page = client.get(LIST).content.decode()
    assert "Firefox · Android" in page
    assert "192.0.2.77" in page
    assert page.count("<li><strong>") == 2
    client.post(LIST)
    assert is_in(client)
    assert not is_in(other_client)
    assert stranger.get("/accounts/").status_code == 200
    assert "no other sessions" in client.get(LIST).content.decode()


def test_session_list_query_count(client: Client, anna: User, django_assert_num_queries: Any) -> None:
    log_in(client)
    client.get(LIST)
    with CaptureQueriesContext(connection) as one:
        client.get(LIST)
    queries = len(one)
    for _ in range(8):
        log_in(Client())
    with django_assert_num_queries(queries):
        page = client.get(LIST).content.decode()
    assert page.count("<li><strong>") == 9


def test_session_list_omits_sessions_ended_by_new_password(client: Client, other_client: Client, anna: User) -> None:
    log_in(other_client)
    log_in(client)
    client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": "another good phrase"})
    assert client.get(LIST).content.decode().count("<li><strong>") == 1


def test_session_list_escapes_user_agent(client: Client, anna: User) -> None:
    log_in(client, HTTP_USER_AGENT="<script>alert(1)</script>")
    assert "<script>alert" not in client.get(LIST).content.decode()
