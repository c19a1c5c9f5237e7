"""A secret link in the browser: made by the author, read without an account, ended by the author."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from tests import factories
from tests.e2e import IN_BROWSER
from tests.e2e.conftest import Problems
from tests.e2e.site import create_image

pytestmark = IN_BROWSER


@pytest.mark.parametrize("width", [390, 1280])
def test_link_is_read_without_an_account_until_it_ends(
    page: Page,
    log_in: Callable[[Page, User], None],
    accessible: Callable[[Page], None],
    problems: Problems,
    width: int,
) -> None:
    author = factories.UserFactory.create()
    article = factories.draft(author, title="Lamps", image=create_image(author))
    page.set_viewport_size({"width": width, "height": 844})
    log_in(page, author)
    page.goto("/my/articles/")
    page.get_by_role("link", name="Preview “Lamps”").click()
    page.get_by_role("button", name="Create a secret link").click()
    address = page.get_by_role("textbox", name="Secret link").input_value()
    accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    author_cookies = page.context.cookies()

    page.context.clear_cookies()
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_have_text("Lamps")
    expect(page.get_by_text("This is a draft that")).to_be_visible()
    figure = page.locator("figure img")
    expect(figure).to_be_visible()
    assert figure.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") == width

    page.context.add_cookies(author_cookies)  # type: ignore[arg-type]
    page.goto(f"/my/articles/{article.pk}/preview/")
    page.get_by_role("button", name="End this link").click()
    expect(page.get_by_text("The secret link has ended.")).to_be_visible()
    problems.expect(404)
    page.goto(address)
    expect(page.get_by_text("This is a draft that")).to_be_hidden()
