"""`KeysetModelAdmin`: pagination by cursor, bounded counts and search."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.admin import UserAdmin
from accounts.models import User
from core import admin as core_admin
from tests import factories
from tests.moderation.users import administrator

pytestmark = pytest.mark.django_db
USERS = "/admin/accounts/user/"


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(administrator(username="boss"))
    return client


@pytest.fixture
def usernames(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(UserAdmin, "list_per_page", 5)
    return [factories.UserFactory.create(username=f"reader{n:02}").username for n in range(12)]


def shown(staff: Client, query: str = "") -> list[str]:
    answer = staff.get(USERS + query)
    assert answer.status_code == 200
    return [user.username for user in answer.context["cl"].result_list]


def test_changelist_pages_have_every_row_once(staff: Client, usernames: list[str]) -> None:
    found, query = [], ""
    for _ in range(4):
        found += shown(staff, query)
        more = re.search(r'href="(\?[^"]*after=[^"]+)" rel="next"', staff.get(USERS + query).text)
        if not more:
            break
        query = more[1].replace("&amp;", "&")
    assert found == [*reversed(usernames), "boss"]


def test_changelist_later_page_links_to_first_and_filters_reset_cursor(staff: Client, usernames: list[str]) -> None:
    first = staff.get(USERS + "?is_staff__exact=0").text
    more = re.search(r'href="(\?[^"]+)" rel="next"', first)
    assert more
    assert "is_staff__exact=0" in more[1]
    page = staff.get(USERS + more[1].replace("&amp;", "&")).text
    assert '<a href="?is_staff__exact=0">Back to the start</a>' in page
    assert not re.search(r'href="[^"]*after=[^"]*"(?! rel="next")', page)


def test_changelist_has_no_offset_and_bounded_count(
    staff: Client, usernames: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core_admin, "MAX_COUNT", 7)
    more = re.search(r'href="(\?[^"]+)" rel="next"', staff.get(USERS).text)
    assert more
    for query in ("", more[1]):
        with CaptureQueriesContext(connection) as sent:
            page = staff.get(USERS + query).text
        assert "more than 7" in page
        statements = [one["sql"] for one in sent if "accounts_user" in one["sql"]]
        assert not any("OFFSET" in sql for sql in statements)
        assert all("LIMIT" in sql for sql in statements if "COUNT(" in sql)


def test_changelist_short_list_shows_count(staff: Client, usernames: list[str]) -> None:
    answer = staff.get(USERS + "?q=reader1")
    assert answer.context["cl"].result_count == 2
    assert "2 results" in answer.text
    assert "more than" not in answer.text


@pytest.mark.parametrize(
    ("words", "expected"),
    [("READER03", ["reader03"]), ("reader03@example.org", ["reader03"]), ("nobody", []), ("Reader", [])],
)
def test_changelist_search_login_in_all_rows(
    staff: Client, usernames: list[str], monkeypatch: pytest.MonkeyPatch, words: str, expected: list[str]
) -> None:
    monkeypatch.setattr(core_admin, "MAX_SEARCHED", 0)
    assert shown(staff, f"?q={words}") == expected


def test_changelist_search_words_in_first_rows(
    staff: Client, usernames: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core_admin, "MAX_SEARCHED", 3)
    assert shown(staff, "?q=reader") == ["reader11", "reader10", "reader09"]


def test_changelist_search_primary_key(staff: Client, usernames: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core_admin, "MAX_SEARCHED", 0)
    wanted = User.objects.get(username="reader05")
    assert shown(staff, f"?q={wanted.pk}") == ["reader05"]


@pytest.mark.parametrize("query", ["?after=x", "?after=-", "?after=" + "9" * 40, "?after=1-1", "?after=%00"])
def test_changelist_invalid_cursor(staff: Client, usernames: list[str], query: str) -> None:
    assert staff.get(USERS + query).status_code in {400, 404}


@pytest.mark.parametrize("query", ["?p=3", "?all=", "?o=1.-2", "?q=" + "9" * 60, "?after="])
def test_changelist_ignores_parameters_of_django(staff: Client, usernames: list[str], query: str) -> None:
    assert staff.get(USERS + query).status_code in {200, 302}


def test_changelist_ascending_order(staff: Client, monkeypatch: Any) -> None:
    from articles.admin import TagAdmin
    from articles.models import Tag

    monkeypatch.setattr(TagAdmin, "list_per_page", 2)
    Tag.objects.named(["lamps", "bees", "trams-and-buses", "ash"])
    page = staff.get("/admin/articles/tag/")
    assert [tag.slug for tag in page.context["cl"].result_list] == ["ash", "bees"]
    following = staff.get("/admin/articles/tag/" + page.context["cl"].next_url)
    assert [tag.slug for tag in following.context["cl"].result_list] == ["lamps", "trams-and-buses"]


@pytest.mark.parametrize(("query", "is_offered"), [("", False), ("?q=reader0", True), ("?is_staff__exact=0", True)])
def test_changelist_show_all_only_when_filtered(
    staff: Client, usernames: list[str], query: str, is_offered: bool
) -> None:
    assert ("Show all" in staff.get(USERS + query).text) == is_offered
