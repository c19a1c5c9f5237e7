"""A submission is returned with notes on passages, answered, edited and published; readers see a correction."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from accounts.models import User
from articles.models import Article, Correction
from articles.moderation.models import PassageNote
from articles.services import publishing
from tests import factories
from tests.e2e import IN_BROWSER
from tests.e2e.conftest import DESKTOP, PHONE
from tests.e2e.steps import click_in_text
from tests.moderation.users import moderator

pytestmark = IN_BROWSER
LogIn = Callable[[Page, User], None]
Check = Callable[[Page], None]
BODY = (
    f"<p>{factories.WORDS}</p><p>There are <strong>2,340 lamps</strong>, says the "
    '<a href="https://mayor.example.org/">mayor</a>, and every ninth of them is dark.</p><p>The lamps are old.</p>'
)


def select_in_preview(page: Page, first: str, last: str) -> None:
    """Select from the last of these words to the end of the last of others, as a user does with the mouse."""
    # The frame runs no scripts, so the page selects in it.
    expect(page.frame_locator("iframe.preview").locator(".prose")).to_be_visible()
    page.evaluate(
        """([first, last]) => {
            const inside = document.querySelector("iframe.preview").contentDocument
            const texts = inside.createTreeWalker(inside.querySelector(".prose"), NodeFilter.SHOW_TEXT)
            const find = words => {
                let found
                texts.currentNode = texts.root
                while (texts.nextNode()) {
                    const at = texts.currentNode.data.indexOf(words)
                    if (at >= 0) found = [texts.currentNode, at]
                }
                return found
            }
            const [start, offset] = find(first)
            const [end, at] = find(last)
            inside.getSelection().setBaseAndExtent(start, offset, end, at + last.length)
        }""",
        [first, last],
    )


def test_return_with_notes_answer_edit_resolve_and_publish(
    page: Page, new_page: Callable[..., Page], log_in: LogIn, accessible: Check
) -> None:
    article = factories.in_review(title="The lamps of our district", body=BODY)
    author = new_page()
    author.set_viewport_size(PHONE)  # type: ignore[arg-type]
    log_in(page, moderator())
    log_in(author, article.author)
    page.goto(f"/admin/moderation/submission/{article.latest_id}/change/")

    # Nothing is selected, then words across elements; others are typed.
    page.get_by_role("button", name="Note on the selected words").click()
    expect(page.get_by_text("Select words in the preview first.")).to_be_visible()
    page.get_by_label("Reason:", exact=True).fill("See the notes.")
    select_in_preview(page, "2,340", "mayor")
    page.get_by_role("button", name="Note on the selected words").click()
    expect(page.get_by_label("Quoted words")).to_have_value("2,340 lamps, says the mayor")
    expect(page.get_by_label("Note:", exact=True)).to_be_focused()
    page.keyboard.type("When did she say so?")
    page.get_by_role("button", name="Add note").click()
    expect(page.get_by_text("The note is added.")).to_be_visible()
    # The same words are in another place too: what was selected is meant.
    select_in_preview(page, "lamps", "lamps")
    page.get_by_role("button", name="Note on the selected words").click()
    page.keyboard.type("Which ones?")
    page.get_by_role("button", name="Add note").click()
    page.get_by_label("Quoted words").fill("eleven of us")
    page.get_by_label("Note:", exact=True).fill("Who?")
    page.get_by_role("button", name="Add note").click()
    framed = page.frame_locator("iframe.preview")
    expect(framed.locator("mark.passage")).to_have_text(
        ["eleven of us", "2,340 lamps", ", says the ", "mayor", "lamps"]
    )
    accessible(page)
    page.get_by_role("link", name="Show in the preview 2").click()
    expect(framed.locator("#passage-2")).to_be_in_viewport()
    expect(page.get_by_label("Reason:", exact=True)).to_have_value("See the notes.")
    page.get_by_label("Return to the author").check()
    page.get_by_role("button", name="Save decision").click()
    expect(page.get_by_text("was returned to its author")).to_be_visible()

    # The author, on a phone.
    author.goto("/my/articles/")
    author.get_by_role("link", name="Read and answer 3 notes on the text").click()
    expect(author.get_by_role("heading", level=1)).to_have_text("Notes on the text")
    for size in (PHONE, DESKTOP):
        author.set_viewport_size(size)  # type: ignore[arg-type]
        for scheme in ("light", "dark"):
            author.emulate_media(color_scheme=scheme)
            accessible(author)
        assert author.evaluate("document.documentElement.scrollWidth <= innerWidth")
    author.get_by_role("link", name="2", exact=True).click()
    second = author.get_by_role("listitem").filter(has_text="When did she say so?")
    second.get_by_label("Answer").fill("On 3 May, at the opening of the bridge.")
    second.get_by_label("Done").check()
    author.get_by_role("button", name="Save answers").click()
    expect(author.get_by_text("Your answers are saved.")).to_be_visible()
    author.get_by_role("link", name="Edit article").click()
    expect(author.get_by_text("When did she say so?")).to_be_visible()
    accessible(author)
    click_in_text(author, "The lamps are old")
    author.keyboard.press("End")
    author.keyboard.type(" Some are new.")
    author.get_by_role("button", name="Submit for review").click()
    expect(author.get_by_text("Submitted for review.")).to_be_visible()

    # The moderator sees answers at the passages, resolves and publishes.
    page.goto(f"/admin/moderation/submission/{Article.objects.get().latest_id}/change/")
    expect(page.get_by_text("On 3 May, at the opening of the bridge.")).to_be_visible()
    expect(framed.locator("mark.passage")).to_have_count(5)
    page.get_by_role("button", name="Resolve 2").click()
    expect(framed.locator("mark.passage")).to_have_text(["eleven of us", "lamps"])
    page.get_by_label("Publish", exact=True).check()
    page.get_by_role("button", name="Save decision").click()
    expect(page.get_by_text("is published.")).to_be_visible()
    assert not PassageNote.objects.open().exists()

    # The author corrects the published article.
    author.goto(f"/my/articles/{article.pk}/")
    author.get_by_label(re.compile(r"^\s*Correction")).fill("The sum was 40, not 400.")
    author.get_by_role("button", name="Submit for review").click()
    expect(author.get_by_text("Your changes are in review.").first).to_be_visible()
    publishing.publish(article=article, revision_number=Article.objects.get().revisions.count())
    assert Correction.objects.get().text == "The sum was 40, not 400."
    author.goto("/corrections/")
    accessible(author)
    author.get_by_role("link", name="The lamps of our district").click()
    corrections = author.get_by_role("region", name="Corrections")
    expect(corrections).to_contain_text("The sum was 40, not 400.")
    accessible(author)
