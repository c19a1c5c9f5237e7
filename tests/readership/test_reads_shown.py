"""Reads are shown to the author only: on the counts page, and beside the views in "My articles"."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.template import Context, Template
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from articles.models import Article
from articles.readership.models import DailyStats
from articles.readership.selectors import reads_by_article
from articles.readership.visitors import today
from articles.services import publishing
from tests import factories
from tests.moderation.users import administrator, moderator

pytestmark = pytest.mark.django_db
MY_ARTICLES = reverse("my_articles")


@pytest.fixture
def author() -> User:
    return factories.UserFactory.create()


@pytest.fixture
def article(author: User) -> Article:
    """An article with 200 views and 50 reads, 4 of them today and none yesterday."""
    article = factories.published(author, title="Lamps")
    for days, views, reads in [(0, 10, 4), (1, 7, 0), (60, 183, 46)]:
        day = today() - timedelta(days=days)
        DailyStats.objects.create(article=article, day=day, views=views, reads=reads)
    Article.objects.filter(pk=article.pk).update(views=200)
    article.refresh_from_db()
    return article


def counts(client: Client, article: Article) -> Any:
    return client.get(reverse("article_views", args=[article.pk]))


def test_counts_page_shows_reads_to_author(client: Client, article: Article) -> None:
    client.force_login(article.author)
    answer = counts(client, article)
    assert answer["Cache-Control"] == "private, no-store"
    page = answer.text
    assert "50 reads" in page
    assert "25 % of the views" in page
    assert "the page was visible for 30 seconds and three quarters of the text were scrolled past." in page
    assert "Only the authors can see this." in page
    for reads, share in [(4, "40 %"), (0, "0 %"), (46, "25 %"), (50, "25 %")]:
        assert f"<td>{reads}</td><td>{share}</td>" in page


@pytest.mark.parametrize("make", [moderator, administrator, factories.UserFactory.create, None])
def test_reads_are_hidden_from_others(client: Client, article: Article, make: Any) -> None:
    if make:
        client.force_login(make())
    for address in (reverse("article_views", args=[article.pk]), article.get_absolute_url()):
        page = client.get(address).text
        assert "200 views" in page
        assert "reads" not in page.lower().replace("reads the text", "")
        assert "25 %" not in page


def test_reads_are_hidden_after_session_end(client: Client, article: Article) -> None:
    client.force_login(article.author)
    client.session.flush()
    assert "50 reads" not in counts(client, article).text


def test_day_with_reads_only_is_shown_to_author_only(client: Client, author: User) -> None:
    article = factories.published(author)
    DailyStats.objects.create(article=article, day=today() - timedelta(days=1), views=1)
    DailyStats.objects.create(article=article, day=today(), reads=1)  # opened before midnight, read after it
    row = f'<time datetime="{today()}">'
    assert row not in counts(client, article).text.split("<main")[1].split("<details")[1]
    client.force_login(author)
    page = counts(client, article).text
    assert row in page.split("<main")[1].split("<details")[1]
    assert "<td>1</td><td>–</td>" in page


@pytest.mark.parametrize(
    ("views", "reads", "share"), [(0, 0, None), (0, 1, None), (3, 0, 0), (200, 50, 25), (1, 1, 100)]
)
def test_read_share_uses_counted_views(views: int, reads: int, share: float | None) -> None:
    assert DailyStats(views=views, reads=reads, by_bots=99).read_share == share


def test_my_articles_shows_reads_after_views(client: Client, article: Article) -> None:
    client.force_login(article.author)
    page = client.get(MY_ARTICLES).text
    assert page.index("200 views") < page.index("50 reads")
    assert reverse("article_views", args=[article.pk]) in page


def test_my_articles_shows_reads_of_each_article(client: Client, author: User, article: Article) -> None:
    other = factories.published(author, title="Other")
    DailyStats.objects.create(article=other, day=today(), views=5, reads=1)
    factories.published(author, title="Not read yet")
    client.force_login(author)
    page = client.get(MY_ARTICLES).text
    assert [page.count(f">{words}</span>") for words in ("50 reads", "1 read", "0 reads")] == [1, 1, 1]


def test_my_articles_shows_no_reads_of_unpublished_articles(client: Client, article: Article) -> None:
    publishing.hide(article=article)
    factories.draft(article.author)
    client.force_login(article.author)
    page = client.get(MY_ARTICLES).text
    assert "reads</span>" not in page
    assert reverse("article_views", args=[article.pk]) not in page


@pytest.mark.parametrize("published", [0, 1, 8])
def test_reads_by_article_is_one_query_or_none(
    author: User, django_assert_max_num_queries: DjangoAssertNumQueries, published: int
) -> None:
    articles = [factories.published(author) for _ in range(published)] + [factories.draft(author)]
    for article in articles[:published]:
        DailyStats.objects.create(article=article, day=today(), views=3, reads=2)
    with django_assert_max_num_queries(min(published, 1)):
        assert reads_by_article(articles) == {article.pk: 2 for article in articles[:published]}


@pytest.mark.parametrize("count", [4, 12])
def test_my_articles_query_count_does_not_grow(
    client: Client, author: User, count: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(count):
        factories.published(author)
    client.force_login(author)
    client.get(MY_ARTICLES)  # Fills the caches of what every page shows.
    # Session, user, articles, trash, confirmed address, trust (three), reasons,
    # reads, co-authorships.
    with django_assert_max_num_queries(11):
        assert client.get(MY_ARTICLES).text.count("0 reads") == count


@pytest.mark.parametrize("visitor", ["anonymous", "other user"])
def test_own_reads_tag_is_empty_for_others(article: Article, visitor: str) -> None:
    user = None if visitor == "anonymous" else factories.UserFactory.create()
    shown = Template("{% load readership %}{% own_reads articles as reads %}{{ reads|read_number:article }}").render(
        Context({"articles": [article], "article": article, "user": user})
    )
    assert shown == "None"
