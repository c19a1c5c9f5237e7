"""Users in the admin."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.test import Client
from django.utils import translation

from accounts.models import User
from tests.accounts.conftest import PASSWORD
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/accounts/user/"
RIGHTS = {"is_staff": "on", "is_superuser": "on", "is_active": "on"}


def page(user: User) -> str:
    return f"{LIST}{user.pk}/change/"


@pytest.fixture
def moderator(client: Client) -> User:
    user = UserFactory.create(username="mod", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user", "add_user"]))
    client.force_login(user)
    return user


@pytest.fixture
def superuser(client: Client) -> User:
    user = UserFactory.create(username="root1", is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


def test_admin_redirects_to_site_login(client: Client) -> None:
    UserFactory.create(username="root1", is_staff=True, is_superuser=True)
    response = client.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0] == "/accounts/login/?next=%2Fadmin%2F"
    answer = client.post("/admin/login/", {"username": "root1", "password": PASSWORD})
    assert answer.headers["Location"].startswith("/accounts/login/")
    assert client.get("/admin/").status_code == 302
    answer = client.post("/accounts/login/", {"login": "root1", "password": PASSWORD, "next": "/admin/"})
    assert answer.headers["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_admin_forbidden_for_non_staff(client: Client) -> None:
    client.force_login(UserFactory.create())
    assert client.get("/admin/", follow=True).status_code == 403
    assert client.get(LIST, follow=True).status_code == 403


@pytest.mark.parametrize("asked", ["anna", "ANNA@example", "Grigoryan"])
def test_user_search_by_name_and_email(client: Client, superuser: User, asked: str) -> None:
    UserFactory.create(username="anna", email="anna@example.org", display_name="Anna Grigoryan")
    UserFactory.create(username="boris")
    html = client.get(LIST, {"q": asked}).content.decode()
    assert "anna@example.org" in html
    assert "boris@example.org" not in html


def test_user_list_query_count(client: Client, superuser: User, django_assert_max_num_queries: object) -> None:
    UserFactory.create_batch(30)
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        assert client.get(LIST).status_code == 200


def test_staff_changes_only_the_profile(client: Client, moderator: User) -> None:
    user = UserFactory.create(username="anna", email="anna@example.org", biography="rude")
    html = client.get(page(user)).content.decode()
    assert "is_superuser" not in html
    assert "password" not in html.partition('id="content"')[2]
    typed = {"display_name": "Anna", "biography": "", "preferred_language": "en", "username": "x", "email": "x@y.org"}
    assert client.post(page(user), {**typed, **RIGHTS, "suspended_until_0": "2030-01-01"}).status_code == 302
    user.refresh_from_db()
    assert user.biography == ""
    assert (user.username, user.email) == ("anna", "anna@example.org")
    assert (user.is_staff, user.is_superuser, user.suspended_until) == (False, False, None)


def test_staff_cannot_gain_permissions(client: Client, moderator: User) -> None:
    typed = {"display_name": "Me", "biography": "", "preferred_language": "en"}
    client.post(page(moderator), {**typed, **RIGHTS, "groups": "1", "user_permissions": "1"})
    moderator.refresh_from_db()
    assert moderator.display_name == "Me"
    assert not moderator.is_superuser
    assert moderator.user_permissions.count() == 3


def test_staff_cannot_change_other_staff(client: Client, moderator: User) -> None:
    for colleague in (
        UserFactory.create(username="colleague", is_staff=True),
        UserFactory.create(username="chief", is_staff=True, is_superuser=True),
    ):
        assert client.get(page(colleague)).status_code == 200  # viewing is allowed
        assert client.post(page(colleague), {"display_name": "x", "preferred_language": "en"}).status_code == 403


def test_staff_cannot_set_passwords_or_add_users(client: Client, moderator: User) -> None:
    user = UserFactory.create()
    answer = client.post(f"{LIST}{user.pk}/password/", {"password1": "x" * 12, "password2": "x" * 12})
    assert answer.status_code == 403
    assert client.get(f"{LIST}add/").status_code == 403
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_user_delete_is_forbidden(client: Client, superuser: User) -> None:
    user = UserFactory.create()
    assert client.post(f"{LIST}{user.pk}/delete/", {"post": "yes"}).status_code == 403


def test_superuser_changes_permissions_and_passwords(client: Client, superuser: User) -> None:
    user = UserFactory.create(username="anna", email="anna@example.org")
    assert 'name="is_superuser"' in client.get(page(user)).content.decode()
    typed = {
        "username": "anna",
        "display_name": "Anna",
        "preferred_language": "en",
        "is_active": "on",
        "is_staff": "on",
    }
    assert client.post(page(user), {**typed, "suspended_until_0": "2030-01-01"}).status_code == 302
    user.refresh_from_db()
    assert user.is_staff
    assert user.suspended_until is None
    assert user.email == "anna@example.org"
    data = {"usable_password": "true", "password1": "another good phrase", "password2": "another good phrase"}
    client.post(f"{LIST}{user.pk}/password/", data)
    user.refresh_from_db()
    assert user.check_password("another good phrase")


def test_user_added_in_admin_has_normalized_email(client: Client, superuser: User) -> None:
    data = {
        "username": "anna",
        "email": "Anna@Example.ORG",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    assert client.post(f"{LIST}add/", data).status_code == 302
    assert User.objects.get(username="anna").email == "anna@example.org"
    again = client.post(f"{LIST}add/", {**data, "username": "ANNA", "email": "b@example.org"})
    assert again.status_code == 200
    again = client.post(f"{LIST}add/", {**data, "username": "anna2"})
    assert again.status_code == 200
    assert "A user with this email address already exists." in again.content.decode()


def test_createsuperuser_address_counts_as_confirmed(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first administrator logs in before the site can send emails."""
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", "--no-input", username="first", email="First@example.org", verbosity=0)
    address = EmailAddress.objects.get(user__username="first")
    assert (address.email, address.verified, address.primary) == ("first@example.org", True, True)
    answer = client.post("/accounts/login/", {"login": "first@example.org", "password": PASSWORD, "next": "/admin/"})
    assert answer.headers["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize("language", ["ru", "hy"])
def test_admin_index_names_are_in_the_language_of_the_page(language: str, client: Client, superuser: User) -> None:
    client.force_login(superuser)
    apps = client.get(f"/{language}/admin/").context["app_list"]
    with translation.override(language):
        names = [str(one["name"]) for app in apps for one in (app, *app["models"])]
    assert len(names) > 30
    assert [name for name in names if re.match("[A-Za-z]", name)] == []
