"""The public ledger: page, CSV and JSON."""

from __future__ import annotations

import csv
import re
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from articles.promotion import public_ledger
from articles.promotion.models import LedgerEntry, Promotion, PromotionDay
from articles.promotion.services import decisions, requests
from articles.services import publishing
from core.page_cache.keys import cache_key
from tests import factories
from tests.promotion import actions
from tests.promotion.factories import running

pytestmark = pytest.mark.django_db


def titles(client: Client, query: str = "") -> list[str]:
    return re.findall(r'<h2><a href="[^"]+" lang="en">([^<]+)</a></h2>', client.get(f"/promotions/{query}").text)


def rows(client: Client, query: str = "") -> list[dict[str, str]]:
    return list(csv.DictReader(client.get(f"/promotions.csv{query}").text.splitlines()))


def test_ledger_page_shows_hipositions(client: Client) -> None:
    author = factories.UserFactory.create(display_name="Ani")
    sponsor = factories.UserFactory.create(display_name="Lilit")
    article = factories.published(author, title="The bridge")
    promotion = actions.approved(article=article, sponsor=sponsor, price=2500)
    PromotionDay.objects.create(promotion=promotion, day=timezone.localdate(), impressions=120, clicks=1)
    decisions.revoke(promotion=promotion, moderator=actions.moderator(), reason="The bridge was invented.")
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", client.get("/promotions/").text))
    assert "The bridge" in page
    assert "by Lilit · paid · 25.00\u00a0EUR" in page or "by Lilit · paid · 25.00 EUR" in page
    assert "approved by: moderator" in page
    assert "120 impressions · 1 click" in page.replace("  ", " ")
    positions = [
        page.index(text) for text in ("Payment requested", "Paid · moderator", "Approved · moderator", "Revoked ·")
    ]
    assert positions == sorted(positions)
    assert "The bridge was invented." in page


def test_reason_of_decline_is_not_public(client: Client) -> None:
    promotion = actions.requested()
    decisions.decline(promotion=promotion, moderator=actions.moderator(), reason="Between you and me.")
    for address in ("/promotions/", "/promotions.csv", "/promotions.json"):
        answer = client.get(address).text.lower()
        assert "declined" in answer
        assert "between you and me" not in answer


def test_pending_and_withdrawn_requests_are_not_public(client: Client) -> None:
    actions.requested()
    actions.awaiting()
    taken_back = actions.requested()
    requests.cancel(promotion=taken_back, sponsor=taken_back.sponsor)
    assert titles(client) == []
    assert "No articles have been promoted yet." in client.get("/promotions/").text


def test_ledger_has_no_messages_and_emails(client: Client) -> None:
    promotion = running(message="Please, it is my birthday.")
    for address in ("/promotions/", "/promotions.csv", "/promotions.json"):
        answer = client.get(address).text
        assert "birthday" not in answer
        assert promotion.sponsor.email not in answer


def test_hidden_article_has_no_title_in_ledger(client: Client) -> None:
    article = factories.published(title="Secret", author=factories.UserFactory.create(display_name="Ani"))
    running(article=article, sponsor=article.author)
    publishing.hide(article=article)
    for address in ("/promotions/", "/promotions.csv", "/promotions.json"):
        answer = client.get(address).text
        assert "Secret" not in answer
        assert "secret" not in answer
        assert "Ani" not in answer
    assert "A hidden article" in client.get("/promotions/").text


def test_editorial_pick_names_no_moderator(client: Client) -> None:
    running(kind="editorial", sponsor=factories.UserFactory.create(display_name="Moderator Lilit"))
    page = client.get("/promotions/").text
    assert "editors’ choice" in page
    assert "Moderator Lilit" not in page


def test_ledger_filters(client: Client) -> None:
    now = timezone.now()
    running("front_top", article=factories.published(title="Paid, running"))
    running("beside", article=factories.published(title="Free, over"), kind="free", starts_at=now - timedelta(days=9))
    running("beside", article=factories.published(title="To come"), kind="free", starts_at=now + timedelta(days=2))
    running("front_top", article=factories.published(title="Gone"), state=Promotion.State.REVOKED)
    assert set(titles(client, "?kind=paid")) == {"Paid, running", "Gone"}
    assert set(titles(client, "?place=beside")) == {"Free, over", "To come"}
    assert titles(client, "?state=running") == ["Paid, running"]
    assert titles(client, "?state=scheduled") == ["To come"]
    assert titles(client, "?state=ended") == ["Free, over"]
    assert titles(client, "?state=revoked") == ["Gone"]
    assert titles(client, "?kind=free&place=beside&state=ended") == ["Free, over"]
    assert len(titles(client, "?kind=&place=&state=")) == 4
    assert [row["article"] for row in rows(client, "?state=running")] == ["Paid, running"]
    assert [row["article"] for row in client.get("/promotions.json?state=ended").json()["promotions"]] == ["Free, over"]


@pytest.mark.parametrize(
    "query",
    ["?kind=x", "?place=1", "?state=requested", "?state=awaiting_payment", "?state=approved", "?after=x", "?after=1-"],
)
@pytest.mark.parametrize("address", ["/promotions/", "/promotions.csv", "/promotions.json"])
def test_invalid_ledger_parameters_are_404(client: Client, address: str, query: str) -> None:
    assert client.get(address + query).status_code == 404


def test_ledger_pagination_newest_first(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_ledger, "PAGE_SIZE", 3)
    monkeypatch.setattr(public_ledger, "FILE_SIZE", 3)
    now = timezone.now()
    # The two oldest in the same microsecond.
    made = [running("beside", requested_at=now - timedelta(hours=7 - max(n, 1))) for n in range(7)]
    expected = [one.pk for one in reversed(made)]
    found, query = [], "?place=beside"
    while query:
        page = client.get(f"/promotions/{query}").text
        found += [int(pk) for pk in re.findall(r'<li id="promotion-(\d+)"', page)]
        more = re.search(r'rel="next" href="([^"]+)"', page)
        query = more[1].replace("&amp;", "&") if more else ""
    assert found == expected
    found, address = [], "/promotions.json"
    while address:
        answer = client.get(address).json()
        found += [row["promotion"] for row in answer["promotions"]]
        address = answer["next"]
    assert found == expected
    assert 'rel="next"' in client.get("/promotions.csv")["Link"]


def test_ledger_shows_exact_prices(client: Client) -> None:
    actions.approved(price=2500)
    assert rows(client)[0]["price"] == "25.00 EUR"
    paid = next(
        row for row in client.get("/promotions.json").json()["promotions"][0]["ledger"] if row["event"] == "paid"
    )
    assert paid["amount"] == "25.00\u00a0EUR"


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", " =1"])
def test_csv_escapes_formulas(client: Client, formula: str) -> None:
    running(
        article=factories.published(title=f"{formula} and more"),
        sponsor=factories.UserFactory.create(display_name=formula),
    )
    (row,) = rows(client)
    assert row["article"].startswith("'")
    assert row["sponsor"].startswith("'")


def test_ledger_json_has_complete_hash_chain(client: Client) -> None:
    actions.approved(price=2500)
    actions.approved()
    answer = client.get("/promotions.json").json()
    chain = sorted((row for one in answer["promotions"] for row in one["ledger"]), key=lambda row: row["number"])
    assert len(chain) == LedgerEntry.objects.count()
    assert chain[0]["previous_hash"] == ""
    assert all(one["hash"] == two["previous_hash"] for one, two in pairwise(chain))
    assert answer["head"] == {"number": chain[-1]["number"], "hash": chain[-1]["hash"]}


def test_ledger_query_count_does_not_grow(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        actions.approved(price=2500)
        running("beside")
    client.get("/about/")
    for address, max_queries in [("/promotions/", 2), ("/promotions.csv", 2), ("/promotions.json", 3)]:
        with django_assert_max_num_queries(max_queries):
            assert client.get(address).status_code == 200


@pytest.mark.parametrize("address", ["/promotions/", "/ru/promotions/", "/promotions.csv", "/promotions.json"])
def test_ledger_is_cacheable_by_filters(client: Client, address: str) -> None:
    running()
    answer = client.get(address)
    assert answer["Cache-Control"].startswith("public, ")
    assert not answer.cookies

    def key(path: str, query: str) -> str:
        asked = {"wsgi.url_scheme": "http", "HTTP_HOST": "testserver", "PATH_INFO": path, "QUERY_STRING": query}
        found = cache_key(asked)
        assert found
        return found[0].query

    assert key(address, "kind=paid&x=1&after=2") == "after=2&kind=paid"
    assert key("/", "kind=paid&after=2") == "after=2"


@pytest.mark.parametrize("address", ["/promotions.csv", "/promotions.json"])
def test_ledger_files_are_limited(client: Client, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("articles.promotion.public_ledger.MAX_EXPORTS", 3)
    codes = [client.get(f"{address}?kind=paid").status_code for _ in range(4)]
    assert codes == [200, 200, 200, 429]


@pytest.mark.parametrize("address", ["/promotions.csv", "/promotions.json"])
def test_ledger_file_does_bounded_work(
    client: Client, address: str, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """However long the ledger is: as many rows as one file has, and a number of queries that does not depend on it."""
    monkeypatch.setattr("articles.promotion.public_ledger.FILE_SIZE", 3)
    rows: list[object] = []
    as_row = public_ledger.as_row

    def counted(promotion: Promotion) -> dict[str, Any]:
        rows.append(promotion)
        return as_row(promotion)

    monkeypatch.setattr(public_ledger, "as_row", counted)
    for _ in range(7):
        running()
    with django_assert_max_num_queries(5):
        answer = client.get(address)
    assert len(rows) == 3
    assert "after=" in (answer.get("Link") or answer.text)
