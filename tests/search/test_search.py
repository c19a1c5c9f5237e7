"""What a search finds: published articles, by every field, from the moment that they change."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.services import update_profile
from articles.models import Article, Revision, Tag
from articles.search.models import SearchEntry
from articles.search.query import SearchQuery, clean_query
from articles.search.selectors import search
from articles.search.services import update_index
from articles.services import publishing
from tests import factories

pytestmark = pytest.mark.django_db

POSTGRES = connection.vendor == "postgresql"
FILLING = "<p>" + "Eleven of us walked through the town on that day and wrote down what we saw there. " * 3 + "</p>"


def found(words: str, **narrowed: object) -> set[str]:
    """The titles of what a search finds."""
    articles = search(SearchQuery(words=words, **narrowed), size=50).articles  # type: ignore[arg-type]
    return {str(article) for article in articles}


def article(title: str = "An article", body: str = "", **changes: Any) -> Article:
    return factories.published(title=title, body=f"<p>{body}</p>{FILLING}", **changes)


@pytest.fixture
def author() -> User:
    return factories.UserFactory.create(username="lilit_s", display_name="Lilit Sargsyan")


# --- Matches -----------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["telescope", "meadow", "quarry", "lilit", "Sargsyan", "lilit_s", "astronomy"])
def test_search_finds_an_article_by_each_of_its_fields(author: User, words: str) -> None:
    article(
        "The telescope",
        "Down by the quarry.",
        author=author,
        summary="Across a meadow.",
        tag_names=["amateur astronomy"],
    )
    article("Another")
    assert found(words) == {"The telescope"}


def test_search_requires_all_words_in_any_field(author: User) -> None:
    article("The telescope", "Down by the quarry.", author=author)
    article("The quarry")
    assert found("quarry telescope lilit") == {"The telescope"}
    assert found("telescope submarine") == set()


def test_search_ignores_markup() -> None:
    article("Links", '<a href="https://zeppelin.example.org/x">Balloons</a> &amp; air<strong>ships</strong><br>aloft')
    assert found("airships") == found("balloons") == found("aloft") == {"Links"}
    for nothing in ["zeppelin", "href", "nofollow", "strong", "amp", "nbsp"]:
        assert found(nothing) == set()


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Ёлка", "елка"),
        ("елка", "ЁЛКА"),
        ("за\u0301мок", "замок"),
        ("Հայաստանում", "հայաստանում"),
        ("ի՞նչ", "ինչ"),
        ("ԵՐԵՎԱՆ", "երևան"),
        ("Санкт-Петербург", "петербург"),
        ("Санкт-Петербург", "Санкт-Петербург"),
        ("example.org/some_thing", "thing"),
        ("reader@example.org", "reader"),
        ("cooper\u00adation", "cooperation"),
        ("ﬁnancial", "financial"),
        ("12/2023", "2023"),
        ("-5°", "5"),
        ("naïve", "NAÏVE"),
        ("Café", "cafe"),
        ("cafe", "Café"),
        ("Müller", "muller"),
        ("Fußball", "fussball"),
        ("don't", "dont"),
        ("dont", "don’t"),
        ("Wi-Fi", "wifi"),
        ("wifi", "Wi-Fi"),
        ("wi fi", "Wi-Fi"),
        ("Wi-Fi", "wi fi"),
        ("e-mail", "email"),
        ("O'Brien", "obrien"),
        ("Node.js", "nodejs"),
        ("nodejs", "Node.js"),
        ("йод", "иод"),
        ("иод", "йод"),
    ],
)
def test_search_finds_every_spelling_of_a_word(written: str, typed: str) -> None:
    article("Spelled", f"They wrote {written} on the wall.")
    assert found(typed) == {"Spelled"}


@pytest.mark.skipif(not POSTGRES, reason="SQLite knows no inflections (docs/search.md)")
@pytest.mark.parametrize("language", ["en", "ru", "hy"])
@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("статья", "статьи"),
        ("книгами", "Книга"),
        ("running", "run"),
        ("city", "cities"),
        ("Երևան", "երևան"),
    ],
)
def test_search_finds_inflections_whatever_the_language_of_the_article(written: str, typed: str, language: str) -> None:
    article("Inflected", f"Here is {written}.", language=language)
    assert found(typed) == {"Inflected"}


@pytest.mark.skipif(POSTGRES, reason="PostgreSQL stems instead")
def test_search_on_sqlite_finds_words_by_their_beginning() -> None:
    article("Beginnings", "Здесь статьями полны улицы.")
    assert found("стать улиц") == {"Beginnings"}


def test_search_finds_armenian_words_only_as_written() -> None:
    article("Գյումրի", "Քաղաքում լապտերներ կան։")
    assert found("լապտերներ") == {"Գյումրի"}
    assert found("լապտերներից") == set()


@pytest.mark.parametrize(("title", "typed"), [("It", "it"), ("The Who", "the who"), ("Мы", "Мы"), ("О нас", "о нас")])
def test_search_of_stop_words_finds_the_exact_title(title: str, typed: str) -> None:
    article(title)
    for n in range(3):
        article(f"It is about the one who knows {n}", "Мы знаем о нас: it and the who. " * 5)
    assert str(search(SearchQuery(words=typed), size=9).articles[0]) == title
    if POSTGRES:
        assert found(typed) == {title}


TITLES = [
    *(
        "1984",
        "3.5 mm",
        "C++",
        "C#",
        ".NET",
        "AT&T",
        "R&B",
        "W.H.O.",
        "iPhone 15",
        "x",
        "Я",
        "№ 5",
        "½ cup",
        "COVID-19",
    ),
    *(
        "Not",
        "To be or not to be",
        "The the",
        "How to",
        "И",
        "Что? Где? Когда?",
        "Он и она",
        "Не для всех",
        "И. о. мэра",
    ),
    *("Ո՞վ եմ ես", "Եվ", "Ու", "Եւ այլն", "ԵՐԵՎԱՆ", "Ձմեռ պապ", "Rock 'n' roll", "O’Brien’s", "l'été", "Über uns"),
    *("naïve café", "Straße", "Łódź", "İstanbul", "ΑΘΗΝΑ", "東京", "שלום", "مرحبا", "हिन्दी", "ไทย", "e-mail vs. email"),
    *("Wi-Fi", "Node.js", "don't", "Санкт-Петербург", "Йод", "Ёлка", "foo_bar", "https://example.org/a?b=c", "A" * 120),
    *("Слово " * 20).split("|"),
    "What the moderator said to the author when the article was returned for the third time this year",
]


@pytest.mark.parametrize("title", TITLES)
def test_search_of_an_exact_title_finds_the_article(title: str) -> None:
    article("Another", "It is about the one who knows, and not for all: мы знаем о нас и не для всех.")
    article(title.strip())
    assert title.strip() in found(clean_query(title))
    assert title.strip() in found(clean_query(title.strip().lower()))


# --- Published articles only -------------------------------------------------------------------------------


def test_search_finds_only_published_articles(author: User) -> None:
    factories.draft(author, title="Telescope of a draft")
    factories.in_review(title="Telescope in review")
    returned = factories.in_review(title="Telescope returned")
    publishing.return_to_author(article=returned, revision_number=1)
    factories.hidden(title="Telescope hidden")
    article("Telescope published")
    assert found("telescope") == {"Telescope published"}


def test_search_after_hide_and_restore() -> None:
    one = article("Telescope")
    publishing.hide(article=one)
    assert found("telescope") == set()
    publishing.restore(article=one)
    assert found("telescope") == {"Telescope"}


def test_search_omits_a_hidden_article_that_is_still_in_the_index() -> None:
    one = article("Telescope")
    Article.objects.filter(pk=one.pk).update(state=Article.State.HIDDEN)
    assert found("telescope") == set()


def test_search_finds_new_words_of_an_edit_after_its_publication() -> None:
    one = article("Telescope", author=factories.UserFactory.create())
    edited = publishing.save_draft(
        article=one,
        text=factories.text(title="Microscope", section=one.section, body=FILLING * 2, tag_names=["lenses"]),
    )
    edited = publishing.submit(article=edited)
    assert found("telescope") == {"Telescope"}
    assert found("microscope") == found("lenses") == set()
    publishing.publish(article=edited, revision_number=2)
    assert found("telescope") == set()
    assert found("microscope") == found("lenses") == {"Microscope"}


def test_search_finds_a_correction_at_once() -> None:
    one = article("Telescope")
    publishing.correct(article=one, text=factories.text(title="Microscope", section=one.section))
    assert (found("telescope"), found("microscope")) == (set(), {"Microscope"})


def test_search_after_renaming_an_author(author: User) -> None:
    article("Telescope", author=author)
    update_profile(
        user=author,
        display_name="Nare Petrosyan",
        biography="",
        preferred_language="en",
        allows_promotion_by_others=True,
    )
    assert (found("sargsyan"), found("petrosyan")) == (set(), {"Telescope"})


def test_search_after_renaming_a_tag(admin_client: Client) -> None:
    article("Telescope", tag_names=["optics"])
    tag = Tag.objects.get()
    admin_client.post(f"/admin/articles/tag/{tag.pk}/change/", {"name": "Lenses and mirrors"})
    assert found("mirrors") == {"Telescope"}


# --- Filters, order, pages ----------------------------------------------------------------------


def test_search_with_filters(author: User) -> None:
    town = factories.SectionFactory.create(name="Town")
    old = article("Old", "telescope")
    Article.objects.filter(pk=old.pk).update(published_at=timezone.now() - timedelta(days=10))
    update_index([old.pk])
    article("Town", "telescope", section=town)
    article("Russian", "telescope", language="ru")
    article("Lilit", "telescope", author=author)
    assert found("telescope") == {"Old", "Town", "Russian", "Lilit"}
    assert found("telescope", section=town) == {"Town"}
    assert found("telescope", author=author) == {"Lilit"}
    assert found("telescope", language="ru") == {"Russian"}
    assert found("telescope", when="week") == {"Town", "Russian", "Lilit"}
    assert found("telescope", when="month", language="en") == {"Old", "Town", "Lilit"}


@pytest.mark.parametrize("days", [0, 3, 40, 400, 4000])
def test_search_finds_old_articles(days: int) -> None:
    one = article("Telescope")
    Article.objects.filter(pk=one.pk).update(published_at=timezone.now() - timedelta(days=days, minutes=1))
    update_index([one.pk])
    assert found("telescope") == found("telescope", newest_first=True) == {"Telescope"}
    for when, span in {"day": 1, "week": 7, "month": 31, "year": 366}.items():
        assert bool(found("telescope", when=when, newest_first=True)) == (days < span)


def test_search_ranks_title_above_tags_above_body() -> None:
    article("Telescope")
    article("By tag", tag_names=["telescope"])
    article("In the text", "A telescope, and again a telescope.")
    articles = search(SearchQuery(words="telescope"), size=9).articles
    expected = ["Telescope", "By tag", "In the text"] if POSTGRES else ["Telescope"]
    assert [str(found_article) for found_article in articles][: len(expected)] == expected


@pytest.mark.parametrize("newest_first", [True, False])
def test_search_pages_give_each_article_once(newest_first: bool) -> None:
    titles = {f"Telescope {n}" for n in range(7)}
    for title in sorted(titles):
        article(title)
    query, seen, cursor = SearchQuery(words="telescope", newest_first=newest_first), [], ""
    for _ in range(4):
        part = search(query, cursor=cursor, size=3)
        seen += [str(found_article) for found_article in part.articles]
        if not (cursor := part.next_cursor):
            break
    assert sorted(seen) == sorted(titles)
    if newest_first:
        assert seen == sorted(titles, reverse=True)


def test_search_pages_of_articles_with_the_same_time_neither_skip_nor_repeat() -> None:
    for n in range(5):
        article(f"Telescope {n}")
    Article.objects.update(published_at=timezone.now())
    update_index(Article.objects.values_list("pk", flat=True))
    first = search(SearchQuery(words="telescope", newest_first=True), size=3)
    second = search(SearchQuery(words="telescope", newest_first=True), cursor=first.next_cursor, size=3)
    assert len({one.pk for one in [*first.articles, *second.articles]}) == 5
    assert second.next_cursor == ""


def test_deleting_an_article_deletes_its_entry_on_postgresql(author: User) -> None:
    gone = article("Telescope", author=author)
    pk = gone.pk
    Article.objects.filter(pk=pk).update(live=None, latest=None, state=Article.State.DRAFT, published_at=None)
    Revision.objects.filter(article=pk).delete()
    Article.objects.filter(pk=pk).delete()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE" if POSTGRES else "SELECT 1")  # What a commit would say.
    assert not Article.objects.filter(pk=pk).exists()
    assert not POSTGRES or not SearchEntry.objects.filter(article_id=pk).exists()
