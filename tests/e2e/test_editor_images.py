"""Images in the text: upload by choosing, dropping and pasting, description, library, cancelling."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Page, Route, expect

from accounts.models import User
from articles.models import Article, Image
from tests import factories
from tests.e2e import IN_BROWSER
from tests.e2e.conftest import Problems
from tests.e2e.site import create_image
from tests.e2e.steps import editor, fill_in, photograph, press

pytestmark = IN_BROWSER

GIVE_FILES = """(element, {kind, files}) => {
  const data = new DataTransfer()
  for (const { name, mimeType, base64 } of files) {
    data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name, { type: mimeType }))
  }
  const place = element.lastElementChild.getBoundingClientRect()
  const at = { clientX: place.left + 5, clientY: place.top + 5 }
  const event = kind === "drop"
    ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true, ...at })
    : new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })
  element.dispatchEvent(event)
}"""


def give(page: Page, kind: str, *files: FilePayload) -> None:
    """Drop or paste files."""
    encoded = [{**file, "buffer": None, "base64": b64encode(file["buffer"]).decode()} for file in files]
    editor(page).evaluate(GIVE_FILES, {"kind": kind, "files": encoded})


def photo(name: str) -> FilePayload:
    return photograph(name=name, size=(400, 300))


@pytest.fixture
def author() -> User:
    return factories.UserFactory.create()


@pytest.fixture
def writing(page: Page, author: User, log_in: Callable[[Page, User], None]) -> Page:
    """The form for a new article, with some words in the editor."""
    section = factories.SectionFactory.create()
    log_in(page, author)
    page.goto("/my/articles/new/")
    fill_in(page, Title="Lamps", Section=str(section.pk))
    editor(page).click()
    page.keyboard.type("It was a quiet evening, and we counted.")
    return page


def test_dropped_images_are_described_saved_and_published(
    writing: Page, author: User, accessible: Callable[[Page], None]
) -> None:
    page = writing
    give(page, "drop", *(photo(f"{n}.jpg") for n in "123"))
    descriptions = editor(page).get_by_label("Alternative text")
    expect(descriptions).to_have_count(3)
    expect(page.get_by_text("The image was added. Describe it below the image.")).to_be_visible()
    for number, field in enumerate(descriptions.all(), start=1):
        field.fill(f"Lamp {number}")
    editor(page).get_by_label("Caption").first.fill("On the corner")
    editor(page).get_by_label("Credit").first.fill("Ani")
    editor(page).get_by_label("Licence").first.select_option("CC BY 4.0")
    page.keyboard.press("Enter")  # Does not submit the form.
    accessible(page)
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(editor(page).get_by_label("Alternative text").nth(2)).to_have_value("Lamp 3")
    page.get_by_role("button", name="Preview").click()
    figures = page.locator(".prose figure")
    expect(figures).to_have_count(3)
    expect(figures.first).to_contain_text("On the corner · Ani · CC BY 4.0".replace(" · ", " "))
    expect(figures.first.get_by_role("img", name="Lamp 1")).to_be_visible()
    first = Image.objects.order_by("pk")[0]
    assert (first.owner, first.alternative_text, first.credit, first.licence) == (author, "Lamp 1", "Ani", "cc-by")
    # The same text as the preview, for a reader.
    article = Article.objects.get()
    assert article.latest
    assert article.latest.body_images.count() == 3


def test_chosen_and_pasted_images_by_keyboard(writing: Page) -> None:
    page = writing
    page.get_by_role("toolbar", name="Formatting").get_by_role("button", name="Image").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Image")
    dialog.get_by_label("Upload from this device").set_input_files([photo("1.jpg")])
    expect(dialog).to_be_hidden()
    expect(editor(page).get_by_label("Alternative text")).to_have_count(1)
    give(page, "paste", photo("2.jpg"))
    expect(editor(page).get_by_label("Alternative text")).to_have_count(2)
    editor(page).get_by_role("button", name="Remove image").first.focus()
    page.keyboard.press("Enter")
    expect(editor(page).get_by_label("Alternative text")).to_have_count(1)
    page.keyboard.press("Control+z")
    expect(editor(page).get_by_label("Alternative text")).to_have_count(2)


def test_image_of_the_library_is_inserted(writing: Page, author: User, accessible: Callable[[Page], None]) -> None:
    page = writing
    stored = create_image(author)
    Image.objects.filter(pk=stored.pk).update(alternative_text="A lamp at dusk", caption="The third")
    create_image(author)
    press(page, "Image")
    dialog = page.get_by_role("dialog", name="Image")
    expect(dialog.get_by_role("listitem")).to_have_count(2)
    accessible(page)
    dialog.get_by_label("Or choose from your images").fill("dusk")
    expect(dialog.get_by_role("listitem")).to_have_count(1)
    dialog.get_by_role("button", name="A lamp at dusk").click()
    expect(editor(page).get_by_label("Caption")).to_have_value("The third")
    assert f'<img data-image="{stored.pk}" alt="A lamp at dusk">' in page.locator("#id_body").input_value()


def test_upload_that_is_refused_says_why(writing: Page, problems: Problems) -> None:
    page = writing
    problems.expect(400)
    give(page, "drop", {"name": "x.png", "mimeType": "image/png", "buffer": b"not an image"}, photo("2.jpg"))
    box = editor(page).get_by_role("group", name="x.png")
    expect(box).to_contain_text("We cannot show this file as an image.")
    expect(editor(page).get_by_label("Alternative text")).to_have_count(1)
    assert "data-upload" in page.locator("#id_body").input_value()
    box.get_by_role("button", name="Remove image").click()
    expect(box).to_have_count(0)


def test_upload_can_be_cancelled_and_is_waited_for(writing: Page, problems: Problems) -> None:
    page = writing

    def hold(route: Route) -> None:
        if route.request.method == "POST":
            held.append(route)
        else:
            route.continue_()

    held: list[Any] = []
    page.route(re.compile("/my/images/$"), hold)
    give(page, "drop", photo("1.jpg"), photo("2.jpg"))
    first, second = (editor(page).get_by_role("group", name=f"{n}.jpg") for n in (1, 2))
    expect(first.get_by_role("progressbar")).to_be_visible()
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Wait until all images are uploaded, or cancel them.")).to_be_visible()
    first.get_by_role("button", name="Cancel").click()
    expect(first).to_have_count(0)
    expect(second).to_be_visible()
    held[-1].continue_()
    expect(editor(page).get_by_label("Alternative text")).to_have_count(1)
    assert Image.objects.count() == 1


def test_library_page(
    page: Page, author: User, log_in: Callable[[Page, User], None], accessible: Callable[[Page], None]
) -> None:
    log_in(page, author)
    page.goto("/my/articles/")
    page.get_by_role("link", name="My images").click()
    page.get_by_label("Image").set_input_files([photo("1.jpg")])
    page.get_by_label("Alternative text").fill("A lamp")
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_label("Line for the text")).to_have_value(re.compile(r"^!\[A lamp\]\(image:\d+\)$"))
    accessible(page)
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Image deleted.")).to_be_visible()


def test_image_without_javascript(
    page_without_javascript: Page, author: User, log_in: Callable[[Page, User], None]
) -> None:
    page = page_without_javascript
    log_in(page, author)
    page.goto("/my/images/")
    page.get_by_label("Image").set_input_files([photo("1.jpg")])
    page.get_by_label("Alternative text").fill("A lamp")
    page.get_by_label("Caption").fill("The third")
    page.get_by_role("button", name="Upload").click()
    line = page.get_by_label("Line for the text").input_value()
    section = factories.SectionFactory.create()
    page.goto("/my/articles/new/")
    fill_in(page, Title="Lamps", Section=str(section.pk), Text=f"Before\n\n{line}\n\nAfter")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".prose figure")).to_contain_text("The third")
    expect(page.locator(".prose").get_by_role("img", name="A lamp")).to_be_visible()
