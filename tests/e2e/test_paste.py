"""Paste from word processors, spreadsheets and a wiki into the editor.

tests/e2e/clipboard has HTML in the manner of these programs, with what the editor makes of it.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from articles.models import Image
from core.sanitizer import sanitize
from tests import factories
from tests.e2e import IN_BROWSER
from tests.e2e.conftest import Problems
from tests.e2e.steps import editor, photograph

pytestmark = IN_BROWSER

CLIPBOARD = Path(__file__).with_name("clipboard")
PROGRAMS = sorted(file.name.removesuffix(".expected.html") for file in CLIPBOARD.glob("*.expected.html"))
# What the browser hands to the editor; the body of the form is what would be saved.
PASTE = """(element, {html, text, rtf}) => {
  const data = new DataTransfer()
  if (html) data.setData("text/html", html)
  if (text) data.setData("text/plain", text)
  if (rtf) data.setData("text/rtf", rtf)
  element.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }))
}"""
WORD_LIST = """<p class=MsoListParagraphCxSpFirst style='text-indent:-18.0pt;mso-list:l0 level1 lfo1'>
<span style='font-family:Symbol;mso-list:Ignore'>·<span>&nbsp;&nbsp;&nbsp;</span></span>First</p>
<p class=MsoListParagraphCxSpLast style='mso-list:l0 level1 lfo1'>·   Second</p>
<p class=MsoNormal>Text</p>
<p class=MsoListParagraph style='mso-list:l1 level1 lfo2'>
<span style='mso-list:Ignore'>1.<span>&nbsp;</span></span>One</p>"""


def clipboard(program: str) -> tuple[str, str]:
    """Return the HTML that a program puts on the clipboard, and what the editor makes of it."""
    html, expected = (CLIPBOARD / f"{program}{end}.html" for end in ("", ".expected"))
    return html.read_text(), plain_structure(expected.read_text())


def plain_structure(html: str) -> str:
    """Return the value of the editor as it is stored, without `rel`."""
    return re.sub(r' rel="[^"]*"|\n', "", sanitize(html))


@pytest.fixture
def writing(page: Page, log_in: Callable[[Page, User], None]) -> Page:
    """The form for a new article."""
    log_in(page, factories.UserFactory.create())
    page.goto("/my/articles/new/")
    return page


def paste(page: Page, html: str = "", *, text: str = "", rtf: str = "") -> None:
    editor(page).evaluate(PASTE, {"html": html, "text": text, "rtf": rtf})


def body(page: Page) -> str:
    return plain_structure(page.locator("#id_body").input_value())


@pytest.mark.parametrize("program", PROGRAMS)
def test_paste_from(program: str, writing: Page) -> None:
    html, expected = clipboard(program)
    paste(writing, html)
    assert body(writing) == expected
    if "<img" in html:
        expect(writing.get_by_text("Some images could not be pasted.")).to_be_visible()


def test_paste_keeps_structure(page: Page, log_in: Callable[[Page, User], None]) -> None:
    log_in(page, factories.UserFactory.create())
    page.on("dialog", lambda dialog: dialog.accept())
    for pasted, selector, count in (
        ("<table><tr><td>City</td><td>Lamps</td></tr><tr><td>Gyumri</td><td>1200</td></tr></table>", "td", 4),
        ('<ol start="5"><li>Five</li><li>Six</li></ol>', 'ol[start="5"] li', 2),
        ("<pre>def f():\n    return 1</pre>", "pre", 1),
        ("<p>x<sup>2</sup> H<sub>2</sub>O</p>", "sup, sub", 2),
        (WORD_LIST, "ul li", 2),
        (WORD_LIST, "ol li", 1),
    ):
        page.goto("/my/articles/new/")
        paste(page, pasted)
        expect(editor(page).locator(selector)).to_have_count(count)
        expect(editor(page)).not_to_contain_text("·")


def test_pasted_images_are_uploaded_where_they_stand(writing: Page) -> None:
    """A `data:` address as browsers copy it, and a file of Word, whose bytes are in the RTF."""
    photo = photograph(size=(400, 300))["buffer"]
    rtf = r"{\rtf1{\*\shppict{\pict{\*\picprop}\picw400\pich300\jpegblip " + photo.hex() + "}}}"
    html = (
        f'<p>Before</p><p><img src="data:image/jpeg;base64,{b64encode(photo).decode()}"></p><p>Between</p>'
        '<p><img src="file:///C:/Temp/clip_image001.jpg"></p><p>After</p>'
    )
    paste(writing, html, rtf=rtf)
    expect(editor(writing).get_by_label("Alternative text")).to_have_count(2)
    first, second = Image.objects.order_by("pk")
    assert body(writing) == (
        f'<p>Before</p><figure><img data-image="{first.pk}" alt=""></figure><p>Between</p>'
        f'<figure><img data-image="{second.pk}" alt=""></figure><p>After</p>'
    )


def test_address_of_a_video_becomes_an_embed(writing: Page) -> None:
    paste(writing, text="https://youtu.be/aBcDeFgHi_1")
    expect(editor(writing).locator("figure.embed")).to_contain_text("YouTube")
    assert 'class="embed"><a href="https://youtu.be/aBcDeFgHi_1">' in body(writing)


def test_copy_within_the_editor_keeps_images_and_notes(writing: Page, problems: Problems) -> None:
    problems.expect(404)  # There is no image 7.
    html = (
        '<p data-pm-slice="0 0 []">One<foot-note>Note</foot-note></p>'
        '<figure><img data-image="7" alt="A lamp"><figcaption>Left</figcaption></figure>'
    )
    paste(writing, html)
    expect(editor(writing).get_by_label("Caption")).to_have_value("Left")
    assert '<p>One<foot-note>Note</foot-note></p><figure><img data-image="7" alt="A lamp">' in body(writing)
