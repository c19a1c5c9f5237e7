"""Texts that appeared elsewhere first: the field, the canonical link, the sentence, the feeds and the sitemap."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import IntegrityError, transaction
from django.test import Client

from articles.models import Revision
from articles.services import publishing
from tests import factories
from tests.articles.author_form import errors, filled, only_revision

pytestmark = pytest.mark.django_db
NEW = "/my/articles/new/"
ELSEWHERE = "https://www.example.org/lamps?page=1&all"


@pytest.fixture
def author(client: Client) -> Any:
    user = factories.UserFactory.create()
    client.force_login(user)
    return user


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("", ""), (ELSEWHERE, ELSEWHERE), (" example.org/a ", "https://example.org/a")],
)
def test_form_accepts_https_addresses(client: Client, author: Any, typed: str, stored: str) -> None:
    client.post(NEW, filled(canonical_url=typed))
    assert only_revision().canonical_url == stored


@pytest.mark.parametrize(
    "typed",
    [
        "http://example.org/a",
        "javascript:alert(1)",
        "ftp://example.org/a",
        "lamps",
        "https://me:secret@example.org/",
        "https://me@example.org/",
        "https://news.example.org/articles/1/",
        "https://example.org/" + "a" * 500,
        "https://example.org/\x00",
    ],
)
def test_form_refuses_other_addresses(client: Client, author: Any, settings: LazySettings, typed: str) -> None:
    settings.ORIGIN = "https://news.example.org"
    assert errors(client.post(NEW, filled(canonical_url=typed)), "canonical_url")


def test_autosave_skips_an_unfinished_address(client: Client, author: Any) -> None:
    article = factories.draft(author, canonical_url=ELSEWHERE)
    data = filled(article, canonical_url="https://", title="Changed")
    answer = client.post(f"/my/articles/{article.pk}/autosave/", data).json()
    assert list(answer["unsaved"]) == ["canonical_url"]
    assert (only_revision().canonical_url, only_revision().title) == (ELSEWHERE, "Changed")


def test_database_refuses_other_schemes() -> None:
    factories.draft()
    with pytest.raises(IntegrityError), transaction.atomic():
        Revision.objects.update(canonical_url="javascript:alert(1)")


def test_article_page_names_where_it_appeared_first(client: Client) -> None:
    article = factories.published(canonical_url=ELSEWHERE)
    page = client.get(article.get_absolute_url()).text
    address = ELSEWHERE.replace("&", "&amp;")
    assert re.findall(r'<link rel="canonical" href="(.*?)">', page) == [address]
    link = f'<a href="{address}" rel="nofollow ugc noopener">example.org</a>'
    assert f'<p class="first-published">First published at {link}.</p>' in page
    data = json.loads(re.findall(r"<script type=.application/ld.json.>(.*?)</script>", page)[0])
    assert data["isBasedOn"] == ELSEWHERE


def test_article_page_without_another_address_is_canonical_itself(client: Client, settings: LazySettings) -> None:
    article = factories.published()
    page = client.get(article.get_absolute_url()).text
    canonical = f"{settings.ORIGIN}{article.get_absolute_url()}"
    assert re.findall(r'<link rel="canonical" href="(.*?)">', page) == [canonical]
    assert "First published at" not in page
    assert "isBasedOn" not in page


def test_share_links_stay_on_this_site(client: Client, settings: LazySettings) -> None:
    article = factories.published(canonical_url=ELSEWHERE)
    page = client.get(article.get_absolute_url()).text
    assert f'<meta property="og:url" content="{settings.ORIGIN}{article.get_absolute_url()}">' in page


def test_sitemap_lists_only_what_is_canonical_here(client: Client) -> None:
    own, other = factories.published(title="Own"), factories.published(title="Other", canonical_url=ELSEWHERE)
    sitemap = client.get("/sitemaps/0.xml").text
    assert own.get_absolute_url() in sitemap
    assert other.get_absolute_url() not in sitemap


@pytest.mark.parametrize("feed", ["rss", "atom"])
def test_feeds_name_where_it_appeared_first(client: Client, feed: str) -> None:
    article = factories.published(canonical_url=ELSEWHERE)
    text = client.get(f"/feeds/{feed}.xml").text
    assert "First published at" in text
    assert article.get_absolute_url() in text


def test_changed_address_is_shown_after_review(client: Client) -> None:
    article = factories.published(canonical_url=ELSEWHERE)
    publishing.save_draft(article=article, text=factories.text(canonical_url=""))
    publishing.submit(article=article)
    assert "First published at" in client.get(article.get_absolute_url()).text
    publishing.publish(article=article, revision_number=2)
    client.force_login(factories.UserFactory.create())  # Not from the page cache.
    assert "First published at" not in client.get(article.get_absolute_url()).text
