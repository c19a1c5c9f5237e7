"""/my/statistics/ and /my/articles/<pk>/statistics/: an author's numbers by day, and who sees them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from articles.models import Article
from articles.readership.exits import NO_REFERRER, OTHER, QUARTERS, SAME_SITE
from articles.readership.models import DailyReferrer, DailyStats
from articles.services import publishing
from articles.voting.models import Vote
from articles.voting.services import cast_vote
from spokesperson.author_statistics import MAX_MONTHS, Row, statistics
from tests import factories
from tests.moderation.users import administrator, moderator

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 20)


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 20, 9, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def author() -> User:
    return factories.UserFactory.create()


@pytest.fixture
def article(author: User) -> Article:
    return factories.published(author, title="The yard light")


@pytest.fixture
def signed_in(client: Client, author: User) -> Client:
    client.force_login(author)
    return client


def day(article: Article, ago: int, **numbers: Any) -> None:
    DailyStats.objects.create(article=article, day=TODAY - timedelta(days=ago), **numbers)


def visits(article: Article, ago: int, **sites: int) -> None:
    for site, number in sites.items():
        name = {"direct": NO_REFERRER, "own": SAME_SITE, "more": OTHER}.get(site, f"{site}.example")
        DailyReferrer.objects.create(article=article, day=TODAY - timedelta(days=ago), site=name, visits=number)


def shown(client: Client, article: Article | None, period: str = "30") -> Any:
    url = f"/my/articles/{article.pk}/statistics/" if article else "/my/statistics/"
    response = client.get(url, {"days": period})
    assert response.status_code == 200
    return response


def rows(client: Client, url: str) -> list[list[str]]:
    response = client.get(url)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert "private" in response["Cache-Control"]
    return list(csv.reader(response.text.splitlines()))


def total(response: Any) -> tuple[int, int, int, int]:
    row = response.context["statistics"].total
    return row.readers.views, row.readers.reads, row.likes, row.dislikes


# --- Who sees it ---------------------------------------------------------------------------------


@pytest.mark.parametrize("file", ["", "days.csv", "sites.csv"])
def test_statistics_of_an_article_are_for_its_author_only(client: Client, article: Article, file: str) -> None:
    url = f"/my/articles/{article.pk}/statistics/{file}"
    assert client.get(url).status_code == 302
    for user in (factories.UserFactory.create(), moderator(), administrator()):
        client.force_login(user)
        assert client.get(url).status_code == 404
    client.force_login(article.author)
    response = client.get(url)
    assert response.status_code == 200
    assert "private" in response["Cache-Control"]
    assert "no-store" in response["Cache-Control"]


def test_statistics_of_all_articles_are_the_users_own(client: Client, article: Article) -> None:
    day(article, 0, views=9)
    client.force_login(factories.UserFactory.create())
    assert total(shown(client, None)) == (0, 0, 0, 0)
    client.force_login(article.author)
    assert total(shown(client, None)) == (9, 0, 0, 0)


def test_my_articles_links_to_the_statistics(signed_in: Client, article: Article) -> None:
    draft = factories.draft(article.author)
    page = signed_in.get("/my/articles/").text
    assert 'href="/my/statistics/"' in page
    assert f'href="/my/articles/{article.pk}/statistics/"' in page
    assert f"/my/articles/{draft.pk}/statistics/" not in page


def test_statistics_of_a_hidden_article_stay(signed_in: Client, article: Article) -> None:
    day(article, 0, views=4)
    publishing.hide(article=article)
    response = shown(signed_in, article)
    assert total(response)[0] == 4
    assert article.get_absolute_url() not in response.text


# --- The numbers ---------------------------------------------------------------------------------


def test_periods_end_today(signed_in: Client, article: Article) -> None:
    for ago in (0, 6, 7, 29, 30, 89, 90, 400):
        day(article, ago, views=1, reads=1)
    day(article, -1, views=1)  # the clock was wrong
    views = {period: total(shown(signed_in, article, period))[0] for period in ("7", "30", "90", "all")}
    assert views == {"7": 2, "30": 4, "90": 6, "all": 8}
    assert [len(shown(signed_in, article, period).context["charts"]["views"].bars) for period in views] == [
        *(7, 30, 90),
        18,  # 15 months, and three before for the labels
    ]
    assert shown(signed_in, article, "nonsense").context["period"] == "30"


def test_all_time_adds_up_months(signed_in: Client, article: Article) -> None:
    for ago in (0, 19, 20, 60):  # two days of November, one of October, one of September
        day(article, ago, views=10, quarter_1=1, quarter_4=2)
    found = statistics({"article": article.pk}, period="all")
    assert [(str(row.day), row.readers.views) for row in found.rows] == [
        ("2026-06-01", 0),
        ("2026-07-01", 0),
        ("2026-08-01", 0),
        ("2026-09-01", 10),
        ("2026-10-01", 10),
        ("2026-11-01", 20),
    ]
    assert found.rows[-1].readers.quarters == [2, 0, 0, 4]
    assert found.total.readers == (40, 0, [4, 0, 0, 8])


def test_all_time_of_a_wrong_clock_is_limited(signed_in: Client, article: Article) -> None:
    DailyStats.objects.create(article=article, day=date(1, 1, 1), views=1)
    assert len(shown(signed_in, article, "all").context["charts"]["views"].bars) == MAX_MONTHS


def test_all_articles_are_added_up(signed_in: Client, author: User, article: Article) -> None:
    other = factories.published(author)
    for one in (article, other, factories.published()):
        day(one, 1, views=5, reads=2, quarter_2=3)
        visits(one, 1, a=2)
    response = shown(signed_in, None)
    assert total(response) == (10, 4, 0, 0)
    assert [number for _, number, _ in response.context["quarters"]] == [0, 6, 0, 0]
    # Three readers of both together, not of one.
    assert ("a.example", 4, 100) in response.context["sites"]


def test_votes_are_shown_on_the_day_of_their_last_change(signed_in: Client, article: Article) -> None:
    users = [factories.UserFactory.create() for _ in range(4)]
    for user, value in zip(users, (1, 1, -1, 1), strict=True):
        cast_vote(article=article, user=user, value=value)  # type: ignore[arg-type]
    Vote.objects.filter(voter__in=users[:2]).update(updated_at=datetime(2026, 11, 18, 20, 30, tzinfo=UTC))
    Vote.objects.filter(voter=users[2]).update(updated_at=datetime(2026, 10, 1, tzinfo=UTC))
    cast_vote(article=article, user=users[1], value=-1)
    cast_vote(article=article, user=users[3], value=0)
    found = statistics({"article": article.pk}, period="30")
    # 20:30 UTC is the next day in Yerevan.
    votes = {str(row.day): (row.likes, row.dislikes) for row in found.rows if row.likes or row.dislikes}
    assert votes == {"2026-11-19": (1, 0), "2026-11-20": (0, 1)}
    article.refresh_from_db()
    everything = statistics({"article": article.pk}, period="all").total
    assert (everything.likes, everything.dislikes) == (article.likes, article.dislikes) == (1, 2)


def test_quarters_of_fewer_readers_than_three_are_not_shown(signed_in: Client, article: Article) -> None:
    day(article, 0, views=9, quarter_1=1)
    day(article, 1, views=9, quarter_4=1)
    response = shown(signed_in, article)
    assert response.context["quarters"] == []
    assert "at least 3 readers" in response.text
    day(article, 2, views=9, quarter_2=2, quarter_4=2)
    response = shown(signed_in, article)
    assert [(number, share) for _, number, share in response.context["quarters"]] == [
        *((1, 17), (2, 33), (0, 0), (3, 50)),
    ]
    days = rows(signed_in, f"/my/articles/{article.pk}/statistics/days.csv?days=7")
    assert [row[5:] for row in days[1:]] == [["0", "2", "0", "2"], [""] * 4, [""] * 4]


def test_sites_with_fewer_visits_than_three_are_other_sites(signed_in: Client, article: Article) -> None:
    visits(article, 0, a=2, b=2, direct=1, own=1, more=1)
    visits(article, 5, a=1)
    visits(article, 10, b=1)
    week = shown(signed_in, article, "7").context["sites"]
    assert [(name, number) for name, number, _ in week] == [
        ("a.example", 3),
        ("This site", 1),
        ("Unknown, or opened directly", 1),
        ("Other sites", 3),
    ]
    assert "b.example" not in shown(signed_in, article, "7").text
    assert ("b.example", 3) in [row[:2] for row in shown(signed_in, article, "30").context["sites"]]


def test_sites_beyond_the_number_that_is_shown_are_other_sites(signed_in: Client, article: Article) -> None:
    visits(article, 0, **{f"site{n:02}": 30 - n for n in range(25)})
    sites = shown(signed_in, article).context["sites"]
    assert [name for name, *_ in sites] == [*(f"site{n:02}.example" for n in range(20)), "Other sites"]
    assert sites[-1][1] == sum(30 - n for n in range(20, 25))


def test_days_before_exits_were_counted_say_so(signed_in: Client, article: Article) -> None:
    day(article, 20, views=50, **dict.fromkeys(QUARTERS))
    day(article, 3, views=10, quarter_4=5)
    assert "Counted since 17 November 2026" in shown(signed_in, article, "30").text
    assert "Counted since" not in shown(signed_in, article, "7").text
    DailyStats.objects.filter(quarter_4=5).delete()
    assert "Counted since 20 November 2026" in shown(signed_in, article, "30").text
    [_, row] = rows(signed_in, f"/my/articles/{article.pk}/statistics/days.csv")
    assert row == ["2026-10-31", "50", "0", "0", "0", "", "", "", ""]


def test_statistics_of_an_article_without_readers(signed_in: Client, article: Article) -> None:
    for period in ("7", "all"):
        response = shown(signed_in, article, period)
        assert response.context["rows"] == []
        assert "Nothing was counted" in response.text
    assert len(rows(signed_in, "/my/statistics/days.csv")) == 1


def test_rows_add_up_where_quarters_are_unknown() -> None:
    found = statistics({"article": 0}, period="7")
    assert found.total == Row(TODAY)
    assert len(found.rows) == 7


# --- Files ---------------------------------------------------------------------------------------


def test_days_as_csv(signed_in: Client, article: Article) -> None:
    day(article, 1, views=5, reads=2, quarter_2=3)
    day(article, 40, views=7)
    url = f"/my/articles/{article.pk}/statistics/days.csv"
    head, *lines = rows(signed_in, url)
    assert head == [*("day", "views", "reads", "likes", "dislikes"), *(f"stopped_in_quarter_{n}" for n in (1, 2, 3, 4))]
    assert lines == [["2026-11-19", "5", "2", "0", "0", "0", "3", "0", "0"]]
    assert [line[0] for line in rows(signed_in, f"{url}?days=all")[1:]] == ["2026-10-11", "2026-11-19"]
    assert rows(signed_in, "/my/statistics/days.csv") == [head, *lines]


def test_sites_as_csv(signed_in: Client, article: Article) -> None:
    visits(article, 0, a=3, b=2, direct=4, own=5)
    expected = [["site", "visits"], ["a.example", "3"], ["(this site)", "5"], ["(unknown)", "4"], ["(other)", "2"]]
    assert rows(signed_in, f"/my/articles/{article.pk}/statistics/sites.csv") == expected
    assert rows(signed_in, "/my/statistics/sites.csv") == expected


# --- Bounds --------------------------------------------------------------------------------------


@pytest.mark.parametrize("period", ["30", "all"])
def test_queries_do_not_grow_with_articles_and_years(signed_in: Client, author: User, period: str) -> None:
    def queries(article: Article | None) -> int:
        with CaptureQueriesContext(connection) as found:
            response = shown(signed_in, article, period)
        assert len(response.content) < 60_000
        return len(found)

    article = factories.published(author)
    shown(signed_in, None, period)
    few = queries(article), queries(None)
    assert few == (7, 6), "session, user, the article; days, votes, sites and their sums"
    for one in [article, *(factories.published(author) for _ in range(5))]:
        DailyStats.objects.bulk_create(
            DailyStats(article=one, day=TODAY - timedelta(days=ago), views=10**6, reads=9, quarter_4=4)
            for ago in range(800)
        )
        visits(one, 1, **{f"site{n}": 5 for n in range(30)})
    assert (queries(article), queries(None)) == few
