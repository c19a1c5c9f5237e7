"""Feeds, sitemap and robots.txt."""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
import time_machine
from django.core.cache import caches
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from articles import sitemaps
from articles.models import Article, Image, Section
from articles.services import publishing
from articles.sitemaps import PART_SIZE
from core.models import SiteSettings
from tests import factories

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"
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


def test_feed_of_any_stored_text_is_well_formed(client: Client) -> None:
    bad = "\x07\ufffe\x0b]]> & <x>"
    article = factories.published(factories.UserFactory.create(username="lilit"))
    assert article.live
    Section.objects.update(name=bad)
    User.objects.update(display_name=bad)
    SiteSettings.objects.update_or_create(pk=1, defaults={"name": bad, "tagline": bad})
    caches["local"].clear()
    fields = dict.fromkeys(("title", "summary", "caption", "credit", "alternative_text"), bad)
    type(article.live).objects.update(**fields, tag_names=[bad], body=f"<p>{bad}</p>")
    for address in [*FEEDS, "/sitemap.xml", "/sitemaps/0.xml"]:
        ET.fromstring(client.get(address).content)  # noqa: S314
    page = client.get(Article.objects.get().get_absolute_url()).text
    json.loads(page.split('<script type="application/ld+json">')[1].split("</script>")[0])


@pytest.mark.parametrize("address", FEEDS[:2])
def test_feed_has_no_markup_of_plain_text(client: Client, address: str) -> None:
    factories.published(summary="<script>alert(1)</script>")
    summary = ET.fromstring(client.get(address).content).find(f".//{ATOM}summary")  # noqa: S314
    if summary is not None:
        assert summary.attrib["type"] == "html"
        assert summary.text == "&lt;script&gt;alert(1)&lt;/script&gt;"


@pytest.mark.parametrize("address", FEEDS[:2])
def test_feed_links_are_absolute_and_images_have_text(client: Client, address: str) -> None:
    author = factories.UserFactory.create()
    article = factories.published(
        author,
        body='<p><a href="/rules/">Rules</a> <a href="#end">End</a> <a href="http://[">x</a></p>' + factories.BODY,
        image=Image.objects.create(owner=author, key="a" * 32, width=600, height=400, size=1),
        alternative_text='A "lamp"',
        caption="On the corner",
        credit="Ani",
    )
    page = html.unescape(client.get(address).text)
    assert '<a href="http://testserver/rules/"' in page
    assert f'<a href="http://testserver{article.get_absolute_url()}#end"' in page
    assert 'alt="A &quot;lamp&quot;"' in page
    assert "<em>On the corner Ani</em>" in page


@pytest.mark.parametrize("address", FEEDS[:2])
def test_feed_without_news_has_the_same_bytes(client: Client, address: str) -> None:
    for _article in (None, factories.published()):
        first = client.get(address).content
        with time_machine.travel(timezone.now() + timedelta(hours=1), tick=False):
            assert client.get(address).content == first


def test_dates_for_programs_are_never_before_publication(client: Client) -> None:
    with time_machine.travel(datetime(2026, 11, 24, 12, tzinfo=UTC), tick=False):
        article = factories.in_review()
    assert article.latest
    with time_machine.travel(datetime(2026, 11, 27, 12, tzinfo=UTC), tick=False):
        publishing.publish(article=article, revision_number=1)
        assert "<updated>2026-11-27T12:00:00+00:00</updated>" in client.get("/feeds/atom.xml").text
        assert '"dateModified": "2026-11-27T12:00:00+00:00"' in client.get(article.get_absolute_url()).text
        assert "<lastmod>2026-11-27</lastmod>" in client.get(f"/sitemaps/{article.pk // PART_SIZE}.xml").text
    with time_machine.travel(datetime(2026, 11, 29, 12, tzinfo=UTC), tick=False):
        publishing.submit(article=publishing.save_draft(article=article, text=factories.text(title="New")))
        publishing.publish(article=article, revision_number=2)
        assert "<updated>2026-11-29T12:00:00+00:00</updated>" in client.get("/feeds/atom.xml").text


def test_closed_account_has_no_links(client: Client) -> None:
    author = factories.UserFactory.create(username="lilit")
    article = factories.published(author)
    User.objects.update(is_active=False)
    assert client.get("/authors/lilit/").status_code == 404
    for address in ("/feeds/atom.xml", article.get_absolute_url(), "/"):
        page = client.get(address).text
        assert "Lilit" in page
        assert "/authors/lilit/" not in page


def test_feed_of_username_in_another_case_redirects(client: Client) -> None:
    factories.UserFactory.create(username="lilit")
    answer = client.get("/authors/Lilit/rss.xml")
    assert (answer.status_code, answer["Location"]) == (301, "/authors/lilit/rss.xml")


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
    publishing.hide(article=articles[0])
    publishing.hide(article=articles[1])
    for address in re.findall("<loc>http://testserver(.*?)</loc>", client.get("/sitemap.xml").text):
        assert client.get(address).status_code == 200


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
    for prefix in ("", "/ru", "/hy"):
        for path in ("/accounts/", "/my/articles/", "/admin/"):
            assert f"Disallow: {prefix}{path}\n" in answer.text


def test_search_results_are_not_indexed(client: Client) -> None:
    assert '<meta name="robots" content="noindex, follow">' in client.get("/search/?q=lamps").text


@pytest.mark.parametrize("address", ["/", "/ru/hot/", "/hy/about/", "/sections/technology/"])
def test_pages_in_several_languages_name_each_other(client: Client, address: str) -> None:
    factories.published()
    page = client.get(address).text
    path = re.sub("^/(ru|hy)/", "/", address)
    for code, url in (("en", path), ("ru", f"/ru{path}"), ("hy", f"/hy{path}"), ("x-default", path)):
        assert f'<link rel="alternate" hreflang="{code}" href="http://testserver{url}">' in page


def test_favicon_redirects_to_icon(client: Client) -> None:
    assert client.get("/favicon.ico")["Location"].endswith("favicon.png")
