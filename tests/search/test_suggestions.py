"""The suggestions below the field of the search."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlencode

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from articles.models import Article
from tests import factories
from tests.search.pages import HOSTILE, MAX_QUERIES
from tests.search.test_search import article

pytestmark = pytest.mark.django_db


def suggested(client: Client, typed: str) -> list[str]:
    page = client.get("/search/suggestions/?" + urlencode({"q": typed})).text
    return [unescape(re.sub("<.*?>", "", one)).strip() for one in re.findall(r"<li>(.*?)</li>", page)]


def test_suggestions_complete_sections_authors_tags_and_titles(client: Client) -> None:
    author = factories.UserFactory.create(username="tester", display_name="Tessa Vardanyan")
    factories.UserFactory.create(username="tesla", display_name="Tesla Unread")
    section = factories.SectionFactory.create(name="Tests")
    article("The long test of a telescope", author=author, section=section, tag_names=["tesseract"])
    assert suggested(client, "tes") == [
        "Tests Section",
        "Tessa Vardanyan Author",
        "tesseract Tag",
        "The long test of a telescope Article",
    ]
    assert suggested(client, "long te") == ["The long test of a telescope Article"]
    assert suggested(client, "vard") == []


def test_suggestions_are_at_most_eight_and_need_two_characters(client: Client) -> None:
    for n in range(10):
        article(f"Telescope {n}")
    assert len(suggested(client, "tele")) == 8
    assert suggested(client, "t") == suggested(client, "") == suggested(client, "!") == []


@pytest.mark.parametrize("typed", HOSTILE)
def test_suggestions_of_any_input_answer_200(client: Client, typed: str) -> None:
    article('<b>"Telescope"</b>')
    assert client.get("/search/suggestions/?" + urlencode({"q": typed})).status_code == 200


def test_suggestions_are_escaped(client: Client) -> None:
    article('<b>"Telescope"</b>', tag_names=["<i>telescopes"])
    page = client.get("/search/suggestions/?q=tele").text
    assert "<b>" not in page
    assert "<i>" not in page
    assert "&lt;b&gt;&quot;Telescope&quot;" in page


def test_suggestions_query_count(client: Client, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    for n in range(9):
        article(f"Telescope {n}", tag_names=[f"telescope {n}"])
    client.get("/search/")
    with django_assert_max_num_queries(MAX_QUERIES):
        client.get("/search/suggestions/?q=tele")
    assert Article.objects.count() == 9
