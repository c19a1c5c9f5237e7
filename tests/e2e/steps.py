"""What people do in several journeys, in one place, so that a journey reads like its story."""

from __future__ import annotations

import re
from io import BytesIO

from django.core.mail import EmailMessage
from PIL import Image, ImageDraw
from playwright.sync_api import FilePayload, Locator, Page, expect

PASSWORD = "correct horse battery"
_ADDRESS = re.compile(r"https?://\S+")
_TURNED = 6  # The camera was held upright: the picture lies on its side in the file.


def photograph(*, name: str = "IMG_0042.JPG", size: tuple[int, int] = (1200, 900)) -> FilePayload:
    """A JPEG as a telephone makes it: lying on its side, with a note how to turn it."""
    image = Image.new("RGB", size, "#34506b")
    drawing = ImageDraw.Draw(image)
    drawing.rectangle((0, size[1] // 2, size[0], size[1]), fill="#c9a227")
    exif = Image.Exif()
    exif[0x0112] = _TURNED
    exif[0x010F] = "A camera's name"
    file = BytesIO()
    image.save(file, "JPEG", exif=exif)
    return {"name": name, "mimeType": "image/jpeg", "buffer": file.getvalue()}


def log_in_by_the_form(page: Page, username: str, password: str = PASSWORD) -> None:
    """Fill in the log-in page that is open."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    page.get_by_label("Username or email").fill(username)
    page.get_by_label(re.compile(r"^\s*Password")).fill(password)
    page.get_by_role("main").get_by_role("button", name="Log in").click()


def address_in(letter: EmailMessage) -> str:
    """The first address in a letter."""
    found = _ADDRESS.search(str(letter.body))
    assert found, letter.body
    return found.group()


def editor(page: Page) -> Locator:
    """The text in the rich-text editor."""
    return page.get_by_role("textbox", name="Text", exact=True)


def click_into_the_text(page: Page, words: str) -> None:
    """Put the caret where these words stand."""
    editor(page).focus()
    # The editor sets the caret itself once, 20 ms after it gets the focus; this timer runs after that one.
    page.evaluate("new Promise(done => setTimeout(done, 30))")
    editor(page).get_by_text(words).click()


def go_to_the_end_of_the_line(page: Page) -> None:
    """Move the caret, and let the editor hear of it as it would before a person's next key."""
    page.keyboard.press("End")
    page.wait_for_function("getSelection().anchorOffset === getSelection().anchorNode.length")
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def press(page: Page, tool: str) -> None:
    """Press a button of the editor's toolbar."""
    page.get_by_role("toolbar", name="Formatting").get_by_role("button", name=tool, exact=True).click()


def write_text(page: Page) -> None:
    """Type a text with everything in it that the editor can do by hand."""
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


def figures(place: Page | Locator) -> Locator:
    """The line "views | likes | dislikes" of an article's page or card."""
    return place.locator(".figures").first


def expect_figures(place: Page | Locator, *, views: int, likes: int, dislikes: int) -> None:
    """The three public numbers, in their order and for those who hear them."""
    line = figures(place)
    # On the article's own page the views lead to their explanation, which is said to those who hear it.
    numbers = [re.compile(rf"^\s*{number}(\s|$)") for number in (views, likes, dislikes)]
    expect(line.locator(":scope > span, :scope > a")).to_have_text(numbers)
    words = f"{counted(views, 'view')}, {counted(likes, 'like')}, {counted(dislikes, 'dislike')}"
    expect(line).to_have_attribute("aria-label", words)


def counted(number: int, word: str) -> str:
    """The number with its word in the right form."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
