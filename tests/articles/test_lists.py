"""Public lists: order, pagination, queries, and that they show only published articles."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from articles.models import Article
from articles.models.article import NEW
from articles.models.ranking import hot
from articles.services import publishing
from tests import factories

pytestmark = pytest.mark.django_db


def titles(page: str) -> list[str]:
    return re.findall(r'<h2 lang="\w\w" dir="auto"><a href="[^"]+">([^<]+)</a></h2>', page)


@pytest.fixture
def author() -> User:
    return factories.UserFactory.create(username="lilit", display_name="Lilit")


@pytest.fixture
def seven(author: User, settings: LazySettings) -> list[Article]:
    """Return seven published articles; the two oldest have the same publication time."""
    settings.PAGE_SIZE = 3
    articles = [factories.published(author, title=f"Article {n}", tag_names=["lamps"]) for n in range(7)]
    now = timezone.now()
    for n, article in enumerate(articles):
        Article.objects.filter(pk=article.pk).update(published_at=now - timedelta(hours=7 - max(n, 1)))
    return articles


LISTS = ["/", "/sections/technology/", "/tags/lamps/", "/authors/lilit/"]


@pytest.mark.parametrize("address", LISTS)
def test_list_pagination_shows_every_article_once_newest_first(
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
def test_list_needs_at_most_four_queries(
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
def test_lists_exclude_unpublished_articles(client: Client, author: User, address: str) -> None:
    factories.published(author, title="Seen", tag_names=["lamps"])
    for make in (factories.draft, factories.in_review, factories.hidden):
        make(author, title="Unseen", tag_names=["lamps"])
    page = client.get(address).text
    assert "Seen" in page
    assert "Unseen" not in page


@pytest.mark.parametrize("address", LISTS)
def test_list_invalid_cursor_is_refused(client: Client, seven: list[Article], address: str) -> None:
    for cursor in (*"-x", "-1", "1-", "1-x", "1" * 41, "99999999999999999999-1", "1-" + "9" * 25, "٣-٣", "1%00-1"):
        assert client.get(f"{address}?after={cursor}").status_code in {400, 404}, cursor


def test_cursor_round_trip() -> None:
    article = factories.published()
    assert NEW.decode_cursor(NEW.encode_cursor(article)) == (article.published_at, article.pk)


def test_unknown_parameters_are_ignored(client: Client, seven: list[Article]) -> None:
    assert client.get("/?page=-1&utm_source=x").status_code == 200


@pytest.mark.parametrize("address", ["/sections/nothing/", "/tags/nothing/", "/authors/nobody/"])
def test_unknown_list_is_404(client: Client, address: str) -> None:
    assert client.get(address).status_code == 404


def test_front_page_shows_most_liked_of_the_week(client: Client, author: User) -> None:
    old, liked, _plain = (factories.published(author, title=t) for t in ("Old", "Liked", "Plain"))
    Article.objects.filter(pk=old.pk).update(likes=100, published_at=timezone.now() - timedelta(days=8))
    Article.objects.filter(pk=liked.pk).update(likes=10)
    factories.published(author, title="Fourth")
    factories.published(author, title="Fifth")
    aside = client.get("/").text.split('id="most-liked"', 1)[1]
    assert aside.index("Liked") < aside.index("Plain")
    assert ">Old<" not in aside


def test_empty_site_invites_to_write(client: Client) -> None:
    page = client.get("/").text
    assert "No articles have been published yet." in page
    assert 'href="/my/articles/new/"' in page


def test_author_page_has_totals_and_one_url(client: Client, author: User) -> None:
    article = factories.published(author)
    Article.objects.filter(pk=article.pk).update(views=12, likes=3, dislikes=1)
    page = " ".join(re.sub(r"<[^>]+>", " ", client.get("/authors/lilit/").text).split())
    assert "1 article · 12 views · 3 likes · 1 dislike" in page
    assert client.get("/authors/LILIT/")["Location"] == "/authors/lilit/"


def test_author_page_of_inactive_user_is_404(client: Client, author: User) -> None:
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


# --- Hot and top ----------------------------------------------------------------------------------


def scored(author: User, title: str, likes: int, dislikes: int = 0, *, age: timedelta = timedelta(0)) -> Article:
    """Return a published article with these counts and the `hot` value for them."""
    article = factories.published(author, title=title)
    at = timezone.now() - age
    Article.objects.filter(pk=article.pk).update(
        likes=likes, dislikes=dislikes, published_at=at, hot=hot(likes, dislikes, at)
    )
    return article


HOURS, DAYS = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def of_all_ages(author: User) -> None:
    scored(author, "Fresh", 1, age=1 * HOURS)
    scored(author, "Disliked", 2, 9, age=2 * HOURS)
    scored(author, "Yesterday", 5, age=23 * HOURS)
    scored(author, "Just missed the day", 50, age=25 * HOURS)
    scored(author, "Six days", 6, 2, age=6 * DAYS)
    scored(author, "Just missed the week", 70, age=7 * DAYS + HOURS)
    scored(author, "Last month", 8, age=29 * DAYS)
    scored(author, "Just missed the month", 90, age=30 * DAYS + HOURS)
    scored(author, "Long ago", 1000, 1, age=400 * DAYS)


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ("day", ["Yesterday", "Fresh", "Disliked"]),
        ("week", ["Just missed the day", "Yesterday", "Six days", "Fresh", "Disliked"]),
        (
            "month",
            [
                "Just missed the week",
                "Just missed the day",
                "Last month",
                "Yesterday",
                "Six days",
                "Fresh",
                "Disliked",
            ],
        ),
        (
            "all",
            [
                "Long ago",
                "Just missed the month",
                "Just missed the week",
                "Just missed the day",
                "Last month",
                "Yesterday",
                "Six days",
                "Fresh",
                "Disliked",
            ],
        ),
    ],
)
def test_top_orders_articles_of_the_span_by_score(
    client: Client, of_all_ages: None, span: str, expected: list[str]
) -> None:
    assert titles(client.get(f"/top/{span}/").text) == expected


def test_hot_weighs_tenfold_score_like_22_hours(client: Client, author: User) -> None:
    scored(author, "New, ten likes", 10)
    scored(author, "A day old, ten likes", 10, age=22 * HOURS)
    scored(author, "A day old, 99 likes", 99, age=22 * HOURS)
    scored(author, "A day old, 101 likes", 101, age=22 * HOURS)
    scored(author, "New, disliked", 0, 10)
    assert titles(client.get("/hot/").text) == [
        "A day old, 101 likes",
        "New, ten likes",
        "A day old, 99 likes",
        "A day old, ten likes",
        "New, disliked",
    ]


RANKED = ["/hot/", "/top/day/", "/top/week/", "/top/month/", "/top/all/"]


@pytest.mark.parametrize("address", RANKED)
def test_ranked_list_pagination_with_equal_scores(
    client: Client, author: User, settings: LazySettings, address: str
) -> None:
    settings.PAGE_SIZE = 3
    now = timezone.now() - HOURS
    for n in range(10):
        article = factories.published(author, title=f"Article {n}")
        likes = 5 if n < 7 else 9
        Article.objects.filter(pk=article.pk).update(likes=likes, published_at=now, hot=hot(likes, 0, now))
    found, following = [], address
    for _ in range(6):
        page = client.get(following).text
        found += titles(page)
        more = re.search(r'<a class="button" href="(\?after=[^"]+)"', page)
        if not more:
            break
        following = address + more[1]
    assert found == [f"Article {n}" for n in (9, 8, 7, 6, 5, 4, 3, 2, 1, 0)]


INVALID_CURSORS = (
    *("nan-1", "NaN-1", "inf-1", "-inf-1", "1e999-1", "1e400", "x", "-", "1-", "--1", "1-1-1", "1.5.5-1", "9" * 30),
    *("1" * 90, "٣-٣", "1%00-1", "1-" + "9" * 25, "0x1-1", "1_0-1", " 1-1"),
)


@pytest.mark.parametrize("address", RANKED)
def test_ranked_list_invalid_cursor_is_refused(client: Client, of_all_ages: None, address: str) -> None:
    for cursor in INVALID_CURSORS:
        assert client.get(f"{address}?after={cursor}").status_code in {400, 404}, cursor


@pytest.mark.parametrize("address", RANKED[1:])
def test_ranked_list_cursor_out_of_range_is_no_error(client: Client, of_all_ages: None, address: str) -> None:
    for cursor in ("-999999999999999999-1", "999999999999999999-999999999999999999", "-0-0"):
        assert client.get(f"{address}?after={cursor}").status_code == 200, cursor


@pytest.mark.parametrize("address", RANKED)
def test_ranked_lists_exclude_unpublished_articles(client: Client, author: User, address: str) -> None:
    factories.published(author, title="Seen")
    for make in (factories.draft, factories.in_review, factories.hidden):
        make(author, title="Unseen")
    assert titles(client.get(address).text) == ["Seen"]


@pytest.mark.parametrize("span", ["year", "Week", "0", "%00", "week%2F"])
def test_top_unknown_span_is_404(client: Client, span: str) -> None:
    assert client.get(f"/top/{span}/").status_code in {400, 404}


def test_top_redirects_to_week(client: Client) -> None:
    assert client.get("/top/")["Location"] == "/top/week/"
    assert client.post("/top/").status_code == 405


def test_top_empty_span_links_to_longer_one(client: Client, author: User) -> None:
    scored(author, "Old", 3, age=3 * DAYS)
    page = client.get("/top/day/").text
    assert "No articles were published in the last 24 hours." in page
    assert 'href="/top/week/">See the best of this week' in page


@pytest.mark.parametrize(
    ("address", "marked"),
    [("/hot/", ["/hot/"]), ("/top/week/", ["/top/week/", "/top/week/"]), ("/top/all/", ["/top/week/", "/top/all/"])],
)
def test_list_marks_current_order(client: Client, author: User, address: str, marked: list[str]) -> None:
    factories.published(author)
    page = client.get(address).text
    switches = "".join(re.findall(r'<nav class="orders.*?</nav>', page, re.DOTALL))
    assert re.findall(r'<a href="([^"]+)" aria-current="(?:page|true)"', switches) == marked
    assert f'<link rel="canonical" href="http://testserver{address}">' in page


def test_front_page_links_to_other_orders(client: Client, seven: list[Article]) -> None:
    page = client.get("/").text
    switch = re.search(r'<nav class="orders.*?</nav>', page, re.DOTALL)
    assert switch
    assert re.findall(r'href="([^"]+)"', switch[0]) == ["/", "/hot/", "/top/week/"]


def test_ranked_lists_explain_their_order(client: Client, author: User) -> None:
    for address in RANKED:
        assert "Promotions and views do not count." in client.get(address).text


def test_front_page_lists_are_separate(client: Client, author: User, settings: LazySettings) -> None:
    settings.PAGE_SIZE = 3
    for n in range(8):
        scored(author, f"Article {n}", 10 - n, age=(8 - n) * HOURS)
    page = client.get("/").text
    river, aside = page.split('id="most-liked"', 1)
    assert titles(river) == ["Article 7", "Article 6", "Article 5"]
    assert re.findall(r">(Article \d)<", aside) == [f"Article {n}" for n in range(6)]


# --- Queries ----------------------------------------------------------------------------


@pytest.mark.parametrize("address", [*LISTS, *RANKED])
@pytest.mark.parametrize("signed_in", [False, True])
def test_list_query_count_is_bounded_on_every_page(
    client: Client,
    seven: list[Article],
    author: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    address: str,
    signed_in: bool,
) -> None:
    if signed_in:
        client.force_login(factories.UserFactory.create())
    client.get("/about/")
    # The front page has two lists: the newest articles and the most liked ones.
    with django_assert_max_num_queries(5 if signed_in and address == "/" else 4):
        page = client.get(address).text
    more = re.search(r'<a class="button" href="(\?after=[^"]+)"', page)
    assert more
    with django_assert_max_num_queries(4):
        client.get(address + more[1])


def test_tag_page_follows_publication(client: Client, author: User) -> None:
    article = factories.published(author, title="Comes and goes", tag_names=["lamps"])
    assert titles(client.get("/tags/lamps/").text) == ["Comes and goes"]
    publishing.hide(article=article)
    assert titles(client.get("/tags/lamps/").text) == []
    publishing.restore(article=article)
    assert titles(client.get("/tags/lamps/").text) == ["Comes and goes"]


@pytest.mark.usefixtures("real_cache_timeouts")
def test_author_totals_are_cached_for_a_minute(client: Client, author: User) -> None:
    article = factories.published(author)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        assert "0 likes" in client.get("/authors/lilit/").text
        Article.objects.filter(pk=article.pk).update(likes=7)
        assert "7 likes ·" not in " ".join(client.get("/authors/lilit/").text.split())
        clock.shift(61)
        assert "7 likes ·" in " ".join(client.get("/authors/lilit/").text.split())
