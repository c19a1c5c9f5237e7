"""Tables, footnotes, quotes, code, embedded pages and typing shortcuts in the editor, and what readers see of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import brotli
import pytest
from playwright.sync_api import Page, Request, Response, expect

from accounts.models import User
from articles.widgets import BodyWidget
from tests import factories
from tests.articles.test_embeds import EMBEDDABLE, NOT_EMBEDDABLE
from tests.e2e import IN_BROWSER
from tests.e2e.steps import editor, press
from tests.e2e.test_paste import body
from tests.spokesperson.test_weight import KB

pytestmark = IN_BROWSER
STATIC = Path(__file__).parents[2] / "static"


@pytest.fixture
def writing(page: Page, log_in: Callable[[Page, User], None]) -> Page:
    log_in(page, factories.UserFactory.create())
    page.goto("/my/articles/new/")
    editor(page).click()
    return page


def test_table_rows_and_columns(writing: Page, accessible: Callable[[Page], None]) -> None:
    page = writing
    press(page, "Table")
    tools = page.get_by_role("toolbar", name="Rows and columns of the table")
    expect(tools).to_be_visible()
    page.keyboard.type("City")
    page.keyboard.press("Tab")
    page.keyboard.type("Lamps")
    table = editor(page).locator("table")
    expect(table.locator("th")).to_have_text(["City", "Lamps", ""])
    for tool, rows, columns in (
        ("Row below", 4, 3),
        ("Row above", 5, 3),
        ("Column after", 5, 4),
        ("Column before", 5, 5),
        ("Delete column", 5, 4),
        ("Delete row", 4, 4),
    ):
        tools.get_by_role("button", name=tool).click()
        expect(table.locator("tr")).to_have_count(rows)
        expect(table.locator("tr").first.locator("th, td")).to_have_count(columns)
    accessible(page)
    tools.get_by_role("button", name="Delete table").click()
    expect(table).to_have_count(0)
    expect(tools).to_be_hidden()


def test_footnote_is_written_changed_and_removed(writing: Page) -> None:
    page = writing
    page.keyboard.type("It shines")
    press(page, "Footnote")
    dialog = page.get_by_role("dialog", name="Footnote")
    dialog.get_by_role("button", name="Save footnote").click()
    expect(dialog).to_be_visible()  # It asks for a text.
    dialog.get_by_label("Text of the footnote").fill("See https://example.org.")
    dialog.get_by_role("button", name="Save footnote").click()
    page.keyboard.type(" all night.")
    assert body(page) == "<p>It shines<foot-note>See https://example.org.</foot-note> all night.</p>"
    editor(page).get_by_role("button", name="Footnote: See https://example.org.").click()
    dialog.get_by_label("Text of the footnote").fill("Ibid.")
    dialog.get_by_role("button", name="Save footnote").click()
    assert "<foot-note>Ibid.</foot-note>" in body(page)
    editor(page).get_by_role("button", name="Footnote: Ibid.").click()
    dialog.get_by_role("button", name="Remove footnote").click()
    assert body(page) == "<p>It shines all night.</p>"


def test_pull_quote_and_code(writing: Page) -> None:
    page = writing
    page.keyboard.type("For the cats")
    press(page, "Pull quote")
    assert body(page) == '<blockquote class="pull-quote"><p>For the cats</p></blockquote>'
    press(page, "Pull quote")
    assert body(page) == "<p>For the cats</p>"
    press(page, "Quote")
    press(page, "Pull quote")
    assert 'class="pull-quote"' in body(page)
    press(page, "Pull quote")
    press(page, "Code")
    assert body(page) == "<pre><code>For the cats</code></pre>"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("## Lamps", "<h2>Lamps</h2>"),
        ("### Lamps", "<h3>Lamps</h3>"),
        ("- one", "<ul><li><p>one</p></li></ul>"),
        ("1. one", "<ol><li><p>one</p></li></ol>"),
        ("> one", "<blockquote><p>one</p></blockquote>"),
        ("``` one", "<pre><code>one</code></pre>"),
        ("**one** ", "<p><strong>one</strong> </p>"),
        ("*one* ", "<p><em>one</em> </p>"),
        ("`one` ", "<p><code>one</code> </p>"),
        ("--- ", "<hr>"),
    ],
)
def test_typing_shortcut(writing: Page, typed: str, expected: str) -> None:
    writing.keyboard.type(typed)
    assert body(writing) == expected


def test_embed_of_each_site(writing: Page) -> None:
    page = writing
    dialog = page.get_by_role("dialog", name="Video, post or map")
    for address in EMBEDDABLE:
        press(page, "Video, post or map")
        dialog.get_by_label("Address of the page").fill(address)
        dialog.get_by_role("button", name="Insert").click()
        expect(dialog).to_be_hidden()
    expect(editor(page).locator("figure.embed")).to_have_count(len(EMBEDDABLE))
    press(page, "Video, post or map")
    for address in NOT_EMBEDDABLE:
        dialog.get_by_label("Address of the page").fill(address)
        dialog.get_by_role("button", name="Insert").click()
        expect(dialog, address).to_be_visible()


def test_reader_loads_an_embedded_page_with_a_press_only(page: Page, accessible: Callable[[Page], None]) -> None:
    asked: list[str] = []

    def answer(request: Request) -> None:
        if "youtube" in request.url:
            asked.append(request.url)

    page.on("request", answer)
    page.route("https://www.youtube-nocookie.com/**", lambda route: route.fulfill(body="<p>The film</p>"))
    embed = '<figure class="embed"><a href="https://youtu.be/aBcDeFgHi_1">The film</a></figure>'
    page.goto(factories.published(body=factories.BODY + embed).get_absolute_url())
    expect(page.get_by_role("link", name="The film")).to_be_visible()
    accessible(page)
    assert not asked
    page.get_by_role("button", name="Show the content of YouTube").click()
    expect(page.frame_locator("iframe.frame").get_by_text("The film")).to_be_visible()
    assert asked == ["https://www.youtube-nocookie.com/embed/aBcDeFgHi_1"]


def test_reader_follows_a_footnote_and_returns(page: Page, accessible: Callable[[Page], None]) -> None:
    page.goto(
        factories.published(body=f"<p>One<foot-note>The note</foot-note>.</p>{factories.BODY}").get_absolute_url()
    )
    accessible(page)
    page.get_by_role("main").get_by_label("Footnote 1", exact=True).click()
    expect(page).to_have_url(re.compile("#note-1$"))
    page.get_by_label("Back to the text of footnote 1").click()
    expect(page).to_have_url(re.compile("#note-1-text$"))


def test_scripts_of_the_editor_are_small(page: Page, log_in: Callable[[Page, User], None]) -> None:
    """All scripts of the page, compressed as they are sent."""
    log_in(page, factories.UserFactory.create())
    sizes: dict[str, int] = {}

    def measure(answer: Response) -> None:
        if answer.url.endswith(".js"):
            sizes[answer.url] = len(brotli.compress(answer.body()))

    page.on("response", measure)
    page.goto("/my/articles/new/")
    expect(editor(page)).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert len(sizes) > len(BodyWidget(max_length=1).media._js)
    assert sum(sizes.values()) <= 180 * KB, sizes
