"""The main job, end to end: sign up, write, review, publish, read, rate."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.core.mail import EmailMessage
from django.utils import timezone
from playwright.sync_api import Page, expect

from articles.models import Article
from tests.e2e import IN_BROWSER
from tests.e2e.steps import (
    PASSWORD,
    address_in,
    click_into_the_text,
    counted,
    editor,
    expect_figures,
    figures,
    fill_in,
    go_to_the_end_of_the_line,
    log_in_by_the_form,
    photograph,
    write_text,
)
from tests.factories import PersonFactory, SectionFactory, published
from tests.moderation.users import moderator

pytestmark = IN_BROWSER

TITLE = "We counted every street lamp"
SUMMARY = "A weekend, eleven volunteers and 2,340 lamps."
REASON = "Please say who counted, and when."
MENDED = "Eleven of us counted on the second weekend of October."


def test_from_sign_up_to_a_vote(page: Page, somebody: Callable[..., Page], mailoutbox: list[EmailMessage]) -> None:
    """A newcomer publishes an article; a stranger reads it and says what they think of it."""
    SectionFactory.create(name="Society")
    for n in range(3):  # The site is not empty.
        published(title=f"An earlier article, number {n}", section=SectionFactory.create(name="Technology"))
    moderator(username="mariam")
    PersonFactory.create(username="reader")
    newcomer, of_moderator, stranger = page, somebody(), somebody()

    sign_up(newcomer, "newcomer", mailoutbox)
    write(newcomer)
    preview_and_submit(newcomer)
    mailoutbox.clear()

    enter_the_admin(of_moderator, "mariam")
    open_from_the_queue(of_moderator)
    decide(of_moderator, "Return to the author", reason=REASON)
    expect(of_moderator.get_by_text("was returned to its author")).to_be_visible()

    read_the_reason_and_mend(newcomer, mailoutbox)
    mailoutbox.clear()

    of_moderator.get_by_role("link", name="Home").click()
    open_from_the_queue(of_moderator)
    expect(of_moderator.get_by_text(MENDED).first).to_be_visible()
    decide(of_moderator, "Publish")
    expect(of_moderator.get_by_text("is published")).to_be_visible()
    assert [(letter.to, letter.subject) for letter in mailoutbox] == [(["newcomer@example.org"], f"Published: {TITLE}")]

    find_on_the_front_page(stranger)
    everything_is_there(stranger)
    is_one_view_however_often_opened(stranger)
    log_in_to_like(stranger)
    like_dislike_withdraw(stranger, watched_by=somebody())


# --- The newcomer ----------------------------------------------------------------------------


def sign_up(page: Page, name: str, letters: list[EmailMessage]) -> None:
    """Through the form, and by the link in the letter."""
    page.goto("/")
    page.get_by_role("link", name="Sign up").click()
    page.get_by_label("Username").fill(name)
    page.get_by_label("Email").fill(f"{name}@example.org")
    page.get_by_label(re.compile(r"^\s*Password")).fill(PASSWORD)
    page.get_by_label("I have read").check()
    page.get_by_role("main").get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your email")

    assert [letter.to for letter in letters] == [[f"{name}@example.org"]]
    page.goto(address_in(letters[0]))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My articles")
    expect(page.get_by_text("You have no articles yet.")).to_be_visible()


def write(page: Page) -> None:
    """A text with all that the form can take, in the rich-text editor."""
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


def preview_and_submit(page: Page) -> None:
    """The preview is the reader's page; from its bar it goes to the moderators."""
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    expect(page.get_by_text("This is a preview")).to_be_visible()
    text_and_image_are_there(page)
    page.get_by_role("button", name="Submit for review").click()
    expect(page.get_by_text("Submitted for review. We will email you")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text=TITLE)).to_contain_text("In review")
    assert not Article.objects.published().filter(live__title=TITLE).exists()


def read_the_reason_and_mend(page: Page, letters: list[EmailMessage]) -> None:
    """By the letter and by "My articles"; the text is a draft again, and goes back mended."""
    assert [(letter.to, letter.subject) for letter in letters] == [(["newcomer@example.org"], f"Returned: {TITLE}")]
    assert REASON in letters[0].body

    page.reload()
    piece = page.get_by_role("listitem").filter(has_text=TITLE)
    expect(piece).to_contain_text("Returned")
    expect(piece).to_contain_text(REASON)

    page.goto(address_in(letters[0]))
    expect(page.get_by_text(REASON)).to_be_visible()
    expect(page.get_by_label("Caption")).to_have_value("The lamp at number nine, on the second evening.")
    expect(editor(page)).to_contain_text("Garden Lane")
    click_into_the_text(page, "What we counted")
    go_to_the_end_of_the_line(page)
    page.keyboard.press("Enter")
    page.keyboard.type(MENDED)
    page.get_by_role("button", name="Submit for review").click()
    piece = page.get_by_role("listitem").filter(has_text=TITLE)
    expect(piece).to_contain_text("In review")
    expect(piece).not_to_contain_text(REASON)


# --- The moderator ---------------------------------------------------------------------------


def enter_the_admin(page: Page, name: str) -> None:
    """By the site's own log-in."""
    page.goto("/")
    page.get_by_role("link", name="Log in").click()
    log_in_by_the_form(page, name)
    page.get_by_role("link", name="Admin", exact=True).click()


def open_from_the_queue(page: Page) -> None:
    """What waits is said on the first page, and stands in the list with its author and section."""
    page.get_by_role("link", name="1 submission waiting").click()
    row = page.get_by_role("row").filter(has_text=TITLE)
    expect(row).to_contain_text("newcomer")
    expect(row).to_contain_text("Society")
    row.get_by_role("link", name=TITLE).click()
    shown = page.frame_locator("iframe.preview")
    expect(shown.get_by_role("heading", level=1)).to_have_text(TITLE)
    expect(shown.get_by_role("img", name="A lamp at dusk")).to_be_visible()


def decide(page: Page, verdict: str, reason: str = "") -> None:
    """Record a decision on the text that is open."""
    page.get_by_label(verdict, exact=True).check()
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name="Save decision").click()


# --- The reader ------------------------------------------------------------------------------


def find_on_the_front_page(page: Page) -> None:
    """The newest article stands first, as a card with everything on it."""
    page.goto("/")
    card = page.get_by_role("article").first
    expect(card.get_by_role("heading")).to_have_text(TITLE)
    expect(card).to_contain_text(SUMMARY)
    expect(card.get_by_role("link", name="Society")).to_be_visible()
    expect(card.get_by_role("link", name="newcomer")).to_be_visible()
    expect(card.locator("img")).to_be_visible()
    expect_figures(card, views=0, likes=0, dislikes=0)
    card.get_by_role("link", name=TITLE).click()


def text_and_image_are_there(page: Page) -> None:
    """What the author wrote, on the reader's page or on its preview."""
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
    # Upright, whatever the camera's note said, and known to the page before it has arrived.
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth < image.naturalHeight)")
    assert (image.get_attribute("width"), image.get_attribute("height")) == ("900", "1200")
    expect(page.locator("figcaption")).to_have_text(
        "The lamp at number nine, on the second evening. Photograph: Newcomer"
    )


def everything_is_there(page: Page) -> None:
    """Every element of the article page that the design lists."""
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

    text_and_image_are_there(page)
    expect(page.locator(".prose")).to_contain_text(MENDED)

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


def is_one_view_however_often_opened(page: Page) -> None:
    """The beacon says each time that the page is read; it counts once."""
    with page.expect_response(re.compile("/beacon/")) as first:  # The page opened anew: the second has not passed yet.
        page.reload()
    assert first.value.status == 204
    for _ in range(2):
        with page.expect_response(re.compile("/beacon/")) as again:
            page.reload()
        assert again.value.status == 204
        expect_figures(page.locator(".verdict"), views=1, likes=0, dislikes=0)
    page.reload()
    expect_figures(page.locator(".verdict"), views=1, likes=0, dislikes=0)


def log_in_to_like(page: Page) -> None:
    """A vote needs an account; the way there leads back to the article."""
    address = page.url
    page.get_by_role("link", name=re.compile("^Like")).click()
    log_in_by_the_form(page, "reader")
    expect(page).to_have_url(f"{address}#vote")


def like_dislike_withdraw(page: Page, watched_by: Page) -> None:
    """The counts follow on the page that is open, and for everybody else when they open it."""
    like, dislike = page.locator("#vote-like"), page.locator("#vote-dislike")
    verdict = page.locator(".verdict")
    address = page.url.partition("#")[0]

    def expect_for_everybody(*, likes: int, dislikes: int) -> None:
        numbers = re.compile(rf" {counted(likes, 'like')}, {counted(dislikes, 'dislike')}$")
        expect(like.locator("b")).to_have_text(str(likes))
        expect(dislike.locator("b")).to_have_text(str(dislikes))
        expect(like).to_have_attribute("aria-pressed", "true" if likes else "false")
        expect(dislike).to_have_attribute("aria-pressed", "true" if dislikes else "false")
        expect(figures(verdict)).to_have_attribute("aria-label", numbers)
        watched_by.goto(address)
        of_others = watched_by.get_by_role("group", name="Your vote")
        expect(of_others.locator("b")).to_have_text([str(likes), str(dislikes)])
        expect(figures(watched_by.locator(".verdict"))).to_have_attribute("aria-label", numbers)

    page.evaluate("window.stillTheSamePage = true")
    like.click()
    expect_for_everybody(likes=1, dislikes=0)
    dislike.click()
    expect_for_everybody(likes=0, dislikes=1)
    dislike.click()
    expect_for_everybody(likes=0, dislikes=0)
    assert page.evaluate("window.stillTheSamePage")
