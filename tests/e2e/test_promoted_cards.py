"""Promoted cards in a browser: counting impressions and clicks, hiding cards."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from articles.promotion.models import Promotion, PromotionDay
from articles.promotion.services import tracking
from tests import factories
from tests.e2e import IN_BROWSER
from tests.e2e.conftest import PHONE, Problems
from tests.e2e.inspector import Inspector
from tests.promotion.factories import running

pytestmark = IN_BROWSER


@pytest.fixture
def promotion() -> Promotion:
    """A promotion that runs at the top of the front page."""
    sponsor = factories.UserFactory.create(display_name="Lilit")
    return running(article=factories.published(title="The bridge"), sponsor=sponsor)


def numbers(promotion: Promotion) -> tuple[int, int, int]:
    tracking.add_pending_counts()
    day = PromotionDay.objects.filter(promotion=promotion).first() or PromotionDay()
    return day.impressions, day.clicks, day.views


def beacon(page: Page, content: str) -> Any:
    """Wait for a beacon with this content while the block runs."""
    return page.expect_response(
        lambda response: response.url.endswith("/beacon/promotions/") and content in (response.request.post_data or "")
    )


def test_card_counts_impression_click_and_view(page: Page, promotion: Promotion) -> None:
    with beacon(page, "impressions="):
        page.goto("/")
    assert numbers(promotion) == (1, 0, 0)
    card = page.locator("[data-promotion]")
    expect(card.locator(".label a")).to_have_text("Promoted · by Lilit · paid")
    with beacon(page, f"visits={promotion.pk}"):
        card.get_by_role("link", name="The bridge").click()
    assert numbers(promotion) == (1, 1, 1)
    # The URL does not reveal where the reader came from.
    assert page.url.endswith(promotion.article.get_absolute_url())


def test_card_outside_viewport_is_not_counted(page: Page) -> None:
    article = factories.published(body=factories.BODY * 12)
    promotion = running("beside")
    page.goto(article.get_absolute_url())
    page.wait_for_timeout(1500)
    assert numbers(promotion) == (0, 0, 0)
    with beacon(page, f"impressions={promotion.pk}"):
        page.locator("[data-promotion]").scroll_into_view_if_needed()
    assert numbers(promotion) == (1, 0, 0)


def test_cards_of_a_page_are_counted_in_one_request(page: Page) -> None:
    article = factories.published(body="<p>Short.</p>" + factories.BODY)
    first, second = running("beside"), running("beside")
    page.set_viewport_size({"width": 1280, "height": 2400})
    with beacon(page, "impressions=") as sent:
        page.goto(article.get_absolute_url())
    body = sent.value.request.post_data
    assert set(re.findall(r"\d+", body.replace("%2C", ","))) == {str(first.pk), str(second.pk)}


def test_card_hidden_and_shown_again(page: Page, promotion: Promotion) -> None:
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    page.goto("/")
    card = page.locator("[data-promotion]")
    card.get_by_role("button", name="Hide this card").click()
    expect(card).to_have_count(0)
    page.get_by_role("button", name="Show it again").click()
    expect(card).to_have_count(1)
    card.get_by_role("button", name="Hide this card").click()
    expect(page.get_by_role("status")).to_contain_text("hidden in your browser")
    page.reload()
    expect(page.locator("[data-promoted]")).to_have_count(0)
    other = running(article=factories.published(title="Another"))
    Promotion.objects.filter(pk=promotion.pk).update(state=Promotion.State.ENDED)
    page.reload()
    expect(page.locator("[data-promotion]")).to_have_attribute("data-promotion", str(other.pk))


def test_card_without_javascript(page_without_javascript: Page, promotion: Promotion) -> None:
    page = page_without_javascript
    page.goto("/")
    card = page.locator("[data-promotion]")
    expect(card.get_by_role("button")).to_have_count(0)
    card.get_by_role("link", name="Promoted · by Lilit · paid").click()
    expect(page.get_by_role("heading", name="About promoted cards")).to_be_visible()


def test_promotion_pages_are_accessible_and_fit(
    page: Page, problems: Problems, promotion: Promotion, log_in: Callable[[Page, User], None]
) -> None:
    inspector = Inspector(page, problems)
    article = factories.published()
    assert article.section
    inspector.open("/promotions/?state=ended")
    running("section_top", article=article, kind="free")
    running("beside", kind="editorial")
    PromotionDay.objects.create(promotion=promotion, day=timezone.localdate(), impressions=500, clicks=10, views=7)
    for address in ("/", article.section.get_absolute_url(), article.get_absolute_url()):
        inspector.open(address, dark=True)
    inspector.open("/promotions/", dark=True)
    page.locator("summary").first.click()
    inspector.check(dark=True)
    inspector.open("/hy/promotions/")
    log_in(page, promotion.sponsor)
    inspector.open(f"/promotions/{promotion.pk}/results/", dark=True)
    assert not inspector.faults, "\n".join(inspector.faults)
