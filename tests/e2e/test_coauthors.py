"""Two users write an article together in the browser: invite, accept, edit, publish, and read the byline."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from articles.services import publishing
from tests import factories
from tests.e2e import IN_BROWSER
from tests.e2e.steps import editor

pytestmark = IN_BROWSER


@pytest.mark.parametrize("width", [390, 1280])
def test_article_is_written_by_two(
    page: Page, log_in: Callable[[Page, User], None], accessible: Callable[[Page], None], width: int
) -> None:
    author = factories.UserFactory.create(display_name="Anna")
    coauthor = factories.UserFactory.create(username="boris", display_name="Boris")
    article = factories.draft(author, title="Lamps")
    page.set_viewport_size({"width": width, "height": 844})

    def check() -> None:
        accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") == width

    log_in(page, author)
    page.goto("/my/articles/")
    page.get_by_role("link", name="Co-authors “Lamps”").click()
    page.get_by_label("Username").fill("nobody")
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_text("No user with this username can be invited.")).to_be_visible()
    check()
    page.get_by_label("Username").fill("boris")
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_text("Boris is invited and gets an email.")).to_be_visible()
    check()

    page.context.clear_cookies()
    log_in(page, coauthor)
    page.goto("/my/articles/")
    expect(page.get_by_text("Anna invites you to write “Lamps” together.")).to_be_visible()
    check()
    page.get_by_role("button", name="Accept “Lamps”").click()
    page.get_by_role("link", name="Edit “Lamps”").click()
    expect(page.get_by_role("button", name="Submit for review")).to_be_hidden()
    expect(page.get_by_role("toolbar", name="Formatting")).to_be_visible()
    editor(page).click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" Boris counted too.")
    expect(page.locator("#save-status")).to_contain_text("Saved")
    check()

    publishing.publish(article=publishing.submit(article=article), revision_number=1)
    page.goto(article.get_absolute_url())
    expect(page.get_by_text("Boris counted too.")).to_be_visible()
    byline = page.locator(".byline")
    expect(byline.get_by_role("link", name="Anna")).to_be_visible()
    expect(page.get_by_text("This is your own article, so you cannot vote on it.")).to_be_visible()
    check()
    byline.get_by_role("link", name="Boris").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Boris")
    expect(page.get_by_role("heading", name="Lamps")).to_be_visible()
    check()
