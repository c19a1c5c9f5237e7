"""The main journey: sign up, write, review, publish, read, vote."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.core.mail import EmailMessage
from django.utils import timezone
from playwright.sync_api import Page, expect

from articles.models import Article
from tests.e2e import IN_BROWSER
from tests.e2e.steps import (
    answer_questions,
    click_in_text,
    count_with_noun,
    editor,
    expect_figures,
    figures,
    fill_in,
    first_url,
    log_in_with_form,
    move_caret_to_end_of_line,
    photograph,
    reload_after_tasks,
    sign_up_with_password,
    write_text,
)
from tests.factories import SectionFactory, UserFactory, published
from tests.moderation.users import moderator

pytestmark = IN_BROWSER

TITLE = "We counted every street lamp"
SUMMARY = "A weekend, eleven volunteers and 2,340 lamps."
REASON = "Please say who counted, and when."
ADDED_SENTENCE = "Eleven of us counted on the second weekend of October."


def test_main_journey(page: Page, new_page: Callable[..., Page], mailoutbox: list[EmailMessage]) -> None:
    """A new user publishes an article; a visitor reads it and votes."""
    SectionFactory.create(name="Society")
    for n in range(3):
        published(title=f"An earlier article, number {n}", section=SectionFactory.create(name="Technology"))
    moderator(username="mariam")
    UserFactory.create(username="reader")
    newcomer, moderator_page, visitor = page, new_page(), new_page()

    sign_up(newcomer, "newcomer", mailoutbox)
    write(newcomer)
    preview_and_submit(newcomer)
    mailoutbox.clear()

    open_admin(moderator_page, "mariam")
    open_from_queue(moderator_page)
    decide(moderator_page, "Return to the author", reason=REASON)
    expect(moderator_page.get_by_text("was returned to its author")).to_be_visible()

    read_reason_and_resubmit(newcomer, mailoutbox)
    mailoutbox.clear()

    moderator_page.get_by_role("link", name="Home").click()
    open_from_queue(moderator_page)
    expect(moderator_page.get_by_text(ADDED_SENTENCE).first).to_be_visible()
    decide(moderator_page, "Publish")
    expect(moderator_page.get_by_text("is published")).to_be_visible()
    assert [(message.to, message.subject) for message in mailoutbox] == [
        (["newcomer@example.org"], f"Published: {TITLE}")
    ]

    open_from_front_page(visitor)
    expect_article_page(visitor)
    expect_one_view_after_reloads(visitor)
    log_in_from_like_link(visitor)
    like_dislike_withdraw(visitor, other_page=new_page())


# --- The author ------------------------------------------------------------------------------


def sign_up(page: Page, name: str, messages: list[EmailMessage]) -> None:
    """Sign up with the form and confirm with the link in the email."""
    page.goto("/")
    page.get_by_role("link", name="Sign up").click()
    sign_up_with_password(page, name)
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your email")

    assert [message.to for message in messages] == [[f"{name}@example.org"]]
    page.goto(first_url(messages[0]))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My articles")
    expect(page.get_by_text("You have no articles yet.")).to_be_visible()


def write(page: Page) -> None:
    """Fill in every field of the form, the text in the rich-text editor."""
    page.get_by_role("link", name="Write your first article").click()
    fill_in(page, Title=TITLE, Section="Society", Summary=SUMMARY, Tags="street lamps, light")
    write_text(page)
    page.get_by_label("Lead image").set_input_files(photograph())
    fill_in(
        page,
        Alternative_text="A lamp at dusk",
        Caption="The lamp at number nine, on the second evening.",
        Credit="Photograph: Newcomer",
    )
    answer_questions(page)


def preview_and_submit(page: Page) -> None:
    """Check the preview and submit the article from there."""
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    expect(page.get_by_text("This is a preview")).to_be_visible()
    expect_text_and_image(page)
    page.get_by_role("button", name="Submit for review").click()
    expect(page.get_by_text("Submitted for review. We will email you")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text=TITLE)).to_contain_text("In review")
    assert not Article.objects.published().filter(live__title=TITLE).exists()


def read_reason_and_resubmit(page: Page, messages: list[EmailMessage]) -> None:
    """Find the reason in the email and in "My articles", then edit the article and submit it again."""
    assert [(message.to, message.subject) for message in messages] == [(["newcomer@example.org"], f"Returned: {TITLE}")]
    assert REASON in messages[0].body

    page.reload()
    item = page.get_by_role("listitem").filter(has_text=TITLE)
    expect(item).to_contain_text("Returned")
    expect(item).to_contain_text(REASON)

    page.goto(first_url(messages[0]))
    expect(page.get_by_text(REASON)).to_be_visible()
    expect(page.get_by_label("Caption")).to_have_value("The lamp at number nine, on the second evening.")
    expect(editor(page)).to_contain_text("Garden Lane")
    click_in_text(page, "What we counted")
    move_caret_to_end_of_line(page)
    page.keyboard.press("Enter")
    page.keyboard.type(ADDED_SENTENCE)
    page.get_by_role("button", name="Submit for review").click()
    item = page.get_by_role("listitem").filter(has_text=TITLE)
    expect(item).to_contain_text("In review")
    expect(item).not_to_contain_text(REASON)


# --- The moderator ---------------------------------------------------------------------------


def open_admin(page: Page, name: str) -> None:
    """Log in on the site, which leads moderators to their tasks in the admin."""
    page.goto("/")
    page.get_by_role("link", name="Log in").click()
    log_in_with_form(page, name)


def open_from_queue(page: Page) -> None:
    """Open the submission from the admin's index page and the list."""
    page.get_by_role("link", name="1 submission waiting").click()
    row = page.get_by_role("row").filter(has_text=TITLE)
    expect(row).to_contain_text("newcomer")
    expect(row).to_contain_text("Society")
    row.get_by_role("link", name=TITLE).click()
    shown = page.frame_locator("iframe.preview")
    expect(shown.get_by_role("heading", level=1)).to_have_text(TITLE)
    expect(shown.get_by_role("img", name="A lamp at dusk")).to_be_visible()


def decide(page: Page, verdict: str, reason: str = "") -> None:
    """Save a decision on the current submission."""
    page.get_by_label(verdict, exact=True).check()
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name="Save decision").click()


# --- The reader ------------------------------------------------------------------------------


def open_from_front_page(page: Page) -> None:
    """Check the card of the newest article, and open the article."""
    page.goto("/")
    card = page.get_by_role("article").first
    expect(card.get_by_role("heading")).to_have_text(TITLE)
    expect(card).to_contain_text(SUMMARY)
    expect(card.get_by_role("link", name="Society")).to_be_visible()
    expect(card.get_by_role("link", name="newcomer")).to_be_visible()
    expect(card.locator("img")).to_be_visible()
    expect_figures(card, views=0, likes=0, dislikes=0)
    card.get_by_role("link", name=TITLE).click()


def expect_text_and_image(page: Page) -> None:
    """Check the text and the image on the article's page or its preview."""
    prose = page.locator(".prose")
    expect(prose.get_by_role("heading", level=2)).to_have_text("What we counted")
    expect(prose.locator("strong")).to_have_text("every ninth")
    expect(prose.get_by_role("listitem")).to_have_text(["Lenin Street", "Garden Lane"])
    link = prose.get_by_role("link")
    expect(link).to_have_attribute("href", "https://lamps.example.org/list")
    expect(link).to_have_attribute("rel", "nofollow ugc noopener")
    expect(page.get_by_role("list", name="Tags").get_by_role("listitem")).to_have_text(["street lamps", "light"])

    image = page.get_by_role("img", name="A lamp at dusk")
    expect(image).to_be_visible()
    # Rotated as EXIF says, with its size in the markup so that the layout does not shift.
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth < image.naturalHeight)")
    assert (image.get_attribute("width"), image.get_attribute("height")) == ("900", "1200")
    expect(page.locator("figcaption")).to_have_text(
        "The lamp at number nine, on the second evening. Photograph: Newcomer"
    )


def expect_article_page(page: Page) -> None:
    """Check every element of the article page."""
    article = Article.objects.published().get(live__title=TITLE)
    expect(page).to_have_url(article.get_absolute_url())
    crumbs = page.get_by_role("navigation", name="Breadcrumb")
    expect(crumbs.get_by_role("link")).to_have_text(["Articles", "Society"])
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)

    assert article.published_at
    moment = timezone.localtime(article.published_at)
    time = page.locator(".byline time")
    expect(time).to_have_text(f"{moment:%H:%M, %A}, {moment.day} {moment:%B, %Y}")
    expect(time).to_have_attribute("datetime", re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}$"))

    expect_text_and_image(page)
    expect(page.locator(".prose")).to_contain_text(ADDED_SENTENCE)

    expect(page.get_by_role("link", name="Promote this post")).to_be_visible()
    expect(page.get_by_text("Published in the Spokesperson project.")).to_be_visible()
    expect(page.get_by_role("link", name="Sign up and publish your articles.")).to_have_attribute(
        "href", "/accounts/signup/"
    )
    vote = page.get_by_role("group", name="Your vote")
    expect(vote.get_by_role("link")).to_have_text([re.compile(r"^\s*Like\s+0$"), re.compile(r"^\s*Dislike\s+0$")])
    expect_figures(page.locator(".verdict"), views=0, likes=0, dislikes=0)
    share = page.get_by_role("group", name="Share").get_by_role("link")
    expect(share.first).to_have_text("Facebook")
    expect(share.first).to_have_attribute("href", re.compile(r"^https://www\.facebook\.com/sharer/.*u=http.+articles"))
    assert page.context.cookies() == []


def expect_one_view_after_reloads(page: Page) -> None:
    """Check that the beacon is sent on each load and counts once."""
    with page.expect_response(re.compile("/beacon/")) as first:  # Wait for the second that makes a view.
        page.reload()
    assert first.value.status == 204
    for _ in range(2):
        with page.expect_response(re.compile("/beacon/")) as again:
            page.reload()
        assert again.value.status == 204
        reload_after_tasks(page)
        expect_figures(page.locator(".verdict"), views=1, likes=0, dislikes=0)
    page.reload()
    expect_figures(page.locator(".verdict"), views=1, likes=0, dislikes=0)


def log_in_from_like_link(page: Page) -> None:
    """Follow "Like" to the log-in page, which leads back to the article."""
    address = page.url
    page.get_by_role("link", name=re.compile("^Like")).click()
    log_in_with_form(page, "reader")
    expect(page).to_have_url(f"{address}?vote=1#vote")


def like_dislike_withdraw(page: Page, other_page: Page) -> None:
    """Vote, and check the counts on the current page and for another visitor."""
    like, dislike = page.locator("#vote-like"), page.locator("#vote-dislike")
    verdict = page.locator(".verdict")
    address = page.url.partition("#")[0]

    def expect_counts(*, likes: int, dislikes: int) -> None:
        numbers = re.compile(rf" {count_with_noun(likes, 'like')}, {count_with_noun(dislikes, 'dislike')}$")
        expect(like.locator("b")).to_have_text(str(likes))
        expect(dislike.locator("b")).to_have_text(str(dislikes))
        expect(like).to_have_attribute("aria-pressed", "true" if likes else "false")
        expect(dislike).to_have_attribute("aria-pressed", "true" if dislikes else "false")
        expect(figures(verdict)).to_have_attribute("aria-label", numbers)
        other_page.goto(address)
        others_vote = other_page.get_by_role("group", name="Your vote")
        expect(others_vote.locator("b")).to_have_text([str(likes), str(dislikes)])
        expect(figures(other_page.locator(".verdict"))).to_have_attribute("aria-label", numbers)

    page.evaluate("window.stillTheSamePage = true")
    like.click()
    expect_counts(likes=1, dislikes=0)
    dislike.click()
    expect_counts(likes=0, dislikes=1)
    dislike.click()
    expect_counts(likes=0, dislikes=0)
    assert page.evaluate("window.stillTheSamePage")
