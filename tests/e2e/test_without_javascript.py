"""The main journey without JavaScript, with forms and links only."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.conf import LazySettings
from django.core.mail import EmailMessage
from playwright.sync_api import Page, expect

from articles.models import Article
from articles.readership.models import PageView
from tests.e2e import IN_BROWSER
from tests.e2e.steps import (
    answer_questions,
    expect_figures,
    fill_in,
    first_url,
    log_in_with_form,
    photograph,
    reload_after_tasks,
    sign_up_with_password,
)
from tests.factories import SectionFactory, UserFactory, published
from tests.moderation.users import moderator

pytestmark = IN_BROWSER

TITLE = "The 7:55 to the lace factory"
TEXT = """Every weekday at five to eight the bus fills up.

Nobody talks until the bridge, and after it
everybody does: of prices, of children, of thread & needles <sic>.

That is all. The bus turns, the factory opens, and the thread runs until noon."""


@pytest.fixture
def new_page_without_javascript(new_page: Callable[..., Page]) -> Callable[[], Page]:
    """Return a function that opens a page without JavaScript."""
    return lambda: new_page(java_script_enabled=False)


def test_main_journey_without_javascript(
    new_page_without_javascript: Callable[[], Page], mailoutbox: list[EmailMessage]
) -> None:
    SectionFactory.create(name="Society")
    moderator(username="mariam")
    UserFactory.create(username="reader")
    newcomer, moderator_page, reader = (
        new_page_without_javascript(),
        new_page_without_javascript(),
        new_page_without_javascript(),
    )

    sign_up(newcomer, mailoutbox)
    write_and_submit(newcomer)
    publish(moderator_page)
    newcomer.reload()
    expect(newcomer.get_by_role("listitem").filter(has_text=TITLE)).to_contain_text("Published")

    read(reader)
    vote(reader)


def sign_up(page: Page, messages: list[EmailMessage]) -> None:
    page.goto("/accounts/signup/")
    sign_up_with_password(page, "newcomer")
    page.goto(first_url(messages[0]))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My articles")


def write_and_submit(page: Page) -> None:
    page.get_by_role("link", name="Write your first article").click()
    fill_in(page, Title=TITLE, Section="Society", Summary="A bus in the morning.", Tags="bus, lace", Text=TEXT)
    fill_in(page, Alternative_text="A bus before sunrise", Caption="The bus at the bridge.")
    answer_questions(page, ai_help="corrections")
    page.get_by_label("Lead image").set_input_files(photograph())
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_role("img", name="Current lead image")).to_be_visible()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("This is a preview")).to_be_visible()
    expect_three_paragraphs_and_image(page)
    page.get_by_role("button", name="Submit for review").click()
    expect(page.get_by_role("heading", name="An image has no credit.")).to_be_visible()
    page.get_by_role("button", name="Submit anyway").click()
    expect(page.get_by_text("Submitted for review. We will email you")).to_be_visible()


def expect_three_paragraphs_and_image(page: Page) -> None:
    """Check that empty lines separate paragraphs and that markup is escaped."""
    paragraphs = page.locator(".prose p")
    expect(paragraphs).to_have_count(3)
    expect(paragraphs.nth(1)).to_contain_text("thread & needles <sic>")
    expect(page.get_by_role("img", name="A bus before sunrise")).to_be_visible()
    expect(page.locator("figcaption")).to_have_text("The bus at the bridge.")


def publish(page: Page) -> None:
    page.goto("/admin/moderation/submission/")
    log_in_with_form(page, "mariam")
    page.get_by_role("link", name=TITLE).click()
    shown = page.frame_locator("iframe.preview")
    expect(shown.get_by_role("heading", level=1)).to_have_text(TITLE)
    page.get_by_label("Publish", exact=True).check()
    page.get_by_role("button", name="Save decision").click()
    expect(page.get_by_text("is published")).to_be_visible()


def read(page: Page) -> None:
    """Load the article three times; the image in the page counts one view."""
    page.goto("/")
    page.get_by_role("link", name=TITLE).first.click()
    expect_three_paragraphs_and_image(page)
    for _ in range(2):
        with page.expect_response(re.compile(r"/beacon/\d+\.gif")) as image:
            page.reload()
        assert image.value.status == 200
    assert [view.kind for view in PageView.objects.all()] == [PageView.Kind.COUNTED]
    reload_after_tasks(page)
    expect_figures(page.locator(".verdict"), views=1, likes=0, dislikes=0)
    assert page.context.cookies() == []


def vote(page: Page) -> None:
    """Vote with forms, each of which redirects to the article."""
    address = page.url
    page.get_by_role("link", name=re.compile("^Like")).click()
    log_in_with_form(page, "reader")
    expect(page).to_have_url(f"{address}?vote=1#vote")
    article = Article.objects.get(live__title=TITLE)
    for button, likes, dislikes in (("#vote-like", 1, 0), ("#vote-dislike", 0, 1), ("#vote-dislike", 0, 0)):
        page.locator(button).click()
        expect(page).to_have_url(f"{address}#vote")
        expect(page.locator("#vote-like b")).to_have_text(str(likes))
        expect(page.locator("#vote-dislike b")).to_have_text(str(dislikes))
        expect(page.locator("#vote-like")).to_have_attribute("aria-pressed", "true" if likes else "false")
        expect(page.locator("#vote-dislike")).to_have_attribute("aria-pressed", "true" if dislikes else "false")
        article.refresh_from_db()
        assert (article.likes, article.dislikes) == (likes, dislikes)


def test_show_more_without_javascript(new_page_without_javascript: Callable[[], Page], settings: LazySettings) -> None:
    settings.PAGE_SIZE = 4
    titles = {f"Article number {n}" for n in range(10)}
    for title in sorted(titles):
        published(title=title)
    page = new_page_without_javascript()
    page.goto("/")
    seen: list[str] = []
    for _ in range(3):
        seen += page.get_by_role("article").get_by_role("heading").all_inner_texts()
        if page.get_by_text("No more articles").is_visible():
            break
        expect(page.get_by_text("Loading")).to_be_hidden()
        page.get_by_role("link", name="Show more articles").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Older articles")
    assert len(seen) == len(set(seen))
    assert set(seen) == titles
