"""The search page."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from articles.search.selectors import MAX_RESULTS
from tests import factories
from tests.search.pages import HOSTILE, MAX_QUERIES, address, results, titles
from tests.search.test_search import article

pytestmark = pytest.mark.django_db


def test_search_form_without_javascript_shows_the_chosen_values(client: Client) -> None:
    town = factories.SectionFactory.create(name="Town")
    author = factories.UserFactory.create(username="lilit", display_name="Lilit Sargsyan")
    article("Telescope", section=town, author=author)
    article("Another telescope")
    page = client.get(
        address(q="telescope", section="town", author="Lilit Sargsyan", language="en", when="week", order="newest")
    ).text
    assert titles(page) == ["Telescope"]
    form = re.search(r"<form.*?</form>", page, re.DOTALL)[0]  # type: ignore[index]
    assert 'method="get" action="/search/"' in form
    assert 'value="telescope"' in form
    assert 'value="Lilit Sargsyan"' in form
    assert re.findall(r'<option value="(\w+)"[^>]* selected>', form) == ["town", "en", "week", "newest"]
    assert '<details class="search-more" open>' in form


@pytest.mark.parametrize("words", HOSTILE)
@pytest.mark.parametrize("order", ["", "newest"])
def test_search_of_any_input_answers_200(client: Client, words: str, order: str) -> None:
    article("Telescope", "Nothing else.", tag_names=["w1", "drop table"])
    response = client.get(address(q=words, order=order), follow=True)
    assert response.status_code == 200
    assert "<script>alert" not in response.text


@pytest.mark.parametrize(
    "wrong",
    [
        {"section": "no-such"},
        {"section": "../x"},
        {"language": "xx"},
        {"when": "yesterday"},
        {"order": "random"},
        {"after": "-1"},
        {"after": "99999999999999999999"},
        {"after": "120"},
        {"after": "0"},
        {"after": "1-2-3"},
        {"after": "9" * 18 + "-1", "order": "newest"},
        {"after": "x" * 5000, "order": "newest"},
        {"after": "²"},
        {"page": "-1"},
        {"author": "no such user"},
        {"author": "'\"%"},
        {"author": "x" * 5000},
    ],
)
def test_search_ignores_unknown_values(client: Client, wrong: dict[str, str]) -> None:
    article("Telescope")
    response = client.get(address(q="telescope", **wrong), follow=True)
    assert response.status_code == 200
    if not wrong.get("after"):
        assert titles(response.text) == ["Telescope"]


def test_search_of_a_null_byte_answers_400(client: Client) -> None:
    assert client.get("/search/?q=a%00b").status_code == 400
    assert client.get("/search/suggestions/?q=a%00b").status_code == 400


def test_search_of_an_unknown_author_shows_an_error_beside_the_field(client: Client) -> None:
    article("Telescope")
    page = client.get(address(q="telescope", author="<b>Nobody")).text
    assert 'aria-invalid="true" aria-describedby="search-author-unknown"' in page
    assert 'value="&lt;b&gt;Nobody"' in page
    assert "No user with that name." in page
    assert titles(page) == ["Telescope"]


@pytest.mark.parametrize(
    ("requested", "canonical"),
    [
        ("?q=lamp&section=&author=&language=&when=&order=", "/search/?q=lamp"),
        ("?q=+lamp++map%0A&order=newest&utm_source=x", "/search/?q=lamp+map&order=newest"),
        ("?q=" + "x" * 5000, "/search/?q=" + "x" * 200),
        ("?q=lamp&after=" + "9" * 5000, "/search/?q=lamp&after=" + "9" * 200),
        ("?q=", "/search/"),
        ("?q=%20&when=", "/search/"),
    ],
)
def test_search_redirects_to_its_canonical_url(client: Client, requested: str, canonical: str) -> None:
    response = client.get("/search/" + requested)
    assert (response.status_code, response["Location"]) == (302, canonical)
    assert client.get(canonical).status_code == 200


# --- Highlighting -------------------------------------------------------------------------------------


def test_highlight_marks_words_in_title_and_excerpt_and_escapes_the_rest(client: Client) -> None:
    article(
        'A <em>telescope</em> & "mirrors"',
        "&lt;script&gt;alert(1)&lt;/script&gt; "
        + "Long before. " * 30
        + "The Telescope, at last &amp; &lt;b&gt;bold&lt;/b&gt;.",
    )
    page = results(client.get(address(q="telescope")).text)
    assert "A &lt;em&gt;<mark>telescope</mark>&lt;/em&gt; &amp; &quot;mirrors&quot;" in page
    assert "The <mark>Telescope</mark>, at last &amp; &lt;b&gt;bold&lt;/b&gt;." in page
    assert '<p lang="en" dir="auto">… ' in page
    assert "<em>telescope" not in page
    assert "<script" not in page


def test_search_escapes_the_query(client: Client) -> None:
    page = client.get(address(q='"><script>alert(1)</script>')).text
    assert "<script>alert" not in page
    assert "&quot;&gt;&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        *(("ЁЛКА", "ёлка"), ("Երևանում", "երևանում"), ("ի՞նչ", "ինչ"), ("за\u0301мок", "замок"), ("Йод", "иод")),
        *(("Café", "cafe"), ("Ångström", "angstrom"), ("Fußball", "fussball"), ("cafe", "Café")),
        *(("Wi-Fi", "wifi"), ("Wi-Fi", "wi-fi"), ("don’t", "dont"), ("Node.js", "nodejs"), ("Email", "email")),
    ],
)
def test_highlight_marks_words_as_they_are_written(client: Client, written: str, typed: str) -> None:
    article("Spelled", f"So {written} here.")
    assert f"So <mark>{written}</mark> here." in client.get(address(q=typed)).text


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite knows no inflections")
def test_highlight_marks_inflected_forms_but_not_words_that_only_begin_alike(client: Client) -> None:
    article("Forms", "Автор статьи доволен: статья, статьями, статуя. Runs, running, rune.")
    page = client.get(address(q="статья run")).text
    assert re.findall("<mark>(.*?)</mark>", page) == ["статьи", "статья", "статьями", "Runs", "running"]


def test_excerpt_of_a_match_in_tags_is_the_summary(client: Client) -> None:
    article("By tag", "Nothing.", summary="About <glass>.", tag_names=["telescope"])
    assert "About &lt;glass&gt;." in client.get(address(q="telescope")).text


# --- Show more ----------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["", "newest"])
def test_show_more_continues_the_same_search(client: Client, settings: LazySettings, order: str) -> None:
    settings.PAGE_SIZE = 2
    names = [f"Telescope {n}" for n in range(5)]
    for name in names:
        article(name, language="ru")
    seen, url = [], address(q="telescope", language="ru", order=order)
    for _ in range(4):
        page = client.get(url).text
        seen += titles(page)
        more = re.search(r'<a class="button" href="([^"]+)" data-hx-get', page)
        if not more:
            break
        url = "/search/" + unescape(more[1])
        assert "language=ru" in url
    assert sorted(seen) == names
    assert "No more articles" in page or "No more results are shown." in page


def test_search_by_relevance_ends_after_max_results(client: Client, settings: LazySettings) -> None:
    settings.PAGE_SIZE = 2
    for n in range(3):
        article(f"Telescope {n}")
    page = client.get(address(q="telescope", after=str(MAX_RESULTS - 2))).text
    assert titles(page) == []
    assert "No more articles" in page
    beyond = client.get(address(q="telescope", after=str(MAX_RESULTS))).text
    assert len(titles(beyond)) == 2


# --- Caches, crawlers, browsers -----------------------------------------------------------------------


def test_search_pages_are_public_without_cookies_or_tokens(client: Client) -> None:
    article("Telescope")
    for one in [address(q="telescope"), "/search/", "/search/suggestions/?q=tele", "/search/opensearch.xml"]:
        response = client.get(one)
        assert "public" in response["Cache-Control"]
        assert not response.cookies
        assert "csrf" not in response.text


def test_search_page_has_one_canonical_url_and_is_not_indexed(client: Client) -> None:
    for one in (address(q="telescope", order="newest"), "/search/"):
        page = client.get(one).text
        assert '<link rel="canonical" href="http://testserver/search/">' in page
        assert '<meta name="robots" content="noindex, follow">' in page


def test_htmx_is_loaded_on_the_search_page_but_not_the_front_page(client: Client) -> None:
    assert "htmx" in client.get("/search/").text
    assert "htmx-2" not in client.get("/").text


def test_front_page_links_to_the_search_in_each_language(client: Client) -> None:
    for language in ["", "/ru", "/hy"]:
        page = client.get(f"{language}/").text
        assert f'href="{language}/search/"' in page
        assert f'<link rel="search" href="{language}/search/opensearch.xml"' in page
        assert client.get(f"{language}/search/").status_code == 200


# --- Cost --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"q": "telescope"},
        {"q": "telescope", "order": "newest", "author": "lilit", "section": "technology", "when": "week"},
        {"q": "telescope submarine"},
        {"q": "qqqq"},
    ],
)
def test_search_query_count(
    client: Client, parameters: dict[str, str], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    author = factories.UserFactory.create(username="lilit", display_name="Lilit")
    for n in range(9):
        article(f"Telescope {n}", author=author, tag_names=[f"tag {n}"])
    client.get("/search/")  # Sections, settings and tags are cached for some seconds.
    with django_assert_max_num_queries(MAX_QUERIES):
        client.get(address(**parameters))
