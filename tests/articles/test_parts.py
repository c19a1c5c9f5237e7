"""Remembered parts of the article's page follow what they are made of, and take no more memory than they may."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils.safestring import SafeString

from accounts.models import User
from articles.models import Article, Revision, Section
from articles.templatetags.article_page import article_text, numbered
from articles.templatetags.parts import Remembered
from tests import factories

TEXT = SafeString("x" * 10_000)


def test_what_was_not_asked_for_longest_is_forgotten_first() -> None:
    remembered = Remembered(most_bytes=35_000)
    for name in ("one", "two", "three"):
        remembered.put((name,), TEXT)
    assert remembered.get(("one",)) == TEXT
    remembered.put(("four",), TEXT)
    assert remembered.get(("two",)) is None
    assert all(remembered.get((name,)) == TEXT for name in ("one", "three", "four"))
    assert 30_000 < remembered.bytes <= 35_000


def test_a_key_counts_with_all_that_is_in_it() -> None:
    remembered = Remembered(most_bytes=35_000)
    for number in range(10):
        remembered.put(("part", (("body", f"{number}" + "y" * 20_000),)), SafeString("z"))
        assert remembered.bytes <= 35_000
    assert remembered.get(("part", (("body", "9" + "y" * 20_000),))) == "z"
    assert remembered.get(("part", (("body", "8" + "y" * 20_000),))) is None


def test_what_is_put_twice_counts_once() -> None:
    remembered = Remembered(most_bytes=35_000)
    remembered.put(("one",), TEXT)
    once = remembered.bytes
    remembered.put(("one",), TEXT)
    assert remembered.bytes == once


def test_what_is_larger_than_all_room_is_not_kept() -> None:
    remembered = Remembered(most_bytes=5_000)
    remembered.put(("one",), TEXT)
    assert remembered.get(("one",)) is None
    assert remembered.bytes == 0


def _rename_author(article: Article) -> None:
    User.objects.filter(pk=article.author_id).update(display_name="Somebody Else")


def _count(article: Article) -> None:
    Article.objects.filter(pk=article.pk).update(views=4321)


def _like(article: Article) -> None:
    Article.objects.filter(pk=article.pk).update(likes=777)


def _write(article: Article) -> None:
    # By hand, so that not even the time of saving tells.
    Revision.objects.filter(live_for=article).update(body="<p>Another text</p><script>1</script>")


def _describe(article: Article) -> None:
    Revision.objects.filter(live_for=article).update(summary="Another summary")


def _tag(article: Article) -> None:
    Revision.objects.filter(live_for=article).update(tag_names=["another tag"])


def _rename_section(article: Article) -> None:
    Section.objects.filter(pk=article.section_id).update(name="Another section")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_rename_author, 'rel="author">Somebody Else</a>'),
        (_count, "4321 views"),
        (_like, "<b>777</b>"),
        (_write, "<p>Another text</p></div>"),
        (_describe, '<meta property="og:description" content="Another summary">'),
        (_tag, 'rel="tag">another tag</a>'),
        (_rename_section, ">Another section</a></nav>"),
    ],
)
def test_a_page_shows_at_once_what_changed(client: Client, change: Callable[[Article], None], expected: str) -> None:
    article = factories.published()
    assert expected not in client.get(article.get_absolute_url()).text
    change(article)
    assert expected in client.get(article.get_absolute_url()).text


@pytest.mark.django_db
def test_the_same_article_in_two_languages_and_for_two_kinds_of_readers(client: Client) -> None:
    article = factories.published()
    address = article.get_absolute_url()
    assert "Sign up and publish your articles." in client.get(address).text
    assert 'href="/ru/accounts/signup/"' in client.get(f"/ru{address}").text
    client.force_login(factories.PersonFactory.create())
    assert "Write your own article." in client.get(address).text
    assert "Write your own article." not in Client().get(address).text


@pytest.mark.django_db
def test_links_of_an_article_that_somebody_pays_for_say_so() -> None:
    article = factories.published()
    assert article.live
    article.live.body = '<p><a href="https://example.org">There</a></p>'
    assert "sponsored" not in article_text(article, article.live)
    assert "sponsored" in article_text(article, article.live, is_paid_for=True)
    assert "sponsored" not in article_text(article, article.live)


@pytest.mark.django_db
def test_tags_of_a_preview_lead_nowhere() -> None:
    article = factories.published(tag_names=["<i>lamps"])
    assert article.live
    assert "<span>&lt;i&gt;lamps</span>" in article_text(article, article.live, preview=True)
    assert 'rel="tag">&lt;i&gt;lamps</a>' in article_text(article, article.live)


def test_an_address_with_a_number() -> None:
    assert (numbered("promote", 7), numbered("promote", 80)) == ("/articles/7/promote/", "/articles/80/promote/")
