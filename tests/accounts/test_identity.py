"""Username, links and badge."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import FormerUsername, User
from accounts.services import change_username
from core.exceptions import ActionNotAllowed
from tests.factories import UserFactory, published
from tests.moderation.users import administrator
from tests.test_permissions import filled_in

pytestmark = pytest.mark.django_db
USERNAME, PROFILE = "/accounts/username/", "/accounts/profile/"


@pytest.fixture
def anna(client: Client) -> User:
    user = UserFactory.create(username="anna")
    client.force_login(user)
    return user


def test_username_changes_and_old_addresses_redirect_for_good(client: Client, anna: User) -> None:
    published(anna)
    assert client.post(USERNAME, {"username": "Anahit"}).headers["Location"] == "/accounts/"
    anna.refresh_from_db()
    assert anna.username == "Anahit"
    for old, new in (("/authors/anna/", "/authors/Anahit/"), ("/ru/authors/ANNA/", "/ru/authors/Anahit/")):
        response = Client().get(old)
        assert (response.status_code, response.headers["Location"]) == (301, new)
    assert Client().get("/authors/anna/rss.xml").status_code == 301
    User.objects.update(username_changed_at=timezone.now() - timedelta(days=15))
    client.post(USERNAME, {"username": "ani"})
    assert Client().get("/authors/anna/").headers["Location"] == "/authors/ani/"
    assert Client().get("/authors/anahit/").headers["Location"] == "/authors/ani/"


def test_username_of_the_past_is_for_its_user_only(client: Client, anna: User) -> None:
    change_username(user=anna, username="anahit")
    User.objects.update(username_changed_at=timezone.now() - timedelta(days=15))
    other = Client()
    other.force_login(UserFactory.create(username="boris"))
    assert "is reserved" in other.post(USERNAME, {"username": "Anna"}).text
    assert client.post(USERNAME, {"username": "Anna"}).status_code == 302
    assert list(FormerUsername.objects.values_list("username", flat=True)) == ["anahit"]


@pytest.mark.parametrize("username", ["", "a", "аnna", "admin", "BORIS", "x" * 31, "an na", "an\x00na"])
def test_username_refused(client: Client, anna: User, username: str) -> None:
    UserFactory.create(username="boris")
    assert client.post(USERNAME, {"username": username}).context["form"].errors["username"]
    anna.refresh_from_db()
    assert anna.username == "anna"


def test_username_changes_once_in_fourteen_days(client: Client, anna: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client.post(USERNAME, {"username": "anahit"})
        assert "You can change it again on" in client.post(USERNAME, {"username": "ani"}).text
        assert client.post(USERNAME, {"username": "anahit"}).status_code == 302, "Nothing changes."
        clock.shift(timedelta(days=14, seconds=1))
        assert client.post(USERNAME, {"username": "ani"}).status_code == 302


def test_username_taken_meanwhile_is_a_field_error(anna: User) -> None:
    UserFactory.create(username="boris")
    with pytest.raises(ActionNotAllowed) as refused:
        change_username(user=anna, username="Boris")
    assert refused.value.field == "username"
    assert not FormerUsername.objects.exists()


def test_suspended_user_keeps_the_username(anna: User) -> None:
    User.objects.update(suspended_until=timezone.now() + timedelta(days=1))
    with pytest.raises(ActionNotAllowed):
        change_username(user=anna, username="anahit")


def save_links(client: Client, links: str) -> Any:
    return client.post(PROFILE, {"display_name": "Anna", "biography": "", "preferred_language": "en", "links": links})


def test_links_are_shown_without_trust(client: Client, anna: User) -> None:
    published(anna)
    save_links(client, 'https://www.example.org/~anna/\nhttp://social.example/@anna\nhttps://x.example/"onclick="y')
    page = Client().get("/authors/anna/").text
    assert '<a href="https://www.example.org/~anna/" rel="me noopener nofollow ugc">example.org/~anna</a>' in page
    assert '<a href="http://social.example/@anna" rel="me noopener nofollow ugc">social.example/@anna</a>' in page
    assert '"onclick="' not in page
    User.objects.update(badge="town council")
    assert 'rel="me noopener">' in Client().get("/authors/anna/").text
    User.objects.update(suspended_until=timezone.now() + timedelta(days=1))
    assert "social.example" not in Client().get("/authors/anna/").text


@pytest.mark.parametrize(
    "links",
    [
        *("javascript:alert(1)", "ftp://example.org/", "example", "//example.org", "https://bank@evil.example/"),
        *("https://example.org/" + "x" * 200, "\n".join(f"https://example.org/{n}" for n in range(6))),
        "https://exa\x00mple.org/",
    ],
)
def test_links_refused(client: Client, anna: User, links: str) -> None:
    response = save_links(client, links)
    assert response.status_code == 200
    assert response.context["form"].errors["links"]


def test_badge_is_given_by_staff_and_shown_without_a_query(client: Client, anna: User) -> None:
    article = published(anna)
    reader, staff = Client(), Client()
    client.post(PROFILE, {"display_name": "Anna", "preferred_language": "en", "badge": "mayor"})
    anna.refresh_from_db()
    assert anna.badge == ""
    url = article.get_absolute_url()
    reader.get(url)
    with CaptureQueriesContext(connection) as before:
        assert "town council" not in reader.get(url).text
    staff.force_login(administrator())
    form = f"/admin/accounts/user/{anna.pk}/change/"
    assert staff.post(form, {**filled_in(staff, form), "badge": "town council"}).status_code == 302
    with CaptureQueriesContext(connection) as after:
        assert "@anna · town council" in reader.get(url).text
    assert len(after) <= len(before)
    assert "@anna · town council" in reader.get("/authors/anna/").text
