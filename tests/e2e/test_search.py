"""Searching for an article in a browser."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests import factories
from tests.e2e import IN_BROWSER
from tests.e2e.conftest import PHONE

pytestmark = IN_BROWSER


def test_search_from_the_front_page_to_an_article(page: Page, accessible: Callable[[Page], None]) -> None:
    factories.published(title="The lamp at number nine", tag_names=["lanterns"])
    page.goto("/")
    page.get_by_role("link", name="Search").click()
    accessible(page)
    page.get_by_label("Search terms").fill("number lamp")
    page.get_by_label("Search terms").press("Enter")
    expect(page.get_by_role("status").first).to_have_text("1 article")
    expect(page.locator("mark").first).to_have_text("lamp")
    accessible(page)
    page.get_by_role("link", name="The lamp at number nine").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The lamp at number nine")
    assert page.context.cookies() == []


def test_suggestions_by_keyboard(page: Page, accessible: Callable[[Page], None]) -> None:
    article = factories.published(title="The lamp at number nine")
    page.goto("/search/")
    field = page.get_by_label("Search terms")
    expect(field).to_be_focused()
    field.press_sequentially("num", delay=30)
    suggestion = page.locator("#suggestions").get_by_role("link", name="The lamp at number nine")
    expect(suggestion).to_be_visible()
    expect(page.locator("#suggestions")).to_have_attribute("aria-live", "polite")
    accessible(page)
    field.press("Tab")
    page.keyboard.press("Tab")  # skip the button
    expect(suggestion).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(article.get_absolute_url())


def test_search_on_a_phone_without_javascript(page_without_javascript: Page) -> None:
    for n in range(14):
        factories.published(title=f"Lamp {n}", language="ru" if n else "en")
    page = page_without_javascript
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    page.goto("/search/")
    page.get_by_label("Search terms").fill("lamp")
    page.get_by_text("Narrow the search").click()
    page.get_by_label("Language", exact=True).select_option("ru")
    page.get_by_label("Order", exact=True).select_option("newest")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", name="Lamp 13")).to_be_visible()
    page.get_by_role("link", name="Show more articles").click()
    expect(page.get_by_role("heading", name="Lamp 1", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="Lamp 0")).to_have_count(0)
    expect(page.get_by_label("Order", exact=True)).to_have_value("newest")


def test_search_without_matches_at_360_pixels(page: Page, accessible: Callable[[Page], None]) -> None:
    factories.published(title="The lamp at number nine", tag_names=["lanterns"])
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/hy/search/?q=" + "longest" * 20)
    accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_search_page_is_valid_html(page: Page, valid_html: Callable[..., None]) -> None:
    factories.published(title="The lamp at number nine")
    addresses = {"empty": "/search/", "found": "/search/?q=lamp&author=no", "nothing": "/search/?q=lamp+submarine"}
    valid_html(**{name: page.request.get(address).text() for name, address in addresses.items()})
