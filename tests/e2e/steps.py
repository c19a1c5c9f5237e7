"""Steps that several end-to-end tests share."""

from __future__ import annotations

import re
from io import BytesIO

from django.core.mail import EmailMessage
from PIL import Image, ImageDraw
from playwright.sync_api import FilePayload, Locator, Page, expect

from articles.models.disclosure import NOTHING_TO_DISCLOSE
from tests import production

PASSWORD = "correct horse battery"
_ADDRESS = re.compile(r"https?://\S+")
_ROTATED = 6  # The EXIF orientation of a photo taken in portrait format.


def photograph(*, name: str = "IMG_0042.JPG", size: tuple[int, int] = (1200, 900)) -> FilePayload:
    """Return a JPEG as a phone stores it: rotated, with its orientation in EXIF."""
    image = Image.new("RGB", size, "#34506b")
    drawing = ImageDraw.Draw(image)
    drawing.rectangle((0, size[1] // 2, size[0], size[1]), fill="#c9a227")
    exif = Image.Exif()
    exif[0x0112] = _ROTATED
    exif[0x010F] = "A camera's name"
    file = BytesIO()
    image.save(file, "JPEG", exif=exif)
    return {"name": name, "mimeType": "image/jpeg", "buffer": file.getvalue()}


def log_in_with_form(page: Page, username: str, password: str = PASSWORD) -> None:
    """Fill in the form for a password on the log-in page and submit it."""
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Log in or sign up"))
    use_a_password(page)
    page.get_by_label("Username or email").fill(username)
    page.get_by_label(re.compile(r"^\s*Password")).fill(password)
    page.get_by_role("main").get_by_role("button", name="Log in").click()


def use_a_password(page: Page) -> None:
    """Open the form for a password, if it is closed."""
    if not page.get_by_label(re.compile(r"^\s*Password")).is_visible():
        page.get_by_text("Use a password").click()


def sign_up_with_password(page: Page, name: str) -> None:
    """Fill in the form for a new account with a password on the current page and submit it."""
    use_a_password(page)
    page.get_by_label("Username").fill(name)
    page.locator("#id_email").fill(f"{name}@example.org")
    page.get_by_label(re.compile(r"^\s*Password")).fill(PASSWORD)
    page.get_by_label("I have read").check()
    page.get_by_role("main").get_by_role("button", name="Sign up").click()


def first_url(message: EmailMessage) -> str:
    """Return the first URL in an email."""
    found = _ADDRESS.search(str(message.body))
    assert found, message.body
    return found.group()


def editor(page: Page) -> Locator:
    """Return the text area of the rich-text editor."""
    return page.get_by_role("textbox", name="Text", exact=True)


def click_in_text(page: Page, words: str) -> None:
    """Put the caret into these words."""
    editor(page).focus()
    # The editor sets the caret once, 20 ms after it gets the focus; this timer ends after that.
    page.evaluate("new Promise(done => setTimeout(done, 30))")
    editor(page).get_by_text(words).click()


def move_caret_to_end_of_line(page: Page) -> None:
    """Move the caret, and wait until the editor has handled it."""
    page.keyboard.press("End")
    page.wait_for_function("getSelection().anchorOffset === getSelection().anchorNode.length")
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def press(page: Page, tool: str) -> None:
    """Press a button of the editor's toolbar."""
    page.get_by_role("toolbar", name="Formatting").get_by_role("button", name=tool, exact=True).click()


def write_text(page: Page) -> None:
    """Type a text that uses every tool of the editor."""
    editor(page).click()
    press(page, "Heading")
    page.keyboard.type("What we counted")
    page.keyboard.press("Enter")
    page.keyboard.type("Nobody had asked for the map, and yet we walked all the streets and wrote down what shines: ")
    page.keyboard.type("two thousand lamps, and ")
    press(page, "Bold")
    page.keyboard.type("every ninth")
    press(page, "Bold")
    page.keyboard.type(" of them dark. The list stands on ")
    press(page, "Link")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Link address").fill("lamps.example.org/list")
    dialog.get_by_role("button", name="Save link").click()
    expect(dialog).to_be_hidden()
    page.keyboard.type("for all.")
    page.keyboard.press("Enter")
    press(page, "List")
    page.keyboard.type("Lenin Street")
    page.keyboard.press("Enter")
    page.keyboard.type("Garden Lane")


def fill_in(page: Page, **fields: str) -> None:
    """Fill in fields of the writing form by their labels, with spaces as underscores."""
    for label, value in fields.items():
        field = page.get_by_label(re.compile(rf"^\s*{label.replace('_', ' ')}\s*\*?\s*$"))
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


def answer_questions(page: Page, **answers: str) -> None:
    """Answer the questions about the text, by default with "no" or "none"."""
    for name, answer in (NOTHING_TO_DISCLOSE | answers).items():
        page.locator(f"#id_{name}").select_option(answer)


def reload_after_tasks(page: Page) -> None:
    """On the production stack, load the page again when the task worker has done its work."""
    if production.IS_PRODUCTION:
        production.wait_for_tasks()
        page.reload()


def figures(place: Page | Locator) -> Locator:
    """Return the line "views | likes | dislikes" of an article's page or card."""
    return place.locator(".figures").first


def expect_figures(place: Page | Locator, *, views: int, likes: int, dislikes: int) -> None:
    """Check the three public numbers: visible text and accessible label."""
    line = figures(place)
    # On the article's own page the views are a link, with a hidden label.
    numbers = [re.compile(rf"^\s*{number}(\s|$)") for number in (views, likes, dislikes)]
    expect(line.locator(":scope > span, :scope > a")).to_have_text(numbers)
    label = (
        f"{count_with_noun(views, 'view')}, {count_with_noun(likes, 'like')}, {count_with_noun(dislikes, 'dislike')}"
    )
    expect(line).to_have_attribute("aria-label", label)


def count_with_noun(number: int, noun: str) -> str:
    """Return the number with the noun in singular or plural."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
