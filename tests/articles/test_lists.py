"""Lists: newest first, one query each, a cursor that neither skips nor repeats, nothing that is not public."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from articles.models import Article
from articles.pages import cursor_of, place_of
from tests import factories

pytestmark = pytest.mark.django_db


def titles(page: str) -> list[str]:
    return re.findall(r'<h2 lang="\w\w"><a href="[^"]+">([^<]+)</a></h2>', page)


@pytest.fixture
def author() -> User:
    return factories.PersonFactory.create(username="lilit", display_name="Lilit")


@pytest.fixture
def seven(author: User, settings: LazySettings) -> list[Article]:
    """Seven published articles, the two oldest published in the same microsecond."""
    settings.PAGE_SIZE = 3
    articles = [factories.published(author, title=f"Article {n}", tag_names=["lamps"]) for n in range(7)]
    now = timezone.now()
    for n, article in enumerate(articles):
        Article.objects.filter(pk=article.pk).update(published_at=now - timedelta(hours=7 - max(n, 1)))
    return articles


LISTS = ["/", "/sections/technology/", "/tags/lamps/", "/authors/lilit/"]


@pytest.mark.parametrize("address", LISTS)
def test_following_show_more_gives_every_article_once_newest_first(
    client: Client, seven: list[Article], address: str
) -> None:
    found, following = [], address
    for _ in range(5):
        page = client.get(following).text
        found += titles(page)
        more = re.search(r'<a class="button" href="(\?after=[^"]+)"', page)
        if not more:
            break
        following = address + more[1]
    assert found == [f"Article {n}" for n in reversed(range(7))]


@pytest.mark.parametrize("address", LISTS)
def test_a_list_costs_four_queries_at_most_however_long(
    client: Client,
    seven: list[Article],
    settings: LazySettings,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    address: str,
) -> None:
    settings.PAGE_SIZE = 7
    client.get("/about/")
    with django_assert_max_num_queries(4):
        assert len(titles(client.get(address).text)) == 7


@pytest.mark.parametrize("address", LISTS)
def test_what_is_not_published_is_in_no_list(client: Client, author: User, address: str) -> None:
    factories.published(author, title="Seen", tag_names=["lamps"])
    for make in (factories.draft, factories.in_review, factories.hidden):
        make(author, title="Unseen", tag_names=["lamps"])
    page = client.get(address).text
    assert "Seen" in page
    assert "Unseen" not in page


@pytest.mark.parametrize("address", LISTS)
@pytest.mark.parametrize(
    "cursor", ["-1", "x", "1-", "1-x", "-", "1" * 41, "99999999999999999999-1", "1-" + "9" * 25, "٣-٣", "1%00-1"]
)
def test_a_cursor_that_nobody_gave_out_is_refused_kindly(
    client: Client, seven: list[Article], address: str, cursor: str
) -> None:
    assert client.get(f"{address}?after={cursor}").status_code in {400, 404}


def test_a_cursor_survives_its_round_trip() -> None:
    article = factories.published()
    assert place_of(cursor_of(article)) == (article.published_at, article.pk)


def test_page_numbers_and_other_parameters_are_ignored(client: Client, seven: list[Article]) -> None:
    assert client.get("/?page=-1&utm_source=x").status_code == 200


@pytest.mark.parametrize("address", ["/sections/nothing/", "/tags/nothing/", "/authors/nobody/"])
def test_what_does_not_exist_is_a_404(client: Client, address: str) -> None:
    assert client.get(address).status_code == 404


def test_the_most_liked_of_the_week_stand_beside_the_front(client: Client, author: User) -> None:
    old, liked, _plain = (factories.published(author, title=t) for t in ("Old", "Liked", "Plain"))
    Article.objects.filter(pk=old.pk).update(likes=100, published_at=timezone.now() - timedelta(days=8))
    Article.objects.filter(pk=liked.pk).update(likes=10)
    factories.published(author, title="Fourth")
    factories.published(author, title="Fifth")
    aside = client.get("/").text.split('id="most-liked"', 1)[1]
    assert aside.index("Liked") < aside.index("Plain")
    assert ">Old<" not in aside


def test_an_empty_site_invites_to_write(client: Client) -> None:
    page = client.get("/").text
    assert "Nothing has been published yet." in page
    assert 'href="/desk/new/"' in page


def test_an_author_has_totals_and_one_address(client: Client, author: User) -> None:
    article = factories.published(author)
    Article.objects.filter(pk=article.pk).update(views=12, likes=3, dislikes=1)
    page = " ".join(re.sub(r"<[^>]+>", " ", client.get("/authors/lilit/").text).split())
    assert "1 article · 12 views · 3 likes · 1 dislike" in page
    assert client.get("/authors/LILIT/")["Location"] == "/authors/lilit/"


def test_a_person_who_left_has_no_page(client: Client, author: User) -> None:
    User.objects.filter(pk=author.pk).update(is_active=False)
    assert client.get("/authors/lilit/").status_code == 404


@pytest.mark.parametrize("address", ["/", "/about/", "/rules/", "/ru/", "/hy/about/", "/sections/technology/"])
def test_public_pages_are_cacheable_and_set_no_cookie(client: Client, address: str) -> None:
    factories.published()
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer["Cache-Control"].startswith("public, ")
    assert not answer.cookies
    assert "csrf" not in answer.text
