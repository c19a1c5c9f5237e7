"""Reading an article without an account."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests import factories
from tests.e2e import IN_BROWSER
from tests.e2e.conftest import PHONE

pytestmark = IN_BROWSER


def test_reading_from_front_page(page: Page, accessible: Callable[[Page], None]) -> None:
    article = factories.published(title="The lamp at number nine")
    page.goto("/")
    accessible(page)
    page.get_by_role("link", name="The lamp at number nine").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The lamp at number nine")
    expect(page).to_have_url(article.get_absolute_url())
    accessible(page)
    assert page.context.cookies() == []


def test_reading_on_a_phone_without_javascript(page_without_javascript: Page) -> None:
    factories.published(title="The lamp at number nine")
    page = page_without_javascript
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    page.goto("/")
    page.get_by_role("link", name="The lamp at number nine").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The lamp at number nine")


def test_public_pages_are_valid_html(page: Page, valid_html: Callable[..., None]) -> None:
    article = factories.published()
    section = article.section
    assert section
    addresses = {"front": "/", "article": article.get_absolute_url(), "section": section.get_absolute_url()}
    valid_html(**{name: page.request.get(address).text() for name, address in addresses.items()})
