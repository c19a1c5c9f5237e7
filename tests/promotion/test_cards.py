"""Promoted cards on public pages: labels, times, rotation."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from articles.models import Article
from articles.promotion.models import Promotion
from articles.promotion.selectors import rotate
from articles.services import publishing
from core.http_cache import FRESH_SECONDS
from core.models import SiteSettings
from tests import factories
from tests.promotion.factories import running

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = range(24 * 3600 // FRESH_SECONDS)


def cards(page: str) -> list[str]:
    """Return the promoted cards of a page, as HTML."""
    return re.findall(r'<article class="story story--promoted.*?</article>', page, re.DOTALL)


def page_of(code: str, article: Article) -> str:
    """Return the URL of a page that shows the cards of a placement, for an article of its section."""
    assert article.section
    return {
        "front_top": "/",
        "section_top": article.section.get_absolute_url(),
        "beside": factories.published(title="Another one").get_absolute_url(),
    }[code]


# --- Labels ---


@pytest.mark.parametrize("code", ["front_top", "section_top", "beside"])
def test_card_has_label(client: Client, code: str) -> None:
    sponsor = factories.UserFactory.create(display_name="Lilit")
    promotion = running(code, sponsor=sponsor)
    (card,) = cards(client.get(page_of(code, promotion.article)).text)
    assert "Promoted · by Lilit · paid" in card
    assert f'{promotion.article.get_absolute_url()}#promoted-{promotion.pk}" rel="sponsored"' in card


@pytest.mark.parametrize(
    ("kind", "label"),
    [("free", "Promoted · by Lilit · free"), ("editorial", "Promoted · by The Courier · editors’ choice")],
)
def test_unpaid_card_has_label_and_no_sponsored_link(client: Client, kind: str, label: str) -> None:
    SiteSettings.objects.update_or_create(pk=1, defaults={"name": "The Courier"})
    running(kind=kind, sponsor=factories.UserFactory.create(display_name="Lilit"))
    (card,) = cards(client.get("/").text)
    assert label in card
    assert "sponsored" not in card


def test_links_in_paid_article_are_sponsored(client: Client) -> None:
    body = factories.BODY + '<p><a href="https://example.org/">There</a> rel="nofollow ugc noopener"</p>'
    article = factories.published(body=body)
    assert 'rel="nofollow ugc noopener">There' in client.get(article.get_absolute_url()).text
    running(article=article, kind="free", code="beside")
    assert "sponsored" not in client.get(article.get_absolute_url()).text
    running(article=article, kind="paid")
    page = client.get(article.get_absolute_url()).text
    assert 'rel="sponsored nofollow ugc noopener">There' in page
    assert page.count("sponsored") == 1


def test_article_page_does_not_show_own_card(client: Client) -> None:
    promotion = running("beside")
    assert not cards(client.get(promotion.article.get_absolute_url()).text)


def test_section_page_shows_own_cards(client: Client) -> None:
    culture = factories.SectionFactory.create(name="Culture")
    running("section_top", article=factories.published(section=culture))
    other = factories.published().section
    assert other
    assert len(cards(client.get(culture.get_absolute_url()).text)) == 1
    assert not cards(client.get(other.get_absolute_url()).text)


@pytest.mark.parametrize("address", ["/", "/sections/technology/", "article"])
def test_page_without_promotions_has_no_markup(client: Client, address: str) -> None:
    article = factories.published()
    page = client.get(article.get_absolute_url() if address == "article" else address).text
    assert "promoted" not in page.lower().replace("promote this post", "")
    assert "promotions.js" not in page


def test_cards_on_first_page_only(client: Client, settings: object) -> None:
    running("front_top")
    running("section_top")
    for address in ("/", "/sections/technology/"):
        assert cards(client.get(address).text)
        assert not cards(client.get(f"{address}?after=1900000000000000-1").text)


def test_promotion_does_not_change_list_order(client: Client) -> None:
    articles = [factories.published(title=f"Article {n}") for n in range(6)]
    addresses = ["/", "/sections/technology/", "/rss/"]

    def titles(address: str) -> list[str]:
        return re.findall(
            r"Article \d",
            re.sub(
                r"<article class=\"story story--promoted.*?</article>", "", client.get(address).text, flags=re.DOTALL
            ),
        )

    before = [titles(address) for address in addresses[:2]]
    for code in ("front_top", "section_top"):
        running(code, article=articles[0])
    assert [titles(address) for address in addresses[:2]] == before


def test_preview_has_no_cards(client: Client) -> None:
    running("beside")
    article = factories.draft()
    client.force_login(article.author)
    page = client.get(f"/my/articles/{article.pk}/preview/")
    assert page.status_code == 200
    assert not cards(page.text)


# --- Times ---


@pytest.mark.parametrize(
    ("moment", "seen"),
    [
        (timedelta(0), 1),
        (timedelta(microseconds=-1), 0),
        (timedelta(days=7, microseconds=-1), 1),
        (timedelta(days=7), 0),
    ],
)
def test_card_is_shown_from_start_until_before_end(client: Client, moment: timedelta, seen: int) -> None:
    article = factories.published()
    running(article=article, starts_at=NOON)
    with time_machine.travel(NOON + moment, tick=False):
        assert len(cards(client.get("/").text)) == seen


@pytest.mark.parametrize("state", [s for s in Promotion.State if s not in {"approved", "scheduled", "running"}])
def test_card_is_shown_only_if_approved(client: Client, state: str) -> None:
    running(state=state)
    assert not cards(client.get("/").text)


def test_card_of_hidden_article_is_gone(client: Client) -> None:
    promotion = running()
    assert cards(client.get("/").text)
    publishing.hide(article=promotion.article)
    assert not cards(client.get("/").text)


@pytest.mark.parametrize("code", ["front_top", "section_top", "beside"])
def test_card_of_edited_article_is_paused(client: Client, code: str) -> None:
    article = factories.published()
    promotion = running(code, article=article)
    other = factories.published(author=article.author)
    address = page_of(code, article)
    assert cards(client.get(address).text)
    Promotion.objects.filter(pk=promotion.pk).update(approved_revision_id=other.live_id)
    assert not cards(client.get(address).text)


# --- Query counts ---


@pytest.mark.parametrize(("code", "max_queries"), [("front_top", 3), ("section_top", 3), ("beside", 3)])
def test_cards_query_count(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries, code: str, max_queries: int
) -> None:
    for _ in range(5):
        promotion = running(code)
    address = page_of(code, promotion.article)
    client.get(address)  # reads what is cached for some seconds: sections, site settings, running promotions
    with django_assert_max_num_queries(max_queries):
        assert cards(client.get(address).text)


def test_page_with_cards_is_cacheable(client: Client) -> None:
    running()
    answer = client.get("/")
    assert answer["Cache-Control"].startswith("public, ")
    assert not answer.cookies


# --- Rotation ---


def difference(shown: Counter[int], ids: list[int]) -> float:
    counts = [shown[pk] for pk in ids]
    return (max(counts) - min(counts)) / max(counts)


def turns(ids: list[int], *, page: str = "front", count: int = 1, slots: range = DAY) -> Counter[int]:
    shown: Counter[int] = Counter()
    for slot in slots:
        shown.update(rotate(ids, page=page, now=NOON + timedelta(seconds=slot * FRESH_SECONDS), count=count))
    return shown


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("number", [2, 3, 7, 20])
def test_rotate_is_even_over_a_day(number: int, count: int) -> None:
    ids = list(range(10, 10 + number))
    assert difference(turns(ids, count=count), ids) < 0.01


@pytest.mark.parametrize("every", [2, 3, 12, 60, 720])
def test_rotate_at_regular_intervals_shows_all(every: int) -> None:
    """With a fixed order, a proxy that asks every ten seconds would see only one of two."""
    ids = [1, 2, 3]
    week = range(0, 7 * len(DAY), every)
    shown = turns(ids, slots=week)
    assert min(shown[pk] for pk in ids) > 0.7 * len(week) / 3


def test_rotate_is_even_with_irregular_requests(client: Client) -> None:
    """A page is rendered when it is requested and the cached one is old: more often by day than by night."""
    ids = [4, 5, 6]
    slots = [slot for slot in DAY if slot % (2 if 5000 < slot < 15000 else 9) == 0]
    shown: Counter[int] = Counter()
    for slot in slots:
        readers = 30 if slot % 2 else 40
        for pk in rotate(ids, page="front", now=NOON + timedelta(seconds=slot * FRESH_SECONDS)):
            shown[pk] += readers
    assert difference(shown, ids) < 0.1


@pytest.mark.parametrize("joins", [True, False])
def test_rotate_stays_even_when_one_joins_or_leaves(joins: bool) -> None:
    all_day, half_a_day = [1, 2, 3], 4
    middle = len(DAY) // 2 + 1
    crowded, quiet = (DAY[middle:], DAY[:middle]) if joins else (DAY[:middle], DAY[middle:])
    shown = turns([*all_day, half_a_day], slots=crowded) + turns(all_day, slots=quiet)
    assert difference(shown, all_day) < 0.1
    fair = len(crowded) / 4
    assert abs(shown[half_a_day] - fair) < 0.1 * fair


def test_rotate_differs_by_page() -> None:
    ids, now = list(range(8)), NOON
    assert len({rotate(ids, page=f"article {n}", now=now)[0] for n in range(40)}) > 4


def test_rotate_is_stable_within_a_slot() -> None:
    ids = [3, 1, 2]
    later = NOON + timedelta(seconds=FRESH_SECONDS - 1)
    assert rotate(ids, page="front", now=NOON) == rotate(ids, page="front", now=later)
    assert rotate([], page="front", now=NOON) == []
    assert sorted(rotate(ids, page="front", now=NOON, count=9)) == [1, 2, 3]


def test_front_page_rotates_cards(client: Client) -> None:
    now = timezone.now()
    promotions = {running(starts_at=now - timedelta(hours=1)).pk for _ in range(3)}
    seen = set()
    for n in range(12):
        with time_machine.travel(now + timedelta(seconds=n * FRESH_SECONDS), tick=False):
            (card,) = cards(client.get("/").text)
            seen.add(int(re.findall(r'data-promotion="(\d+)"', card)[0]))
    assert seen == promotions
