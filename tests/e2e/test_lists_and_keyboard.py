"""Loading more articles, and using the site by keyboard."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import LazySettings
from django.core.mail import EmailMessage
from playwright.sync_api import Page, Route, expect

from accounts.models import User
from articles.models import Article
from tests import factories
from tests.e2e import IN_BROWSER
from tests.e2e.steps import PASSWORD, first_url

pytestmark = IN_BROWSER
LogIn = Callable[[Page, User], None]
MAX_TAB_STOPS = 60


def test_show_more_appends_articles(page: Page, settings: LazySettings, accessible: Callable[[Page], None]) -> None:
    """Each click shows "Loading…" and appends the next articles, each once."""
    settings.PAGE_SIZE = 4
    titles = [f"Article number {n}" for n in range(10)]
    for title in titles:
        factories.published(title=title)
    page.goto("/")
    page.evaluate("window.stillTheSamePage = true")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/?after=*", hold)
    shown = page.get_by_role("article")
    for count in (8, 10):
        held.clear()
        more = page.get_by_role("link", name="Show more articles")
        loading = page.get_by_text("Loading…")
        expect(loading).to_be_hidden()
        with page.expect_request("**/?after=*"):
            more.click()
        expect(loading).to_be_visible()
        expect(more).to_be_hidden()  # so it cannot be clicked twice
        factories.published(title=f"Published meanwhile, {count}")
        for route in held:
            route.continue_()
        expect(shown).to_have_count(count)
    expect(page.get_by_text("No more articles")).to_be_visible()
    expect(page.get_by_role("link", name="Show more articles")).to_have_count(0)
    headings = [one.strip() for one in shown.get_by_role("heading").all_inner_texts()]
    assert headings == titles[::-1]
    assert page.evaluate("window.stillTheSamePage")
    accessible(page)


def focused(page: Page) -> str:
    """Return the text of the focused element."""
    text: str = page.evaluate(
        "(document.activeElement.labels?.[0] ?? document.activeElement).textContent.replace(/\\s+/g, ' ').trim()"
    )
    return text


def tab_to(page: Page, text: str) -> None:
    """Press Tab until the element that begins with `text` has the focus; check that the focus is visible."""
    for _ in range(MAX_TAB_STOPS):
        page.keyboard.press("Tab")
        if focused(page).startswith(text):
            ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            shadow = page.evaluate("getComputedStyle(document.activeElement).boxShadow")
            assert ring != "none" or shadow != "none", f"The focus on “{text}” is not visible"
            return
    raise AssertionError(f"The Tab key does not reach “{text}”.")


def test_sign_up_and_vote_by_keyboard(page: Page, mailoutbox: list[EmailMessage]) -> None:
    article = factories.published(title="The lamp at number nine")
    page.goto("/")
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to main content"
    tab_to(page, "Sign up")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign up")
    tab_to(page, "Use a password")
    page.keyboard.press("Enter")
    for label, value in (("Username", "newcomer"), ("Email", "newcomer@example.org"), ("Password", PASSWORD)):
        tab_to(page, label)
        page.keyboard.type(value)
    tab_to(page, "I have read")
    page.keyboard.press("Space")
    tab_to(page, "Sign up")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your email")

    page.goto(first_url(mailoutbox[0]))
    tab_to(page, "Confirm")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("My articles")
    tab_to(page, "Articles")
    page.keyboard.press("Enter")
    expect(page).to_have_url("/")

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # skip the header
    tab_to(page, "The lamp at number nine")
    page.keyboard.press("Enter")
    expect(page).to_have_url(article.get_absolute_url())
    tab_to(page, "Like")
    page.keyboard.press("Space")
    expect(page.locator("#vote-like")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#vote-like")).to_be_focused()  # The focus stays on the button.
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#vote-dislike")).to_have_attribute("aria-pressed", "true")
    found = Article.objects.get()
    assert (found.likes, found.dislikes) == (0, 1)


def test_editor_by_keyboard(page: Page, log_in: LogIn) -> None:
    """The toolbar is one tab stop; arrow keys move within it, and the text gets the focus back."""
    article = factories.draft(body="<p>The list stands here</p>")
    log_in(page, article.author)
    page.goto(f"/my/articles/{article.pk}/")
    text = page.get_by_role("textbox", name="Text", exact=True)
    toolbar = page.get_by_role("toolbar", name="Formatting")
    tab_to(page, "Title")
    page.keyboard.press("Tab")
    expect(toolbar.get_by_role("button", name="Heading", exact=True)).to_be_focused()
    page.keyboard.press("Tab")
    expect(text).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.press("Shift+Tab")
    for name in ("Subheading", "Bold"):
        page.keyboard.press("ArrowRight")
        expect(toolbar.get_by_role("button", name=name)).to_be_focused()
    page.keyboard.press("Enter")
    expect(text).to_be_focused()
    expect(text.locator("strong")).to_have_text("The list stands here")
    page.keyboard.press("ControlOrMeta+k")
    expect(page.get_by_label("Link address")).to_be_focused()
    page.keyboard.type("javascript:alert(1)")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("example.org/list")
    page.keyboard.press("Enter")
    expect(text).to_be_focused()
    expect(text.get_by_role("link")).to_have_attribute("href", "https://example.org/list")
