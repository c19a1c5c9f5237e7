"""What the search page offers when nothing is found, and when a search takes too long."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client

from articles.models import Article
from articles.search import selectors
from articles.search.backends import base
from articles.services import publishing
from tests.search.pages import address, titles
from tests.search.test_search import article

pytestmark = pytest.mark.django_db


def test_search_without_matches_offers_articles_with_some_of_the_words(client: Client) -> None:
    article("Telescope")
    page = client.get(address(q="telescope submarine")).text
    assert "No results for “telescope submarine”." in page
    assert "Articles with some of your words" in page
    assert titles(page) == ["Telescope"]


def test_search_of_a_misspelled_word_offers_articles_and_tags_spelled_alike(client: Client) -> None:
    article("Telescope", tag_names=["astronomy"])
    assert titles(client.get(address(q="telescopium")).text) == ["Telescope"]
    page = client.get(address(q="astronmy")).text
    assert "Similar tags" in page
    assert '<a href="/tags/astronomy/" rel="tag">astronomy</a>' in page


def test_filtered_search_without_matches_links_to_the_unfiltered_one(client: Client) -> None:
    article("Telescope")
    page = client.get(address(q="telescope", language="hy")).text
    assert "No results" in page
    assert '<a href="?q=telescope">Search all articles</a>' in page
    assert titles(page) == ["Telescope"]


def test_search_without_anything_similar_offers_the_newest_articles(client: Client) -> None:
    article("Telescope")
    page = client.get(address(q="qqqqqq")).text
    assert "Latest articles" in page
    assert titles(page) == ["Telescope"]


def test_search_page_never_offers_hidden_articles(client: Client) -> None:
    publishing.hide(article=article("Telescope", "A submarine.", tag_names=["optics"]))
    for words in ["telescope", "telescopium", "submarine other", "optics", "qqqq", ""]:
        page = client.get(address(q=words)).text
        assert titles(page) == []
        assert "optics</a>" not in page
    assert "/articles/" not in client.get("/search/suggestions/?q=tele").text


def test_search_without_words_shows_a_hint_and_current_tags(client: Client) -> None:
    article("Telescope", tag_names=["astronomy"])
    page = client.get("/search/").text
    assert "Tags of the latest articles" in page
    assert '<a href="/tags/astronomy/" rel="tag">astronomy</a>' in page
    assert 'id="search-hint"' in page
    assert titles(page) == []


def test_search_of_punctuation_asks_for_a_word(client: Client) -> None:
    assert "Enter at least one word." in client.get(address(q="—!?")).text


SLOW = (
    "SELECT pg_sleep(0.1)"
    if connection.vendor == "postgresql"
    else "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT max(i) FROM n"
)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("url", ["/search/?q=telescope", "/search/suggestions/?q=telescope"])
def test_search_that_times_out_shows_a_message(client: Client, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """All statements of a search share one limit, also those that are made after it found something."""
    monkeypatch.setattr(base, "MAX_SECONDS", 0.5)
    statements = []

    def published(pks: list[int]) -> list[Article]:
        with connection.cursor() as cursor:
            for _ in range(50):
                statements.append(1)
                cursor.execute(SLOW)
        return []

    article("Telescope")
    client.get("/search/")
    monkeypatch.setattr(selectors, "_articles", published)
    monkeypatch.setattr(selectors, "_authors", published)
    response = client.get(url)
    assert response.status_code == 200
    assert "suggestions" in url or "The search takes too long." in response.text
    assert 0 < len(statements) < 50
    assert client.get("/hot/").status_code == 200  # Later statements of the connection have their own limit.
