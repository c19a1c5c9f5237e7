"""Feeds, sitemap and robots.txt."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from articles import sitemaps
from articles.sitemaps import PART_SIZE
from tests import factories

pytestmark = pytest.mark.django_db

FEEDS = [
    "/feeds/rss.xml",
    "/feeds/atom.xml",
    "/sections/technology/rss.xml",
    "/sections/technology/atom.xml",
    "/authors/lilit/rss.xml",
    "/authors/lilit/atom.xml",
]


@pytest.mark.parametrize("address", FEEDS)
def test_feed_is_well_formed_and_lists_published_articles(client: Client, address: str) -> None:
    author = factories.UserFactory.create(username="lilit")
    shown = factories.published(author, title="Fish & <chips>")
    hidden = factories.hidden(author, title="Unseen")
    answer = client.get(address, headers={"host": "localhost"})
    ET.fromstring(answer.content)  # noqa: S314 - our own answer
    assert answer["Cache-Control"].startswith("public")
    assert f"http://testserver{shown.get_absolute_url()}" in answer.text
    assert "localhost" not in answer.text
    assert "Fish &amp; &lt;chips&gt;" in answer.text
    assert "Unseen" not in answer.text
    assert hidden.pk


@pytest.mark.parametrize("address", FEEDS[:2])
def test_feed_is_sanitized(client: Client, address: str) -> None:
    article = factories.published()
    assert article.live
    type(article.live).objects.update(
        body='<p style="x">Text</p><script>alert(1)</script><img src="https://evil.example/x">'
    )
    page = client.get(address).text
    assert "&lt;p&gt;Text&lt;/p&gt;" in page
    assert "alert" not in page
    assert "evil.example" not in page


def test_feed_drops_control_characters(client: Client) -> None:
    article = factories.published()
    assert article.live
    type(article.live).objects.update(title="Bell \x07 rings", summary="\x0b")
    ET.fromstring(client.get("/feeds/rss.xml").content)  # noqa: S314


def test_feed_needs_two_queries(client: Client, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    for _ in range(4):
        factories.published()
    client.get("/about/")
    with django_assert_max_num_queries(2):
        client.get("/feeds/atom.xml")


def test_sitemap_lists_only_published_articles(client: Client) -> None:
    shown, hidden = factories.published(language="ru"), factories.hidden()
    index = client.get("/sitemap.xml")
    assert "http://testserver/sitemaps/0.xml" in index.text
    ET.fromstring(index.content)  # noqa: S314 - our own answer
    part = client.get(f"/sitemaps/{shown.pk // PART_SIZE}.xml").text
    ET.fromstring(part)  # noqa: S314
    assert f"http://testserver{shown.canonical_path}" in part
    assert f"/articles/{hidden.pk}/" not in part
    assert "http://testserver/sections/technology/" in client.get("/sitemaps/0.xml").text


def test_sitemap_is_split_into_parts(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemaps, "PART_SIZE", 2)
    articles = [factories.published() for _ in range(5)]
    index = client.get("/sitemap.xml").text
    for article in articles:
        number = article.pk // 2
        assert f"<loc>http://testserver/sitemaps/{number}.xml</loc>" in index
        assert article.canonical_path in client.get(f"/sitemaps/{number}.xml").text
    assert index.count("<sitemap>") == articles[-1].pk // 2 + 1


def test_sitemap_index_needs_one_query(client: Client, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    factories.published()
    client.get("/about/")
    with django_assert_max_num_queries(1):
        client.get("/sitemap.xml")
    with django_assert_max_num_queries(1):
        client.get("/sitemaps/0.xml")


@pytest.mark.parametrize("number", ["1", "77", "9" * 30])
def test_unknown_sitemap_part_is_404(client: Client, number: str) -> None:
    assert client.get(f"/sitemaps/{number}.xml").status_code == 404


def test_robots_txt_allows_public_pages(client: Client) -> None:
    answer = client.get("/robots.txt")
    assert answer["Content-Type"].startswith("text/plain")
    assert "Sitemap: http://testserver/sitemap.xml" in answer.text
    assert "Disallow: /articles" not in answer.text


def test_favicon_redirects_to_icon(client: Client) -> None:
    assert client.get("/favicon.ico")["Location"].endswith("favicon.png")
