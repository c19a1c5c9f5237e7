"""Paste from a word processor, a spreadsheet and a page into the editor."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from accounts.models import User
from tests import factories
from tests.e2e import IN_BROWSER
from tests.e2e.steps import editor

pytestmark = IN_BROWSER

PASTE = """(element, html) => {
  const data = new DataTransfer()
  data.setData("text/html", html)
  element.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }))
}"""
WORD_LIST = """<p class=MsoListParagraphCxSpFirst style='text-indent:-18.0pt;mso-list:l0 level1 lfo1'>
<span style='font-family:Symbol;mso-list:Ignore'>·<span>&nbsp;&nbsp;&nbsp;</span></span>First</p>
<p class=MsoListParagraphCxSpLast style='mso-list:l0 level1 lfo1'>·   Second</p>
<p class=MsoNormal>Text</p>
<p class=MsoListParagraph style='mso-list:l1 level1 lfo2'>
<span style='mso-list:Ignore'>1.<span>&nbsp;</span></span>One</p>"""


def test_paste_keeps_structure(page: Page, log_in: Callable[[Page, User], None]) -> None:
    log_in(page, factories.UserFactory.create())
    for pasted, selector, count in (
        ("<table><tr><td>City</td><td>Lamps</td></tr><tr><td>Gyumri</td><td>1200</td></tr></table>", "td", 4),
        ('<ol start="5"><li>Five</li><li>Six</li></ol>', 'ol[start="5"] li', 2),
        ("<pre>def f():\n    return 1</pre>", "pre", 1),
        ("<p>x<sup>2</sup> H<sub>2</sub>O</p>", "sup, sub", 2),
        (WORD_LIST, "ul li", 2),
        (WORD_LIST, "ol li", 1),
    ):
        page.goto("/my/articles/new/")
        page.on("dialog", lambda dialog: dialog.accept())
        editor(page).evaluate(PASTE, pasted)
        expect(editor(page).locator(selector)).to_have_count(count)
        expect(editor(page)).not_to_contain_text("·")
