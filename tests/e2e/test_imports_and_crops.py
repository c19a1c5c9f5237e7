"""A Word file becomes a draft, and its author crops the lead image."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from articles.models import Article, Image
from tests import factories
from tests.docx import docx, image, paragraph
from tests.e2e import IN_BROWSER
from tests.e2e.site import create_image
from tests.e2e.steps import editor, photograph

pytestmark = IN_BROWSER


@pytest.fixture
def author() -> User:
    return factories.UserFactory.create()


def test_import_of_a_word_file_opens_in_the_editor(
    page: Page, author: User, log_in: Callable[[Page, User], None], accessible: Callable[[Page], None]
) -> None:
    log_in(page, author)
    page.goto("/my/articles/new/")
    page.get_by_role("link", name="Import from a file").click()
    page.get_by_label("File").set_input_files(
        {"name": "text.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"}
    )
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("We cannot read PDF files.")).to_be_visible()
    accessible(page)
    content = docx(
        paragraph("We counted", style="Title"),
        paragraph("It was a quiet evening.", image("a", "A lamp"), image("b")),
        images={"a": photograph(size=(400, 300))["buffer"], "b": b"no image"},
    )
    word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    page.get_by_label("File").set_input_files({"name": "text.docx", "mimeType": word, "buffer": content})
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("1 image could not be read.")).to_be_visible()
    expect(page.get_by_label("Title")).to_have_value("We counted")
    expect(editor(page)).to_contain_text("It was a quiet evening.")
    expect(editor(page).get_by_label("Alternative text")).to_have_value("A lamp")
    body = page.locator("#id_body").input_value()
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    # The editor has changed nothing: it knows all that an import writes.
    article = Article.objects.select_related("latest").get()
    assert article.latest
    assert body.replace("\n", "") == article.latest.body.replace("\n", "")


def test_crop_of_a_lead_image_by_mouse_and_keyboard(
    page: Page, author: User, log_in: Callable[[Page, User], None], accessible: Callable[[Page], None]
) -> None:
    article = factories.draft(author, image=create_image(author))
    log_in(page, author)
    page.goto(f"/my/articles/{article.pk}/")
    page.get_by_label("Credit").last.fill("Ani")
    page.keyboard.press("Enter")  # Saves the draft, with the first of the buttons.
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    page.get_by_role("button", name="Crop or set the focal point").click()
    place = page.locator(".crop-image").bounding_box()
    assert place
    page.locator(".crop-image").click(position={"x": place["width"] * 0.2, "y": place["height"] * 0.9})
    expect(page.get_by_label("from the left edge")).to_have_value("20")
    expect(page.get_by_label("from the top edge")).to_have_value("90")
    page.get_by_label("from the left edge").focus()
    page.keyboard.press("ArrowUp")
    page.get_by_label("Not cropped").focus()
    page.keyboard.press("ArrowDown")
    page.get_by_label("Square (1:1)").check()
    frame = page.locator(".crop-frame").bounding_box()
    assert frame
    assert abs(frame["width"] - frame["height"]) < 2
    accessible(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Edit article")).to_be_visible()
    made = Image.objects.get(shape="1:1")
    assert (made.focus_x, made.focus_y, made.width) == (21, 90, made.height)
    assert Article.objects.select_related("latest").get().latest.image == made  # type: ignore[union-attr]
