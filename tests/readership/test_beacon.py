"""POST /beacon/<pk>/ and the image for readers without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from articles.models import Article
from articles.readership.models import DailyStats, Read, View
from articles.readership.views import reader_of
from articles.services import publishing
from tests import factories

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


def send(
    client: Client,
    article: Article,
    *,
    address: str = "192.0.2.1",
    agent: str = FIREFOX,
    image: bool = False,
    **headers: str,
) -> Any:
    ask = client.get if image else client.post
    return ask(
        reverse("beacon_image" if image else "beacon", args=[article.pk]),
        headers={"Sec-Fetch-Site": "same-origin", "User-Agent": agent, **headers},
        REMOTE_ADDR=address,
    )


def views(article: Article) -> int:
    article.refresh_from_db()
    return article.views


@pytest.fixture
def article() -> Article:
    return factories.published()


@pytest.mark.parametrize("image", [False, True])
def test_a_view_is_written_before_the_answer(client: Client, article: Article, image: bool) -> None:
    response = send(client, article, image=image)
    assert response.status_code == (200 if image else 204)
    assert response["Cache-Control"] == "no-store"
    assert View.objects.get().kind == View.Kind.COUNTED
    assert views(article) == 1  # the task has run


def test_the_image_is_one_pixel(client: Client, article: Article) -> None:
    response = send(client, article, image=True)
    assert response["Content-Type"] == "image/gif"
    assert response.content[:6] == b"GIF89a"
    assert len(response.content) < 50


@pytest.mark.parametrize("image", [False, True])
def test_a_reader_gets_no_cookie(client: Client, article: Article, image: bool) -> None:
    assert not send(client, article, image=image).cookies
    assert not client.cookies


def test_a_thousand_times_by_one_visitor_is_one_view(client: Client, article: Article) -> None:
    for n in range(1000):
        assert send(client, article, image=n % 2 == 1).status_code in {200, 204}
    assert View.objects.count() == 1
    assert views(article) == 1


def test_another_browser_and_another_address_are_other_visitors(client: Client, article: Article) -> None:
    send(client, article)
    send(client, article, agent=FIREFOX.replace("145", "146"))
    send(client, article, address="192.0.2.2")
    assert View.objects.filter(kind=View.Kind.COUNTED).count() == 3


def test_the_next_day_counts_again_in_the_sites_own_time_zone(
    client: Client, article: Article, settings: LazySettings
) -> None:
    assert settings.TIME_ZONE == "Asia/Yerevan"  # UTC+4
    with time_machine.travel("2026-11-22T19:50:00Z", tick=False):
        send(client, article)
    with time_machine.travel("2026-11-22T20:10:00Z", tick=False):
        send(client, article)
        send(client, article)
    days = View.objects.order_by("day").values_list("day", flat=True)
    assert [str(day) for day in days] == ["2026-11-22", "2026-11-23"]


@pytest.mark.parametrize(
    ("kind", "column"), [("author", "by_author"), ("staff", "by_staff"), ("bot", "by_bots"), ("over_rate", "over_rate")]
)
def test_who_is_not_counted_is_counted_apart(
    client: Client, article: Article, settings: LazySettings, kind: str, column: str
) -> None:
    if kind == "author":
        client.force_login(article.author)
    elif kind == "staff":
        client.force_login(factories.PersonFactory.create(is_staff=True))
    elif kind == "over_rate":
        settings.VIEWS_PER_ADDRESS = 0
    send(client, article, agent="curl/8" if kind == "bot" else FIREFOX)
    send(client, article, agent="curl/9" if kind == "bot" else FIREFOX)
    assert View.objects.get().kind == kind
    assert views(article) == 0
    stats = DailyStats.objects.get()
    assert (stats.views, getattr(stats, column)) == (0, 1)


def test_a_signed_in_reader_is_counted_once_wherever(client: Client, article: Article) -> None:
    client.force_login(factories.PersonFactory.create())
    send(client, article)
    send(client, article, address="198.51.100.7", agent="Mozilla/5.0 another")
    assert View.objects.get().kind == View.Kind.COUNTED


@pytest.mark.parametrize("image", [False, True])
def test_a_prefetch_is_not_recorded_at_all(client: Client, article: Article, image: bool) -> None:
    assert send(client, article, image=image, **{"Sec-Purpose": "prefetch"}).status_code in {200, 204}
    assert not View.objects.exists()


def test_beyond_the_cap_an_address_is_counted_apart(client: Client, article: Article, settings: LazySettings) -> None:
    settings.VIEWS_PER_ADDRESS = 3
    for n in range(10):
        send(client, article, agent=f"{FIREFOX} {n}")
    send(client, article, agent=f"{FIREFOX} 0")  # who was counted stays counted, and is not "too many"
    assert View.objects.filter(kind=View.Kind.COUNTED).count() == 3
    assert View.objects.filter(kind=View.Kind.OVER_RATE).count() == 1  # an address cannot fill the table
    send(client, article, address="192.0.2.9")
    assert View.objects.filter(kind=View.Kind.COUNTED).count() == 4


def test_the_cap_is_for_each_article_and_day(client: Client, article: Article, settings: LazySettings) -> None:
    settings.VIEWS_PER_ADDRESS = 1
    other = factories.published()
    for target in (article, other):
        send(client, target)
        send(client, target, agent=FIREFOX + " other")
    assert View.objects.filter(kind=View.Kind.COUNTED).count() == 2


@pytest.mark.parametrize("image", [False, True])
@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": ""}])
def test_another_sites_page_counts_nothing(
    client: Client, article: Article, image: bool, headers: dict[str, str]
) -> None:
    response = send(client, article, image=image, **headers)
    assert response.status_code == 403
    assert response["Cache-Control"] == "no-store"
    assert not View.objects.exists()


def test_only_a_post_and_no_token(article: Article) -> None:
    client = Client(enforce_csrf_checks=True)
    assert send(client, article).status_code == 204
    for method in ("get", "head", "put", "delete"):
        assert getattr(client, method)(reverse("beacon", args=[article.pk])).status_code == 405
    assert Client().post(reverse("beacon_image", args=[article.pk])).status_code == 405
    assert View.objects.count() == 1


@pytest.mark.parametrize("make", [factories.draft, factories.in_review, factories.hidden])
def test_what_is_not_published_has_no_readers(client: Client, make: Callable[[], Article]) -> None:
    article = make()
    assert send(client, article).status_code == 404
    assert send(client, article, image=True).status_code == 404
    assert not View.objects.exists()


@pytest.mark.parametrize("pk", [0, 404, 2**63, 10**30])
def test_nothing_there_is_a_404(client: Client, pk: int) -> None:
    assert client.post(f"/beacon/{pk}/", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 404


def test_taken_down_between_two_statements(client: Client, article: Article, monkeypatch: pytest.MonkeyPatch) -> None:
    def goes(reader: object) -> object:
        publishing.hide(article=article)
        return reader_of(reader)  # type: ignore[arg-type]

    monkeypatch.setattr("articles.readership.views.reader_of", goes)
    assert send(client, article).status_code == 404
    assert not View.objects.exists()


@pytest.mark.parametrize("agent", ["\x00", "é" * 3000, "\udcff", "Ֆ"])
def test_odd_user_agents_are_taken(client: Client, article: Article, agent: str) -> None:
    response = client.post(
        reverse("beacon", args=[article.pk]), HTTP_USER_AGENT=agent, HTTP_SEC_FETCH_SITE="same-origin"
    )
    assert response.status_code == 204
    assert View.objects.count() == 1


def test_statements_of_a_beacon(client: Client, article: Article) -> None:
    send(client, article)  # makes the day's salt and asks for the roll-up
    # The article; what is new, its row and its tally. They are one statement where the database has such a thing.
    news = 2 if connection.vendor == "postgresql" else 4
    for expected, agent in ((news, FIREFOX + " other"), (2, FIREFOX)):
        with CaptureQueriesContext(connection) as queries:
            send(client, article, agent=agent)
        statements = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
        assert len(statements) == expected, statements


def test_what_is_too_much_already_writes_nothing(client: Client, article: Article, settings: LazySettings) -> None:
    settings.VIEWS_PER_ADDRESS = 1
    for n in range(2):
        send(client, article, agent=f"{FIREFOX} {n}")
    with CaptureQueriesContext(connection) as queries:
        assert send(client, article, agent=f"{FIREFOX} 3").status_code == 204
    assert len([query for query in queries if "SAVEPOINT" not in query["sql"]]) == 2  # the article, and what is new
    assert sorted(View.objects.values_list("kind", flat=True)) == ["counted", "over_rate"]


def read(client: Client, article: Article, *, agent: str = FIREFOX, **headers: str) -> Any:
    return client.post(
        reverse("beacon_read", args=[article.pk]),
        headers={"Sec-Fetch-Site": "same-origin", "User-Agent": agent, **headers},
    )


def test_a_read_is_counted_once_and_apart_from_views(client: Client, article: Article) -> None:
    for _ in range(3):
        response = read(client, article)
        assert (response.status_code, response["Cache-Control"]) == (204, "no-store")
    assert Read.objects.get().kind == Read.Kind.COUNTED
    assert not View.objects.exists()
    assert views(article) == 0
    stats = DailyStats.objects.get()
    assert (stats.views, stats.reads) == (0, 1)


def test_a_reader_is_the_same_visitor_in_views_and_reads(client: Client, article: Article) -> None:
    send(client, article, address="127.0.0.1")
    read(client, article)
    assert bytes(Read.objects.get().visitor) == bytes(View.objects.get().visitor)


def test_reads_by_author_bots_and_too_many_from_one_address_are_no_reads(
    client: Client, article: Article, settings: LazySettings
) -> None:
    settings.VIEWS_PER_ADDRESS = 1
    for agent in (FIREFOX, FIREFOX + " other", "curl/8"):
        read(client, article, agent=agent)
    client.force_login(article.author)
    read(client, article)
    assert sorted(Read.objects.values_list("kind", flat=True)) == ["author", "bot", "counted", "over_rate"]
    stats = DailyStats.objects.get()
    assert (stats.reads, stats.views, stats.by_author, stats.by_bots, stats.over_rate) == (1, 0, 0, 0, 0)


def test_a_read_is_asked_for_like_a_view(client: Client, article: Article) -> None:
    assert client.get(reverse("beacon_read", args=[article.pk])).status_code == 405
    assert read(client, article, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert read(client, factories.hidden()).status_code == 404
    assert read(client, article, **{"Sec-Purpose": "prefetch"}).status_code == 204
    assert not Read.objects.exists()
