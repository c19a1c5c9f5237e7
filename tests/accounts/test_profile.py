"""The profile form."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.selectors import avatar_url
from tests.accounts.conftest import image
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
PAGE = "/accounts/profile/"
TYPED = {"display_name": "Anna  Grigoryan", "biography": "I count lamps.\r\nAll of them.", "preferred_language": "en"}


@pytest.fixture
def anna(client: Client) -> User:
    user = UserFactory.create(username="anna", email="anna@example.org")
    client.force_login(user)
    return user


def test_profile_is_saved_normalized(client: Client, anna: User) -> None:
    assert client.post(PAGE, TYPED).headers["Location"] == PAGE
    anna.refresh_from_db()
    assert anna.display_name == "Anna Grigoryan"
    assert anna.biography == "I count lamps.\nAll of them."


def test_profile_name_is_as_long_as_it_looks(client: Client, anna: User) -> None:
    name = "👨‍👩‍👧‍👦" * 10 + "q\u0323" * 50
    client.post(PAGE, {**TYPED, "display_name": name})
    anna.refresh_from_db()
    assert anna.display_name == name


def test_profile_language_applies_at_once(client: Client, anna: User) -> None:
    assert client.post(PAGE, {**TYPED, "preferred_language": "hy"}).headers["Location"] == "/hy/accounts/profile/"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"display_name": "x" * 61}, "display_name"),
        ({"display_name": "👨‍👩‍👧‍👦" * 10 + "x" * 51}, "display_name"),
        ({"display_name": "q\u0323" * 121}, "display_name"),
        ({"display_name": "\u3164\u200d"}, "display_name"),
        ({"display_name": "An\u200bna"}, "display_name"),
        ({"biography": "x" * 1001}, "biography"),
        ({"biography": "x\x00"}, "biography"),
        ({"preferred_language": "xx"}, "preferred_language"),
    ],
)
def test_profile_field_error_preserves_input(client: Client, anna: User, changes: dict[str, str], field: str) -> None:
    response = client.post(PAGE, {**TYPED, **changes})
    assert list(response.context["form"].errors) == [field]
    assert ("I count lamps." in response.content.decode()) or field == "biography"
    anna.refresh_from_db()
    assert anna.biography == ""


def test_profile_invalid_image_preserves_input(client: Client, anna: User) -> None:
    file = SimpleUploadedFile("me.jpg", b"<svg/>", "image/jpeg")
    response = client.post(PAGE, {**TYPED, "avatar": file})
    assert "cannot show this file as an image" in response.content.decode()
    assert "I count lamps." in response.content.decode()
    anna.refresh_from_db()
    assert anna.avatar_key == ""


def test_profile_avatar_set_and_removed(client: Client, anna: User) -> None:
    client.post(PAGE, {**TYPED, "avatar": image()})
    anna.refresh_from_db()
    assert avatar_url(anna, 88) in client.get(PAGE).content.decode()
    client.post(PAGE, {**TYPED, "without_avatar": "on"})
    anna.refresh_from_db()
    assert anna.avatar_key == ""
    assert avatar_url(anna, 44) == ""


def test_profile_ignores_other_fields(client: Client, anna: User) -> None:
    client.post(PAGE, {**TYPED, "username": "root", "is_staff": "on", "is_superuser": "on", "email": "x@example.org"})
    anna.refresh_from_db()
    assert (anna.username, anna.email, anna.is_staff, anna.is_superuser) == ("anna", "anna@example.org", False, False)


def test_profile_text_is_escaped_once(client: Client, anna: User) -> None:
    client.post(PAGE, {**TYPED, "display_name": "<b>A & B</b>"})
    page = client.get("/accounts/").content.decode()
    assert "&lt;b&gt;A &amp; B&lt;/b&gt;" in page
    assert "<b>A" not in page


def test_profile_avatar_uploads_are_limited(client: Client, anna: User) -> None:
    for _ in range(20):
        client.post(PAGE, {**TYPED, "avatar": SimpleUploadedFile("x", b"x")})
    response = client.post(PAGE, {**TYPED, "avatar": image()})
    assert response.status_code == 429
    assert not default_storage.exists("avatars")


def test_profile_needs_login(client: Client) -> None:
    assert client.get(PAGE).headers["Location"] == f"/accounts/login/?next={PAGE}"
    assert client.post(PAGE, TYPED).status_code == 302


@pytest.mark.parametrize(
    "name",
    [
        "Moderator",
        "Мoderator",
        "M\u200doderator Anna",
        "M oderator Anna",
        "Anna, staff",
        "ADMINISTRATOR",
        "Админиcтратор",
        "Ruzanna Judge",
        "Ruzаnna  Judge",
        "RUZANNA JUDGE!",
        "Spokesperson",
        "Sp0kespers\u00f6n",
        "boris",
    ],
)
def test_profile_name_like_staff_or_other_username_is_refused(client: Client, anna: User, name: str) -> None:
    UserFactory.create(username="judge", display_name="Ruzanna Judge", is_staff=True)
    UserFactory.create(username="boris", display_name="Boris B.")
    response = client.post(PAGE, {**TYPED, "display_name": name})
    assert list(response.context["form"].errors) == ["display_name"]


@pytest.mark.parametrize(
    "name", ["Anna Grigoryan", "Անի", "Администрова", "Nora Adminsky", "Mustaffa", "Badminton", "Anna", "Boris B."]
)
def test_profile_name_unlike_staff_is_saved(client: Client, anna: User, name: str) -> None:
    UserFactory.create(username="boris", display_name="Boris B.")
    assert client.post(PAGE, {**TYPED, "display_name": name}).status_code == 302


def test_profile_of_staff_can_have_a_title(client: Client, anna: User) -> None:
    User.objects.update(is_staff=True)
    assert client.post(PAGE, {**TYPED, "display_name": "Anna, moderator"}).status_code == 302


def test_profile_of_suspended_user_is_not_saved(client: Client, anna: User) -> None:
    User.objects.update(suspended_until=timezone.now() + timedelta(days=1))
    response = client.post(PAGE, TYPED)
    assert "Your account is suspended" in response.content.decode()
    assert "I count lamps." in response.content.decode()
    anna.refresh_from_db()
    assert anna.biography == ""
