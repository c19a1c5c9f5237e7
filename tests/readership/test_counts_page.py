"""The public page that explains the views of an article by day: counted, not counted, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import LazySettings
from django.test import Client
from django.urls import get_resolver, resolve, reverse
from pytest_django import DjangoAssertNumQueries

from articles.models import Article
from articles.models.article import RESERVED_SLUGS
from articles.readership import services
from articles.readership.models import DailyStats, PageView
from articles.readership.selectors import DAYS, article_counts
from articles.readership.visitors import today
from articles.services import publishing
from tests import factories
from tests.readership.rows import waiting

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    """Set the time to noon of 22 November in Yerevan, the time zone of the tests."""
    with time_machine.travel(datetime(2026, 11, 22, 8, tzinfo=UTC), tick=False):
        yield


def stats(article: Article, days_ago: int, **numbers: int) -> None:
    DailyStats.objects.create(article=article, day=today() - timedelta(days=days_ago), **numbers)


def url_of(article: Article) -> str:
    return reverse("article_views", args=[article.pk])


def main_text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.split("<main", 1)[1].split("</main>", 1)[0]).split())


def table_rows(page: str) -> list[str]:
    """Return the rows of both tables, with cells separated by `|`."""
    cells = [
        re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL)
    ]
    return ["|".join(re.sub(r"<[^>]+>", "", cell) for cell in row) for row in cells]


@pytest.fixture
def article() -> Article:
    """An article with views today, a week ago, on the first of the 30 days and before them."""
    article = factories.published(title="Lamps")
    stats(article, 0, views=1200, reads=300, by_author=1, by_staff=2, by_bots=3, over_rate=4)
    stats(article, 7, views=10, reads=3)
    stats(article, 29, views=5, reads=1, by_bots=8)
    stats(article, 30, views=40, reads=9, by_author=1)
    stats(article, 300, views=60, reads=11)
    return article


def test_counts_page_shows_number_and_explanation(client: Client, article: Article) -> None:
    page = client.get(url_of(article))
    assert page.status_code == 200
    content = main_text(page.text)
    assert "Lamps" in content
    assert "1,315 views" in content
    assert "Each reader counts once a day, after the page was visible for one second." in content
    assert "Views are added every few seconds. This page is cached for up to five seconds." in content
    assert "No IP address, browser name, account or cookie is stored with a view" in content
    assert article.get_absolute_url() in page.text


def test_counts_page_shows_sums_of_each_kind(client: Client, article: Article, settings: LazySettings) -> None:
    settings.VIEWS_PER_ADDRESS = 77
    page = client.get(url_of(article)).text
    bots = (
        "Declared bots Programs that identify themselves as bots, or do not identify themselves: "
        "one view per address and day."
    )
    _head, *kinds = table_rows(page.split("<details")[0])
    assert kinds == [
        "Counted Each reader counts once a day.|1,215|1,315",
        "The author Authors often read their own text many times.|1|2",
        "Staff Staff open articles as part of their work.|2|2",
        f"{bots}|11|11",
        "Too many from one address Views beyond 77 readers per address and day: one view per address and day.|4|4",
    ]


def test_counts_page_days_and_earlier_add_up_to_total(client: Client, article: Article) -> None:
    table = table_rows(client.get(url_of(article)).text.split("<details", 1)[1])
    assert table == [
        "Day|Counted|The author|Staff|Declared bots|Too many from one address",
        "22 November|1,200|1|2|3|4",
        "15 November|10|0|0|0|0",
        "24 October|5|0|0|8|0",
        "30 days|1,215|1|2|11|4",
        "Earlier|100|1|0|0|0",
        "Total|1,315|2|2|11|4",
    ]


def test_article_counts_total_includes_later_days() -> None:
    article = factories.published()
    stats(article, -1, views=3)
    stats(article, 0, views=4)
    counts = article_counts(article, until=today())
    assert (counts.recent.views, counts.total.views) == (4, 7)


def test_article_counts_exclude_other_articles(article: Article) -> None:
    stats(factories.published(), 0, views=9_000)
    assert article_counts(article, until=today()).total.views == 1315


def test_counts_chart_has_a_bar_for_each_day(client: Client) -> None:
    article = factories.published()
    stats(article, 0, views=30, by_bots=10)
    stats(article, 29, by_staff=3)
    page = client.get(url_of(article)).text
    chart = page.split('<svg viewBox="0 0 3000 100"', 1)[1].split("</svg>")[0]
    assert "Views by day for the last 30 days, maximum 40. The table below shows the numbers." in chart
    assert re.findall(r'<rect x="(\d+)" y="(\d+)" width="76" height="(\d+)"', chart) == [
        ("12", "92", "8"),
        ("2912", "0", "100"),
    ]
    assert re.findall(r'<rect class="part" x="(\d+)" y="(\d+)" width="76" height="(\d+)"', chart) == [
        ("2912", "25", "75")
    ]
    assert "<title>22 November: 30 counted, 10 not counted</title>" in chart
    scale = re.search(r'<div class="counts-scale"[^>]*>(.*?)</div>', page)
    assert scale
    assert re.findall(r"\d+", scale[1]) == ["40", "30", "20", "10", "0"]
    assert re.findall(r"<span>(\d+ \w+)</span>", page) == ["24 Oct", "29 Oct", "3 Nov", "8 Nov", "13 Nov", "18 Nov"]


def test_counts_page_without_views(client: Client) -> None:
    page = client.get(url_of(factories.published())).text
    assert "0 views" in main_text(page)
    assert "No readers opened the article in this period." in page
    assert "<details" not in page


def test_counts_page_without_recent_views(client: Client) -> None:
    article = factories.published()
    stats(article, DAYS, views=12)
    page = client.get(url_of(article)).text
    assert "12 views" in main_text(page)
    assert "No readers opened the article in this period." in page
    assert any(row.endswith("|0|12") for row in table_rows(page))


@pytest.mark.parametrize(
    ("language", "number", "day"),
    [
        ("", "3,000,000", "22 November"),
        ("/ru", "3\xa0000\xa0000", "22 ноября"),
        ("/hy", "3\xa0000\xa0000", "22 նոյեմբ"),
    ],
)
def test_counts_page_localizes_numbers_and_dates(client: Client, language: str, number: str, day: str) -> None:
    article = factories.published()
    stats(article, 0, views=3_000_000)
    page = client.get(language + url_of(article)).text
    assert page.count(number) >= 5
    assert day in page
    svg = page.split("<svg viewBox", 1)[1].split("</svg>")[0]
    assert not re.search(r'(?:x|y|height|x2|y1|y2)="[^"]*[^\d"]', svg)


@pytest.mark.parametrize("make", [factories.draft, factories.in_review, factories.hidden])
def test_counts_page_of_unpublished_article_is_404(client: Client, make: Any) -> None:
    article: Article = make()
    assert client.get(url_of(article)).status_code == 404
    client.force_login(article.author)
    assert client.get(url_of(article)).status_code == 404


def test_counts_page_of_hidden_article_is_404_until_restored(client: Client, article: Article) -> None:
    publishing.hide(article=article)
    assert client.get(url_of(article)).status_code == 404
    publishing.restore(article=article)
    assert "1,315 views" in main_text(client.get(url_of(article)).text)


@pytest.mark.parametrize("pk", ["0", "99999999", "9" * 40])
def test_counts_page_of_missing_article_is_404(client: Client, pk: str) -> None:
    assert client.get(f"/articles/{pk}/views/").status_code == 404


def test_counts_page_needs_get_or_head(client: Client, article: Article) -> None:
    assert client.post(url_of(article)).status_code == 405
    assert client.head(url_of(article)).status_code == 200


def test_counts_page_is_cacheable_and_the_same_for_anonymous_users(client: Client, article: Article) -> None:
    page = client.get(url_of(article))
    assert page["Cache-Control"].startswith("public, max-age=0, s-maxage=5")
    assert not page.cookies
    other = Client(headers={"User-Agent": "another", "Accept-Language": "ru", "Cookie": "csrf=x"})
    assert other.get(url_of(article) + "?utm_source=x").content == page.content
    assert resolve(url_of(article)).func.page_parameters == ()  # type: ignore[attr-defined]
    assert "csrf" not in page.text
    assert " style=" not in page.text
    assert "<script" not in page.text
    assert '<meta name="robots" content="noindex">' in page.text


def test_counts_page_query_count(
    client: Client, article: Article, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(4):  # two of them, settings and sections, are cached for five seconds
        client.get(url_of(article))
    client.force_login(article.author)
    client.get("/about/")
    with django_assert_max_num_queries(4):
        client.get(url_of(article))


def test_counts_page_title_is_escaped_once(client: Client) -> None:
    page = client.get(url_of(factories.published(title="Fish & <b>chips</b>"))).text
    assert "Fish &amp; &lt;b&gt;chips&lt;/b&gt;" in page
    assert "<b>chips" not in page
    assert "&amp;amp;" not in page


def test_article_page_links_to_counts_page(client: Client, article: Article) -> None:
    for language in ("", "/ru", "/hy"):
        page = client.get(language + article.get_absolute_url()).text
        assert f'<a href="{language}{url_of(article)}" rel="nofollow"' in page


def test_preview_does_not_link_to_counts_page(client: Client) -> None:
    article = factories.draft()
    client.force_login(article.author)
    page = client.get(reverse("my_article_preview", args=[article.pk])).text
    assert "0 views" in page
    assert url_of(article) not in page


def test_counts_page_agrees_with_article_page(client: Client) -> None:
    article = factories.published()
    waiting(article, 3)
    waiting(article, 1, kind=PageView.Kind.BOT)
    services.rollup()
    assert "3 views, 0 likes" in client.get(article.get_absolute_url()).text
    assert "3 views" in main_text(client.get(url_of(article)).text)


def slugs_below_article_url() -> set[str]:
    """Return the last parts of the URLs `articles/<pk>/<slug>/`, without that of the article."""
    patterns = [str(found[0][0][0]) for _name, found in get_resolver().reverse_dict.lists() for found in found]
    return {match[1] for pattern in patterns if (match := re.fullmatch(r"articles/%\(pk\)s/(\w+)/", pattern))}


def test_reserved_slug_of_title_does_not_shadow_other_pages(client: Client) -> None:
    assert slugs_below_article_url() == RESERVED_SLUGS
    for slug in RESERVED_SLUGS:
        article = factories.published(title=slug.title())
        page = client.get(article.get_absolute_url())
        assert page.status_code == 200
        assert f'<h1 lang="en" dir="auto">{slug.title()}</h1>' in page.text
