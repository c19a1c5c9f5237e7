"""Scheduled articles in the browser: the author asks for a time, a moderator confirms it, and then readers see it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from articles.models import Article
from articles.services import schedule
from tests import factories
from tests.e2e import IN_BROWSER
from tests.e2e.conftest import Problems
from tests.moderation.users import moderator

pytestmark = IN_BROWSER


@pytest.mark.parametrize("width", [390, 1280])
def test_article_is_scheduled_confirmed_moved_and_read(
    page: Page,
    log_in: Callable[[Page, User], None],
    accessible: Callable[[Page], None],
    problems: Problems,
    width: int,
) -> None:
    author = factories.UserFactory.create()
    article = factories.draft(author, title="Lamps")
    day = f"{timezone.localtime() + timedelta(days=3):%Y-%m-%d}"
    page.set_viewport_size({"width": width, "height": 844})
    log_in(page, author)
    page.goto(f"/my/articles/{article.pk}/")
    page.get_by_label("Publish on").fill("2020-01-01T09:00")
    page.get_by_role("button", name="Submit for review").click()
    expect(
        page.get_by_text("This time has passed. Choose a later one, or leave the field empty.", exact=True)
    ).to_be_visible()
    accessible(page)
    page.get_by_label("Publish on").fill(f"{day}T09:00")
    page.get_by_role("button", name="Submit for review").click()
    expect(page.get_by_text("To be published on")).to_contain_text("09:00 (Yerevan) — 05:00 UTC")

    log_in(page, moderator())
    page.goto("/admin/moderation/submission/")
    page.get_by_role("link", name="Lamps").click()
    expect(page.get_by_text("The author asks for publication on")).to_be_visible()
    page.get_by_label("Publish", exact=True).check()
    expect(page.get_by_label("Publish on")).to_have_value(f"{day}T09:00")
    accessible(page)
    page.get_by_role("button", name="Save decision").click()
    expect(page.get_by_text("“Lamps” is scheduled for")).to_be_visible()
    page.goto("/admin/articles/article/scheduled/")
    accessible(page)
    page.get_by_role("link", name="Lamps").click()
    accessible(page)

    log_in(page, author)
    page.goto("/my/articles/")
    expect(page.locator(".state--scheduled")).to_have_text("Scheduled")
    page.get_by_role("link", name="Change the time or cancel “Lamps”").click()
    page.get_by_label("Publish on").fill(f"{day}T10:30")
    accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.get_by_role("button", name="Save the time").click()
    expect(page.get_by_text("10:30 (Yerevan) — 06:30 UTC").first).to_be_visible()
    accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") == width

    page.context.clear_cookies()
    problems.expect(404)
    article.refresh_from_db()
    page.goto(article.get_absolute_url())
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Lamps")
    schedule.reschedule_as_moderator(article=article, at=timezone.now() + timedelta(seconds=2))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_timeout(2000)
    page.goto(article.get_absolute_url())
    expect(page.get_by_role("heading", level=1)).to_have_text("Lamps")
    assert Article.objects.due().exists()


def test_times_are_shown_in_the_browsers_zone_too(
    browser: Browser, browser_context_args: dict[str, Any], log_in: Callable[[Page, User], None]
) -> None:
    author = factories.UserFactory.create()
    article = factories.published(author, publish_at=timezone.now() + timedelta(days=3))
    context = browser.new_context(**{**browser_context_args, "timezone_id": "America/New_York"})
    page = context.new_page()
    log_in(page, author)
    page.goto(f"/my/articles/{article.pk}/schedule/")
    # Yerevan is four hours ahead of UTC; New York changes its clocks on 8 March.
    for value, own in {"2027-03-08T03:00": "7 Mar 2027, 18:00", "2027-03-20T03:00": "19 Mar 2027, 19:00"}.items():
        page.get_by_label("Publish on").fill(value)
        expect(page.locator("output.own-time")).to_have_text(f"your time: {own}")
    page.get_by_label("Publish on").fill("")
    expect(page.locator("output.own-time")).to_be_hidden()
    page.goto("/my/articles/")
    expect(page.locator("time[data-yours]")).to_contain_text("— your time:")
    context.close()
