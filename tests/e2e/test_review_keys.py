"""Two moderators on one queue, and the keys of the review page."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from articles.models import Article
from articles.moderation.models import Claim, Decision
from tests import factories
from tests.e2e.conftest import Problems
from tests.moderation.test_submissions_admin import waiting_for
from tests.moderation.users import moderator

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
LogIn = Callable[[Page, User], None]
Check = Callable[[Page], None]


def test_two_moderators_take_different_submissions(
    page: Page, new_page: Callable[..., Page], problems: Problems, log_in: LogIn, accessible: Check
) -> None:
    waiting_for("The oldest", timedelta(hours=2))
    waiting_for("The second", timedelta(hours=1))
    problems.expect(409)
    other = new_page()
    log_in(page, moderator(display_name="Anna"))
    log_in(other, moderator(display_name="Ruzanna"))
    for one, title in ((page, "The oldest"), (other, "The second")):
        one.goto("/admin/")
        one.get_by_role("button", name="Take next").click()
        expect(one.get_by_role("heading", level=1)).to_have_text(title)
        expect(one.get_by_text("You review this until")).to_be_visible()
    accessible(page)

    # The second moderator looks at what the first one reviews, and takes it over with what was typed.
    other.goto("/admin/moderation/submission/")
    expect(other.get_by_text(re.compile("^Anna until"))).to_be_visible()
    other.get_by_role("link", name="The oldest").click()
    expect(other.get_by_text("Anna reviews this until")).to_be_visible()
    other.get_by_label("Return to the author").check()
    other.get_by_label("Reason:", exact=True).fill("Who counted?")
    other.get_by_role("button", name="Take over").click()
    expect(other.get_by_text("You review this until")).to_be_visible()
    expect(other.get_by_label("Reason:", exact=True)).to_have_value("Who counted?")

    page.get_by_label("Publish", exact=True).check()
    page.get_by_role("button", name="Save decision").click()
    expect(page.get_by_role("alert")).to_contain_text("Ruzanna reviews this until")
    assert not Decision.objects.exists()
    other.get_by_role("button", name="Save and open next").click()
    expect(other.get_by_role("heading", level=1)).to_have_text("The second")
    assert Decision.objects.get().reason == "Who counted?"


def test_claim_ends_soon_after_page_is_left_and_goes_on_after_reload(page: Page, log_in: LogIn) -> None:
    factories.in_review()
    log_in(page, moderator())
    page.goto("/admin/")
    page.get_by_role("button", name="Take next").click()
    expect(page.get_by_text("You review this until")).to_be_visible()
    end = Claim.objects.get().ends_at

    with page.expect_response("**/claim/"):
        page.reload()
    assert Claim.objects.get().ends_at >= end

    page.goto("/admin/")
    expect(page.get_by_role("button", name="Take next")).to_be_visible()
    # The beacon is sent after the page is gone.
    for _ in range(50):
        if Claim.objects.get().ends_at < end - timedelta(minutes=10):
            break
        page.wait_for_timeout(100)
    assert Claim.objects.get().ends_at < end - timedelta(minutes=10)


def test_review_by_keyboard(page: Page, log_in: LogIn) -> None:
    waiting_for("The oldest", timedelta(hours=2))
    waiting_for("The second", timedelta(hours=1))
    log_in(page, moderator())
    page.goto(f"/admin/moderation/submission/{Article.objects.get(latest__title='The oldest').latest_id}/change/")
    reason = page.get_by_label("Reason:", exact=True)

    page.keyboard.press("1")
    expect(reason).to_have_value(
        "Some facts have no source. Add a link or say how you know them, and submit the article again."
    )
    expect(reason).to_be_focused()
    expect(page.get_by_label("Rule:", exact=True)).to_have_value("sources")
    expect(page.get_by_label("Return to the author")).to_be_checked()
    # Typed, not a key of the page.
    page.keyboard.type(" n2p")
    expect(reason).to_have_value(
        "Some facts have no source. Add a link or say how you know them, and submit the article again. n2p"
    )

    page.locator("body").click(position={"x": 2, "y": 2})
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("p")
    expect(page.get_by_label("Publish", exact=True)).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("The second")
    assert Article.objects.get(latest__title="The oldest").state == "published"

    page.get_by_text("Keyboard", exact=True).click()
    page.get_by_label("Use these keys").uncheck()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("r")
    page.reload()
    page.keyboard.press("r")
    expect(page.get_by_label("Return to the author")).not_to_be_checked()
