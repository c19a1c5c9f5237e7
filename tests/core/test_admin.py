"""Long lists in the admin: on by a cursor, counted up to a bound, searched by an index and among the first rows."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.admin import UserAdmin
from accounts.models import User
from core import admin as changelists
from tests import factories
from tests.moderation.users import administrator

pytestmark = pytest.mark.django_db
PEOPLE = "/admin/accounts/user/"


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(administrator(username="boss"))
    return client


@pytest.fixture
def twelve(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(UserAdmin, "list_per_page", 5)
    return [factories.PersonFactory.create(username=f"reader{n:02}").username for n in range(12)]


def shown(desk: Client, query: str = "") -> list[str]:
    answer = desk.get(PEOPLE + query)
    assert answer.status_code == 200
    return [user.username for user in answer.context["cl"].result_list]


def test_a_list_goes_on_by_its_last_row_and_reaches_everybody_once(desk: Client, twelve: list[str]) -> None:
    found, query = [], ""
    for _ in range(4):
        found += shown(desk, query)
        more = re.search(r'href="(\?[^"]*after=[^"]+)" rel="next"', desk.get(PEOPLE + query).text)
        if not more:
            break
        query = more[1].replace("&amp;", "&")
    assert found == [*reversed(twelve), "boss"]


def test_a_later_part_leads_back_to_the_beginning_and_its_filters_begin_anew(desk: Client, twelve: list[str]) -> None:
    first = desk.get(PEOPLE + "?is_staff__exact=0").text
    more = re.search(r'href="(\?[^"]+)" rel="next"', first)
    assert more
    assert "is_staff__exact=0" in more[1]
    page = desk.get(PEOPLE + more[1].replace("&amp;", "&")).text
    assert '<a href="?is_staff__exact=0">To the beginning</a>' in page
    assert not re.search(r'href="[^"]*after=[^"]*"(?! rel="next")', page)


def test_no_part_skips_rows_or_counts_them_all(
    desk: Client, twelve: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changelists, "MAX_COUNT", 7)
    more = re.search(r'href="(\?[^"]+)" rel="next"', desk.get(PEOPLE).text)
    assert more
    for query in ("", more[1]):
        with CaptureQueriesContext(connection) as sent:
            page = desk.get(PEOPLE + query).text
        assert "more than 7" in page
        statements = [one["sql"] for one in sent if "accounts_user" in one["sql"]]
        assert not any("OFFSET" in sql for sql in statements)
        assert all("LIMIT" in sql for sql in statements if "COUNT(" in sql)


def test_a_short_list_says_how_many_there_are(desk: Client, twelve: list[str]) -> None:
    answer = desk.get(PEOPLE + "?q=reader1")
    assert answer.context["cl"].result_count == 2
    assert "2 results" in answer.text
    assert "more than" not in answer.text


@pytest.mark.parametrize(
    ("words", "expected"),
    [("READER03", ["reader03"]), ("reader03@example.org", ["reader03"]), ("nobody", []), ("Reader", [])],
)
def test_usernames_and_addresses_are_found_in_every_row_and_words_among_the_first(
    desk: Client, twelve: list[str], monkeypatch: pytest.MonkeyPatch, words: str, expected: list[str]
) -> None:
    monkeypatch.setattr(changelists, "MAX_SEARCHED", 0)
    assert shown(desk, f"?q={words}") == expected


def test_words_are_found_among_the_first_rows(desk: Client, twelve: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changelists, "MAX_SEARCHED", 3)
    assert shown(desk, "?q=reader") == ["reader11", "reader10", "reader09"]


def test_a_number_is_found(desk: Client, twelve: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changelists, "MAX_SEARCHED", 0)
    wanted = User.objects.get(username="reader05")
    assert shown(desk, f"?q={wanted.pk}") == ["reader05"]


@pytest.mark.parametrize("query", ["?after=x", "?after=-", "?after=" + "9" * 40, "?after=1-1", "?after=%00"])
def test_a_cursor_that_nobody_gave_out_is_refused_kindly(desk: Client, twelve: list[str], query: str) -> None:
    assert desk.get(PEOPLE + query).status_code in {400, 404}


@pytest.mark.parametrize("query", ["?p=3", "?all=", "?o=1.-2", "?q=" + "9" * 60, "?after="])
def test_what_other_lists_of_the_admin_take_does_no_harm(desk: Client, twelve: list[str], query: str) -> None:
    assert desk.get(PEOPLE + query).status_code in {200, 302}


def test_tags_stand_in_alphabetical_order(desk: Client, monkeypatch: Any) -> None:
    from articles.admin import TagAdmin
    from articles.models import Tag

    monkeypatch.setattr(TagAdmin, "list_per_page", 2)
    Tag.objects.named(["lamps", "bees", "trams-and-buses", "ash"])
    page = desk.get("/admin/articles/tag/")
    assert [tag.slug for tag in page.context["cl"].result_list] == ["ash", "bees"]
    following = desk.get("/admin/articles/tag/" + page.context["cl"].next_url)
    assert [tag.slug for tag in following.context["cl"].result_list] == ["lamps", "trams-and-buses"]


@pytest.mark.parametrize(("query", "is_offered"), [("", False), ("?q=reader0", True), ("?is_staff__exact=0", True)])
def test_all_of_a_list_is_offered_where_not_all_is_shown(
    desk: Client, twelve: list[str], query: str, is_offered: bool
) -> None:
    assert ("Show all" in desk.get(PEOPLE + query).text) == is_offered
