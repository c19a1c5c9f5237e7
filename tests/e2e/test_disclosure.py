"""The questions about a text in the browser: details appear with the answer that needs them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from articles.models import Article
from tests import factories
from tests.e2e import IN_BROWSER
from tests.e2e.steps import answer_questions, fill_in

pytestmark = IN_BROWSER
DETAILS = {"sponsor": "sponsored", "interest_note": "own", "translation_of": "translation"}


@pytest.mark.parametrize("width", [390, 1280])
def test_details_are_asked_with_the_answer_that_needs_them(
    page: Page, log_in: Callable[[Page, User], None], accessible: Callable[[Page], None], width: int
) -> None:
    factories.SectionFactory.create()
    log_in(page, factories.UserFactory.create())
    page.set_viewport_size({"width": width, "height": 844})
    page.goto("/my/articles/new/")
    for detail in DETAILS:
        expect(page.locator(f"#id_{detail}")).to_be_hidden()
    answer_questions(page, sponsorship="sponsored", interest="own", ai_help="parts", translation="translation")
    fill_in(page, Title="Lamps", Paid_or_sponsored_by="Lamps & Sons", Translation_of="Лампы")
    expect(page.get_by_label("Your interest")).to_be_visible()
    accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    answer_questions(page)
    for detail in DETAILS:
        expect(page.locator(f"#id_{detail}")).to_be_hidden()
    answer_questions(page, translation="translation")
    if width == 390:
        page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_label("Translation of")).to_have_value("Лампы")
    latest = Article.objects.get().latest
    assert latest
    assert (latest.sponsorship, latest.sponsor, latest.translation_of) == ("none", "", "Лампы")
