"""POST /beacon/<pk>/ and the image for browsers without JavaScript."""

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
from articles.readership.models import DailyStats, PageRead, PageView
from articles.services import coauthors
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
def test_beacon_writes_the_view_before_it_answers(client: Client, article: Article, image: bool) -> None:
    response = send(client, article, image=image)
    assert response.status_code == (200 if image else 204)
    assert response["Cache-Control"] == "no-store"
    assert PageView.objects.get().kind == PageView.Kind.COUNTED
    assert views(article) == 1  # the task has run


def test_beacon_image_is_one_pixel(client: Client, article: Article) -> None:
    response = send(client, article, image=True)
    assert response["Content-Type"] == "image/gif"
    assert response.content[:6] == b"GIF89a"
    assert len(response.content) < 50


@pytest.mark.parametrize("image", [False, True])
def test_beacon_sets_no_cookie(client: Client, article: Article, image: bool) -> None:
    assert not send(client, article, image=image).cookies
    assert not client.cookies


def test_beacon_a_thousand_times_is_one_view(client: Client, article: Article) -> None:
    for n in range(1000):
        assert send(client, article, image=n % 2 == 1).status_code in {200, 204}
    assert PageView.objects.count() == 1
    assert views(article) == 1


def test_beacon_another_browser_or_address_is_another_visitor(client: Client, article: Article) -> None:
    send(client, article)
    send(client, article, agent=FIREFOX.replace("145", "146"))
    send(client, article, address="192.0.2.2")
    assert PageView.objects.filter(kind=PageView.Kind.COUNTED).count() == 3


def test_beacon_counts_again_on_the_next_day_of_the_site(
    client: Client, article: Article, settings: LazySettings
) -> None:
    assert settings.TIME_ZONE == "Asia/Yerevan"  # UTC+4
    Article.objects.update(published_at=datetime(2026, 11, 1, tzinfo=UTC))
    with time_machine.travel("2026-11-22T19:50:00Z", tick=False):
        send(client, article)
    with time_machine.travel("2026-11-22T20:10:00Z", tick=False):
        send(client, article)
        send(client, article)
    days = PageView.objects.order_by("day").values_list("day", flat=True)
    assert [str(day) for day in days] == ["2026-11-22", "2026-11-23"]


@pytest.mark.parametrize(
    ("kind", "column"), [("author", "by_author"), ("staff", "by_staff"), ("bot", "by_bots"), ("over_rate", "over_rate")]
)
def test_beacon_kinds_that_are_not_counted(
    client: Client, article: Article, settings: LazySettings, kind: str, column: str
) -> None:
    if kind == "author":
        client.force_login(article.author)
    elif kind == "staff":
        client.force_login(factories.UserFactory.create(is_staff=True))
    elif kind == "over_rate":
        settings.VIEWS_PER_ADDRESS = 0
    send(client, article, agent="curl/8" if kind == "bot" else FIREFOX)
    send(client, article, agent="curl/9" if kind == "bot" else FIREFOX)
    assert PageView.objects.get().kind == kind
    assert views(article) == 0
    stats = DailyStats.objects.get()
    assert (stats.views, getattr(stats, column)) == (0, 1)


def test_views_of_coauthors_are_not_counted(client: Client, article: Article) -> None:
    user = factories.UserFactory.create()
    row = coauthors.invite(article=article, username=user.username)
    coauthors.accept(invitation=row, user=user)
    client.force_login(user)
    send(client, article)
    assert PageView.objects.get().kind == PageView.Kind.AUTHOR
    assert views(article) == 0
    page = client.get(reverse("article_views", args=[article.pk]))
    assert "Only the authors can see this." in page.text


def test_beacon_signed_in_user_is_counted_once_everywhere(client: Client, article: Article) -> None:
    client.force_login(factories.UserFactory.create())
    send(client, article)
    send(client, article, address="198.51.100.7", agent="Mozilla/5.0 another")
    assert PageView.objects.get().kind == PageView.Kind.COUNTED


@pytest.mark.parametrize("image", [False, True])
def test_beacon_prefetch_is_not_recorded(client: Client, article: Article, image: bool) -> None:
    assert send(client, article, image=image, **{"Sec-Purpose": "prefetch"}).status_code in {200, 204}
    assert not PageView.objects.exists()


def test_beacon_over_the_limit_of_an_address(client: Client, article: Article, settings: LazySettings) -> None:
    settings.VIEWS_PER_ADDRESS = 3
    for n in range(10):
        send(client, article, agent=f"{FIREFOX} {n}")
    send(client, article, agent=f"{FIREFOX} 0")  # already counted
    assert PageView.objects.filter(kind=PageView.Kind.COUNTED).count() == 3
    assert PageView.objects.filter(kind=PageView.Kind.OVER_RATE).count() == 1  # one row for all of them
    send(client, article, address="192.0.2.9")
    assert PageView.objects.filter(kind=PageView.Kind.COUNTED).count() == 4


def test_beacon_limit_is_per_article(client: Client, article: Article, settings: LazySettings) -> None:
    settings.VIEWS_PER_ADDRESS = 1
    other = factories.published()
    for target in (article, other):
        send(client, target)
        send(client, target, agent=FIREFOX + " other")
    assert PageView.objects.filter(kind=PageView.Kind.COUNTED).count() == 2


@pytest.mark.parametrize("image", [False, True])
@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": ""}])
def test_beacon_from_another_site_is_403(
    client: Client, article: Article, image: bool, headers: dict[str, str]
) -> None:
    response = send(client, article, image=image, **headers)
    assert response.status_code == 403
    assert response["Cache-Control"] == "no-store"
    assert not PageView.objects.exists()


def test_beacon_needs_post_and_no_csrf_token(article: Article) -> None:
    client = Client(enforce_csrf_checks=True)
    assert send(client, article).status_code == 204
    for method in ("get", "head", "put", "delete"):
        assert getattr(client, method)(reverse("beacon", args=[article.pk])).status_code == 405
    assert Client().post(reverse("beacon_image", args=[article.pk])).status_code == 405
    assert PageView.objects.count() == 1


@pytest.mark.parametrize("make", [factories.draft, factories.in_review, factories.hidden])
def test_beacon_of_unpublished_article_is_404(client: Client, make: Callable[[], Article]) -> None:
    article = make()
    assert send(client, article).status_code == 404
    assert send(client, article, image=True).status_code == 404
    assert not PageView.objects.exists()


@pytest.mark.parametrize("pk", [0, 404, 2**63, 10**30])
def test_beacon_of_missing_article_is_404(client: Client, pk: int) -> None:
    assert client.post(f"/beacon/{pk}/", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 404


@pytest.mark.parametrize("agent", ["\x00", "é" * 3000, "\udcff", "Ֆ"])
def test_beacon_with_unusual_user_agent(client: Client, article: Article, agent: str) -> None:
    response = client.post(
        reverse("beacon", args=[article.pk]), HTTP_USER_AGENT=agent, HTTP_SEC_FETCH_SITE="same-origin"
    )
    assert response.status_code == 204
    assert PageView.objects.count() == 1


def test_beacon_statements(client: Client, article: Article) -> None:
    send(client, article)  # creates the day's salt and schedules the rollup
    # The article, known hits, the row, its pending count.
    for expected, agent in ((4, FIREFOX + " other"), (2, FIREFOX)):
        with CaptureQueriesContext(connection) as queries:
            send(client, article, agent=agent)
        statements = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
        assert len(statements) == expected, statements


def test_beacon_over_the_limit_again_writes_nothing(client: Client, article: Article, settings: LazySettings) -> None:
    settings.VIEWS_PER_ADDRESS = 1
    for n in range(2):
        send(client, article, agent=f"{FIREFOX} {n}")
    with CaptureQueriesContext(connection) as queries:
        assert send(client, article, agent=f"{FIREFOX} 3").status_code == 204
    assert len([query for query in queries if "SAVEPOINT" not in query["sql"]]) == 2  # the article and known hits
    assert sorted(PageView.objects.values_list("kind", flat=True)) == ["counted", "over_rate"]


def read(client: Client, article: Article, *, agent: str = FIREFOX, **headers: str) -> Any:
    return client.post(
        reverse("beacon_read", args=[article.pk]),
        headers={"Sec-Fetch-Site": "same-origin", "User-Agent": agent, **headers},
    )


def test_beacon_read_is_counted_once_and_apart_from_views(client: Client, article: Article) -> None:
    for _ in range(3):
        response = read(client, article)
        assert (response.status_code, response["Cache-Control"]) == (204, "no-store")
    assert PageRead.objects.get().kind == PageRead.Kind.COUNTED
    assert not PageView.objects.exists()
    assert views(article) == 0
    stats = DailyStats.objects.get()
    assert (stats.views, stats.reads) == (0, 1)


def test_beacon_read_has_the_same_visitor_as_the_view(client: Client, article: Article) -> None:
    send(client, article, address="127.0.0.1")
    read(client, article)
    assert PageRead.objects.get().visitor == PageView.objects.get().visitor


def test_beacon_read_kinds_that_are_not_counted(client: Client, article: Article, settings: LazySettings) -> None:
    settings.VIEWS_PER_ADDRESS = 1
    for agent in (FIREFOX, FIREFOX + " other", "curl/8"):
        read(client, article, agent=agent)
    client.force_login(article.author)
    read(client, article)
    assert sorted(PageRead.objects.values_list("kind", flat=True)) == ["author", "bot", "counted", "over_rate"]
    stats = DailyStats.objects.get()
    assert (stats.reads, stats.views, stats.by_author, stats.by_bots, stats.over_rate) == (1, 0, 0, 0, 0)


def test_beacon_read_is_refused_like_a_view(client: Client, article: Article) -> None:
    assert client.get(reverse("beacon_read", args=[article.pk])).status_code == 405
    assert read(client, article, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert read(client, factories.hidden()).status_code == 404
    assert read(client, article, **{"Sec-Purpose": "prefetch"}).status_code == 204
    assert not PageRead.objects.exists()
