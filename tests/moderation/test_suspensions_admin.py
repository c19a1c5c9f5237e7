"""The admin of suspensions."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from articles.moderation.models import Suspension
from articles.moderation.services import suspend
from tests import factories
from tests.moderation.users import administrator, moderator

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin_client(client: Client) -> Client:
    client.force_login(moderator())
    return client


def test_suspension_admin_suspends_and_lifts(admin_client: Client) -> None:
    user = factories.UserFactory.create(username="Loud")
    assert 'value="loud"' in admin_client.get("/admin/moderation/suspension/add/?user=loud").text

    fields = {"username": "loud", "until": "2031-05-01T12:00", "reason": "Threats."}
    response = admin_client.post("/admin/moderation/suspension/add/", fields, follow=True)
    assert "Loud is suspended." in response.text
    user.refresh_from_db()
    assert user.is_suspended

    suspension = Suspension.objects.get()
    page = admin_client.get(f"/admin/moderation/suspension/{suspension.pk}/change/").text
    assert f'action="/admin/moderation/suspension/{suspension.pk}/lift/"' in page
    assert admin_client.get(f"/admin/moderation/suspension/{suspension.pk}/lift/").status_code == 405
    admin_client.post(f"/admin/moderation/suspension/{suspension.pk}/lift/")
    user.refresh_from_db()
    assert not user.is_suspended
    assert admin_client.post("/admin/moderation/suspension/999/lift/").status_code == 404


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"username": "nobody"}, "No user has this username."),
        ({"until": "2001-01-01T00:00"}, "Choose a time within the next ten years."),
        ({"until": "9999-12-31T23:59"}, "Choose a time within the next ten years."),
        ({"until": "soon"}, "Enter a valid date/time."),
        ({"reason": ""}, "This field is required."),
        ({"username": "boss"}, "Only an administrator can suspend an administrator."),
        ({"username": "a\x00b"}, "Null characters are not allowed."),
    ],
)
def test_suspension_form_shows_refusal(fields: dict[str, str], sentence: str, admin_client: Client) -> None:
    administrator(username="boss")
    factories.UserFactory.create(username="loud")
    complete = {"username": "loud", "until": "2031-05-01T12:00", "reason": "Threats, typed with care.", **fields}
    response = admin_client.post("/admin/moderation/suspension/add/", complete)
    assert sentence in response.text
    assert ("typed with care" in response.text) == bool(complete["reason"])
    assert not Suspension.objects.exists()


def test_suspension_cannot_be_edited_or_deleted(client: Client) -> None:
    client.force_login(administrator())
    end = timezone.now() + timedelta(days=1)
    suspension = suspend(user=factories.UserFactory.create(), moderator=moderator(), until=end, reason="Threats.")
    assert client.post(f"/admin/moderation/suspension/{suspension.pk}/change/", {"reason": "x"}).status_code == 403
    assert client.post(f"/admin/moderation/suspension/{suspension.pk}/delete/", {"post": "yes"}).status_code == 403
