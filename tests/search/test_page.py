"""The search page and the suggestions below its field."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlencode

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from articles.models import Article
from articles.search import selectors, views
from articles.search.backends import base
from articles.search.selectors import MAX_RESULTS
from articles.search.views import MAX_SEARCHES, MAX_SUGGESTIONS
from articles.services import publishing
from tests import factories
from tests.search.test_search import article

pytestmark = pytest.mark.django_db

HOSTILE = [
    '"',
    "'",
    '"unbalanced',
    "* NEAR ( ) -",
    "AND OR NOT",
    'title:x OR "a" NEAR/2 b*',
    "a & b | !c <-> d:*",
    "\\",
    "'; DROP TABLE articles_article; --",
    "%s %d %(x)s {0} {x}",
    "—…!?",
    "🦔",
    "🦔 телескоп 🦔",
    "\u202e\u200b\u00ad",
    "x" * 10_000,
    "слово " * 2_000,
    " ".join(f"w{n}" for n in range(500)),
    "<script>alert(1)</script>",
    "^telescope ~telescope §s1 §0.1",
    "the and of",
    "и в на",
    "\n\t",
    "§",
    "'telescope' | '§s1'",
]

SUGGESTIONS = "/search/suggestions/?q=word{}"


def address(**parameters: str) -> str:
    return "/search/?" + urlencode({name: value for name, value in parameters.items() if value})


def titles(page: str) -> list[str]:
    found = re.findall(r'<h2 lang="\w\w" dir="auto"><a href="[^"]+">(.*?)</a></h2>', page)
    return [unescape(re.sub("</?mark>", "", one)) for one in found]


def results(page: str) -> str:
    return page[page.index('id="results"') :]


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


# --- Nothing found -----------------------------------------------------------------------------


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


# --- Limits -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("url", "limit"), [("/search/?q=word{}", MAX_SEARCHES), (SUGGESTIONS, MAX_SUGGESTIONS)])
def test_searches_of_one_client_are_limited(client: Client, url: str, limit: int) -> None:
    """An IPv6 network (/64) is one client."""
    for n in range(limit):
        assert client.get(url.format(n), REMOTE_ADDR=f"2001:db8::{n:x}").status_code == 200
    response = client.get(url.format("more"), REMOTE_ADDR="2001:db8::ffff")
    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= 60
    assert client.get(url.format("more"), REMOTE_ADDR="2001:db8:0:1::1").status_code == 200


def test_searches_of_all_clients_together_are_limited(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "MAX_SEARCHES_IN_ALL", 5)
    codes = [client.get(f"/search/?q=word{n}", REMOTE_ADDR=f"192.0.2.{n}").status_code for n in range(6)]
    assert codes == [200] * 5 + [429]
    client.force_login(factories.UserFactory.create())
    assert client.get("/search/?q=word", REMOTE_ADDR="192.0.2.9").status_code == 200


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

MAX_QUERIES = 8 if connection.vendor == "postgresql" else 6


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


# --- Suggestions -------------------------------------------------------------------------------


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
