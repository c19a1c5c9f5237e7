"""Exits: how far readers got, and which sites they came from, in sums of a day."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from io import BytesIO
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from articles.models import Article
from articles.readership import exits, recount, services
from articles.readership.exits import MAX_BODY_LENGTH, NO_REFERRER, OTHER, SAME_SITE, exit_metrics, site_of, site_shown
from articles.readership.models import DailyReferrer, DailyStats, PageExit, PageRead, PageView, PendingExitCount
from articles.readership.services import Beacon, ingest
from articles.readership.visitors import Visitor, today
from articles.readership.wsgi import BeaconApplication
from tests import factories
from tests.readership.wsgi import FIREFOX, ask, environ_of, open_connections

pytestmark = pytest.mark.django_db


@pytest.fixture
def article() -> Article:
    return factories.published()


def leave(client: Client, article: Article, report: str = "3 www.example.org", **headers: str) -> Any:
    return client.post(
        f"/beacon/{article.pk}/exit/",
        report,
        content_type="text/plain;charset=UTF-8",
        headers={"Sec-Fetch-Site": "same-origin", "User-Agent": FIREFOX, **headers},
    )


def quarters(article: Article) -> list[int | None]:
    stats = DailyStats.objects.get(article=article)
    return [stats.quarter_1, stats.quarter_2, stats.quarter_3, stats.quarter_4]


def visits() -> dict[str, int]:
    return dict(DailyReferrer.objects.values_list("site", "visits"))


@pytest.mark.parametrize(
    ("host", "site"),
    [
        ("", NO_REFERRER),
        ("news.example.org", SAME_SITE),
        ("www.Example.ORG", "example.org"),
        ("com.google.android.gm", "com.google.android.gm"),
        ("xn--80ak6aa92e.xn--p1ai", "xn--80ak6aa92e.xn--p1ai"),
        ("localhost", OTHER),
        ("intranet", OTHER),
        ("192.0.2.1", OTHER),
        ("[2001:db8::1]", OTHER),
        ("a..b", OTHER),
        ("=cmd|x", OTHER),
        (f"{'a' * 98}.org", OTHER),
    ],
)
def test_site_of_host_names(host: str, site: str) -> None:
    assert site_of(host, own_host="news.example.org") == site


def test_site_shown_in_its_own_alphabet() -> None:
    assert site_shown("xn--80ak6aa92e.xn--p1ai") == "аррӏе.рф"
    assert site_shown("example.org") == "example.org"
    assert site_shown("xn--a.org") == "xn--a.org"


@pytest.mark.parametrize(
    "body",
    [b"", b"0 ", b"5 ", b"3", b"33 a.org", b"3 a.org b", b"3 \xff", b"3 " + b"a" * 256, b"x a.org", b"3 a.org\n"],
)
def test_exit_metrics_of_other_texts(body: bytes) -> None:
    assert exit_metrics(body, own_host="x") == ()


def test_exit_is_counted_in_sums_of_the_day(client: Client, article: Article) -> None:
    response = leave(client, article)
    assert response.status_code == 204
    assert response["Cache-Control"] == "no-store"
    assert not response.cookies
    assert quarters(article) == [0, 0, 1, 0]
    assert visits() == {"example.org": 1}
    assert not PendingExitCount.objects.exists()
    assert not list(recount.recount(repair=False))


def test_exit_row_of_a_visitor_has_neither_quarter_nor_site(client: Client, article: Article) -> None:
    leave(client, article)
    columns = {field.name for field in PageExit._meta.concrete_fields}
    assert columns == {field.name for field in PageView._meta.concrete_fields}
    row = PageExit.objects.values().get()
    assert "example" not in str(row)
    assert row["kind"] == PageExit.Kind.COUNTED


def test_exit_again_on_the_same_day_is_not_counted(client: Client, article: Article) -> None:
    for report in ("1 ", "4 a.example", "2 b.example"):
        leave(client, article, report)
    assert PageExit.objects.count() == 1
    assert quarters(article) == [1, 0, 0, 0]
    assert visits() == {NO_REFERRER: 1}


@pytest.mark.parametrize("kind", ["author", "staff", "bot", "over_rate"])
def test_exit_of_kinds_that_are_not_counted(
    client: Client, article: Article, settings: LazySettings, kind: str
) -> None:
    if kind == "author":
        client.force_login(article.author)
    elif kind == "staff":
        client.force_login(factories.UserFactory.create(is_staff=True))
    elif kind == "over_rate":
        settings.VIEWS_PER_ADDRESS = 0
    assert leave(client, article, **({"User-Agent": "curl/8"} if kind == "bot" else {})).status_code == 204
    assert PageExit.objects.get().kind == kind
    assert not DailyStats.objects.exists()
    assert not DailyReferrer.objects.exists()


def test_exit_from_elsewhere_is_not_recorded(client: Client, article: Article) -> None:
    assert leave(client, article, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert leave(client, article, "nonsense").status_code == 400
    assert leave(client, article, "3 " + "a" * 10_000).status_code == 400
    assert client.get(f"/beacon/{article.pk}/exit/").status_code == 405
    assert leave(client, factories.draft()).status_code == 404
    assert not PageExit.objects.exists()


def test_exit_through_the_beacon_application(article: Article) -> None:
    def unreachable(*_: Any) -> Any:
        raise AssertionError

    def environ(report: bytes, address: str) -> dict[str, Any]:
        path = f"/beacon/{article.pk}/exit/"
        body: dict[str, Any] = {"CONTENT_LENGTH": str(len(report)), "wsgi.input": BytesIO(report)}
        return environ_of(path, REMOTE_ADDR=address, CONTENT_TYPE="text/plain", **body)

    with open_connections():
        app = BeaconApplication(unreachable)
        assert ask(app, environ(b"4 example.org", "192.0.2.1")).status == 204
        assert ask(app, environ(b"2 example.org", "192.0.2.2")).status == 204
        assert ask(app, environ(b"nonsense", "192.0.2.3")).status == 400
        with pytest.raises(AssertionError):
            ask(app, environ(b"4 " + b"a" * MAX_BODY_LENGTH, "192.0.2.4"))
        assert ask(BeaconApplication(get_wsgi_application()), environ(b"4 " + b"a" * 999, "192.0.2.4")).status == 400
    services.rollup()
    assert quarters(article) == [0, 1, 0, 1]
    assert visits() == {"example.org": 2}


def beacon(article: Article, n: int, *metrics: str) -> Beacon:
    return Beacon(PageExit, article.pk, Visitor(address=f"198.51.100.{n}", user_agent=FIREFOX), metrics)


def test_ingest_exits_with_as_many_statements_as_views(article: Article) -> None:
    def statements(beacons: list[Beacon]) -> int:
        ingest(beacons[:1])  # the salt and the article's author
        with CaptureQueriesContext(connection) as queries:
            ingest(beacons)
        return sum("SAVEPOINT" not in query["sql"] for query in queries)

    views = [beacon(article, n)._replace(model=PageView) for n in range(30)]
    left = [beacon(article, n, f"quarter_{n % 4 + 1}", f"from:{n % 7}.example.org") for n in range(30)]
    # The articles' authors, the rows that exist, the new rows, and their sums.
    assert statements(views) == statements(left) == 4
    assert PendingExitCount.objects.count() < 30


def test_rollup_of_exits_adds_each_once(article: Article) -> None:
    other = factories.published()
    sites = ("from:a.example", "from:b.example", "from:")
    for browser in range(2):
        batch = [beacon(one, n, "quarter_2", sites[n % 3]) for one in (article, other) for n in range(9)]
        ingest([one._replace(visitor=one.visitor._replace(user_agent=f"{FIREFOX} {browser}")) for one in batch])
        services.rollup(batch=3)
        services.rollup()
    assert quarters(article) == quarters(other) == [0, 18, 0, 0]
    assert set(DailyReferrer.objects.filter(article=other).values_list("site", "visits")) == {
        ("a.example", 6),
        ("b.example", 6),
        ("", 6),
    }
    assert DailyReferrer.objects.filter(article=article).count() == 3


def test_rollup_of_exits_adds_nothing_to_views(article: Article) -> None:
    ingest([beacon(article, 1, "quarter_1", "from:")])
    assert services.rollup() == 0
    article.refresh_from_db()
    assert article.views == DailyStats.objects.get().views == 0


def test_rollup_of_exits_limits_sites_of_a_day(article: Article, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MAX_SITES", 2)
    for n in range(6):
        ingest([beacon(article, n, "quarter_1", f"from:{n % 4}.example")])
        services.rollup()
    assert visits() == {"0.example": 2, "1.example": 2, OTHER: 2}


def test_rollup_of_exits_on_a_day_that_the_version_before_began(article: Article) -> None:
    unknown = dict.fromkeys(exits.QUARTERS)
    DailyStats.objects.create(article=article, day=today(), views=5, **unknown)
    ingest([beacon(article, 1, "quarter_4", "from:")])
    services.rollup()
    assert quarters(article) == [None, None, None, 1]


def test_delete_old_data_deletes_exits_and_sites(article: Article) -> None:
    create = partial(DailyReferrer.objects.create, article=article, site="a.example", visits=3)
    create(day=today() - timedelta(days=services.REFERRER_DAYS + 1))
    create(day=today() - timedelta(days=services.REFERRER_DAYS))
    ingest([beacon(article, 1, "quarter_4", "from:")])
    PageExit.objects.update(day=today() - timedelta(days=3))
    PageRead.objects.all().delete()
    assert services.delete_old_data() == 2
    assert not PageExit.objects.exists()
    assert DailyReferrer.objects.count() == 1
