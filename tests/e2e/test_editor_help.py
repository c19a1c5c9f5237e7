"""What helps an author while writing: checklist, tags, typography, errors, shortcuts, the card; on a phone too."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from playwright.sync_api import Locator, Page, expect

from accounts.models import User
from articles.models import Article
from core.sanitizer import sanitize
from tests import factories
from tests.articles.typography_corpus import CORPUS
from tests.e2e import IN_BROWSER
from tests.e2e.conftest import PHONE
from tests.e2e.site import create_image
from tests.e2e.steps import editor, press
from tests.e2e.test_paste import body

pytestmark = IN_BROWSER
LogIn = Callable[[Page, User], None]
Accessible = Callable[[Page], None]
SET_TEXT = """([text, language]) => {
  const { body, language: select } = document.querySelector("form.write").elements
  select.value = language
  select.dispatchEvent(new Event("change", { bubbles: true }))
  body.value = text
  window.dispatchEvent(new PageTransitionEvent("pageshow"))
}"""


@pytest.fixture
def writer(page: Page, log_in: LogIn) -> User:
    user: User = factories.UserFactory.create()
    log_in(page, user)
    return user


def suggestions(page: Page) -> Locator:
    return page.get_by_role("listbox").get_by_role("option")


def test_checklist_leads_to_each_place(page: Page, writer: User, accessible: Accessible) -> None:
    image = create_image(writer)
    text = f"""{factories.BODY}<figure><img data-image="{image.pk}" alt=""></figure>
<p>Nine <a href="https://example.org/">lamps</a>, counted <a href="https://example.org/list">here</a>.</p>
<blockquote><p>They shine for the cats.</p></blockquote>"""
    article = factories.draft(writer, body=text, image=image)
    page.goto(f"/my/articles/{article.pk}/")
    page.get_by_role("button", name="Submit for review").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Before you submit")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        accessible(page)
    fixes = page.get_by_role("link", name="Fix")
    expect(fixes).to_have_count(6)

    def fix(number: int) -> None:
        fixes.nth(number).click()
        expect(editor(page)).to_be_visible()

    fix(0)
    expect(page.locator("#id_alternative_text")).to_be_focused()
    page.go_back()
    fix(1)
    expect(editor(page).get_by_label("Alternative text")).to_be_focused()
    page.go_back()
    fix(3)
    expect(editor(page).get_by_label("Credit")).to_be_focused()
    page.go_back()
    for number, selected in ((4, "here"), (5, "They shine for the cats.")):
        fix(number)
        expect(editor(page)).to_be_focused()
        assert page.evaluate("getSelection().toString()") == selected
        expect(editor(page).get_by_text(selected)).to_be_in_viewport()
        page.go_back()
    page.get_by_role("button", name="Submit anyway").click()
    expect(page.get_by_text("Submitted for review. We will email you")).to_be_visible()
    assert Article.objects.get().state == "in_review"


def test_tags_are_completed(page: Page, writer: User, accessible: Accessible) -> None:
    for names in (["street lamps", "street"], ["street lamps", "strawberries"], ["maps"]):
        factories.published(tag_names=names)
    page.goto("/my/articles/new/")
    field = page.get_by_role("combobox", name="Tags")
    field.press_sequentially("st")
    expect(suggestions(page)).to_have_text(["street lamps", "strawberries", "street"])
    expect(field).to_have_attribute("aria-expanded", "true")
    accessible(page)
    field.press("ArrowDown")
    expect(suggestions(page).first).to_have_attribute("aria-selected", "true")
    field.press("Enter")
    expect(field).to_have_value("street lamps, ")
    expect(suggestions(page)).to_have_count(0)
    field.press_sequentially("str")
    expect(suggestions(page)).to_have_text(["strawberries", "street"])
    field.press("Escape")
    expect(suggestions(page)).to_have_count(0)
    field.press("Backspace")
    suggestions(page).get_by_text("street").click()
    expect(field).to_have_value("street lamps, street, ")
    field.press("Home")
    field.press_sequentially("ma")
    field.press_sequentially(",")
    expect(suggestions(page)).to_have_count(0)
    field.press("ArrowLeft")
    field.press_sequentially("p")
    suggestions(page).get_by_text("maps").click()
    expect(field).to_have_value("maps,street lamps, street, ")
    expect(page.locator("#save-status")).to_contain_text("Saved")
    assert Article.objects.get(author=writer).latest.tag_names == ["maps", "street lamps", "street"]  # type: ignore[union-attr]


def test_typography_is_fixed_as_on_the_server_and_undone_in_one_step(page: Page, writer: User) -> None:
    page.goto("/my/articles/new/")
    expect(editor(page)).to_be_visible()
    for language, _name in settings.LANGUAGES:
        before, after = ("".join(texts) for texts in zip(*CORPUS[language], strict=True))
        page.evaluate(SET_TEXT, [before, language])
        editor(page).click()
        page.keyboard.press("ControlOrMeta+Home")
        page.keyboard.type("A ")
        press(page, "Fix typography")
        assert sanitize(page.locator("#id_body").input_value()) == sanitize(after.replace("<p>", "<p>A ", 1)), language
        expect(page.get_by_text("Places changed: ")).to_be_visible()
        page.keyboard.press("ControlOrMeta+z")
        assert sanitize(page.locator("#id_body").input_value()) == sanitize(before.replace("<p>", "<p>A ", 1)), language


def test_errors_are_listed_first_with_links(page: Page, writer: User, accessible: Accessible) -> None:
    page.goto("/my/articles/new/")
    page.get_by_label("Summary").fill("Dark since May.")
    page.locator("#id_canonical_url").fill("no address")  # The browser alone would refuse it.
    page.get_by_role("button", name="Submit for review").click()
    summary = page.locator(".error-summary")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("Not saved.")
    summary.get_by_role("link", name="First published at").click()
    expect(page.locator("#id_canonical_url")).to_be_focused()
    page.locator("#id_canonical_url").fill("")
    page.get_by_role("button", name="Submit for review").click()
    expect(summary).to_be_focused()
    accessible(page)
    summary.get_by_role("link", name="Title").click()
    expect(page.locator("#id_title")).to_be_focused()
    summary.get_by_role("link", name="Text: Write at least 30 words.").click()
    expect(editor(page)).to_be_focused()


def test_shortcuts_card_and_length_of_the_summary(page: Page, writer: User, accessible: Accessible) -> None:
    page.goto("/my/articles/new/")
    card = page.get_by_role("group", name="How lists show it")
    expect(card).to_contain_text("Untitled")
    page.locator("#id_title").fill("Nine lamps")
    editor(page).click()
    press(page, "Subheading")
    page.keyboard.type("Nobody had asked for the map.")
    assert body(page) == "<h3>Nobody had asked for the map.</h3>"
    expect(card).to_contain_text("Nine lamps")
    expect(card).to_contain_text("Nobody had asked for the map.")
    counter = page.locator("#id_summary + output")
    expect(counter).to_have_text("0 / 300")
    page.locator("#id_summary").fill("Dark since May.")
    expect(counter).to_have_text("15 / 300")
    expect(card).not_to_contain_text("Nobody")
    expect(card).to_contain_text("Dark since May.")
    editor(page).click()
    page.keyboard.press("ControlOrMeta+/")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog.get_by_role("row").filter(has_text="Bold")).to_contain_text("**…**")
    accessible(page)
    page.keyboard.press("Escape")
    expect(editor(page)).to_be_focused()
    press(page, "Keyboard shortcuts")
    dialog.get_by_role("button", name="Close").click()
    expect(editor(page)).to_be_focused()


def test_form_on_a_phone_in_russian(page: Page, writer: User, accessible: Accessible) -> None:
    """The bar and the toolbar have one row each; the other buttons of the bar open by keyboard too."""
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    article = factories.draft(writer)
    page.goto(f"/ru/my/articles/{article.pk}/")
    page.locator("#id_title").fill("Девять фонарей")
    expect(page.locator("#save-status")).to_contain_text("Сохранено")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        accessible(page)
    submit = page.get_by_role("button", name="Отправить на проверку")
    more, save = page.get_by_role("button", name="Ещё"), page.get_by_role("button", name="Сохранить черновик")
    rows = [one.bounding_box() for one in (submit, more, page.locator("#save-status"), page.locator(".write-actions"))]
    assert all(rows)
    tops = [row["y"] + row["height"] / 2 for row in rows if row]
    assert max(tops) - min(tops) < 8, rows
    toolbar = page.get_by_role("toolbar").first
    height = toolbar.evaluate("bar => bar.clientHeight")
    assert height < 60
    assert toolbar.evaluate("bar => bar.scrollWidth > bar.clientWidth")
    expect(save).to_be_hidden()
    more.focus()
    page.keyboard.press("Enter")
    expect(save).to_be_visible()
    accessible(page)
    page.keyboard.press("Escape")
    expect(save).to_be_hidden()
    page.keyboard.press("Space")
    save.click()
    expect(page.get_by_text("Сохранено.")).to_be_visible()
