"""A read: the page is visible for 30 seconds and three quarters of the text scroll past. Sent once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import Page, expect

from accounts.models import User
from articles.readership import services
from articles.readership.exits import SAME_SITE
from articles.readership.models import DailyReferrer, DailyStats, PageExit, PageRead, PageView
from articles.readership.services import Beacon
from articles.readership.visitors import Visitor
from tests import factories
from tests.e2e import IN_BROWSER

pytestmark = IN_BROWSER
LogIn = Callable[[Page, User], None]
LONG = f"<p>{factories.WORDS * 3}</p>" * 30
SHORT = f"<p>{factories.WORDS * 2}</p>"
# Control the visibility of the page; hidden at first.
COVER = """let shown = "hidden"
Object.defineProperty(document, "visibilityState", { get: () => shown })
window.show = (state) => { shown = state; document.dispatchEvent(new Event("visibilitychange")) }"""
# Scroll until this share of the text has passed, and wait for the event.
SCROLL = """(share) => new Promise((done) => {
  const { top, height } = document.querySelector(".prose").getBoundingClientRect()
  addEventListener("scroll", done, { once: true })
  scrollTo({ top: scrollY + top + height * share - innerHeight, behavior: "instant" })
})"""


class Reader:
    """A reader of an article, with a clock that the test controls."""

    def __init__(self, page: Page, body: str, user: User | None = None) -> None:
        self.page = page
        self.article = factories.published(user, body=body)
        self.sent: list[str] = []
        page.on("request", lambda request: self.sent.append(request.url) if "/beacon/" in request.url else None)
        page.clock.install(time=datetime(2026, 1, 1, tzinfo=UTC))
        page.add_init_script(COVER)
        page.goto(self.article.get_absolute_url())
        page.clock.pause_at(datetime(2026, 1, 1, 1, tzinfo=UTC))
        page.evaluate("show('visible')")
        self.view()

    def stay(self, seconds: float) -> None:
        self.page.clock.run_for(round(seconds * 1000))

    def view(self) -> None:
        """Stay one second and wait until the view is stored, because a read could be stored before it."""
        with self.expect_beacon("/"):
            self.stay(1)

    def expect_beacon(self, kind: str) -> Any:
        """Wait for the response to a beacon of this kind while the block runs."""
        address = f"/beacon/{self.article.pk}{kind}"
        return self.page.expect_response(lambda answer: answer.url.endswith(address) and answer.status == 204)

    def expect_read(self) -> Any:
        return self.expect_beacon("/read/")

    def scroll_to(self, share: float) -> None:
        self.page.evaluate(SCROLL, share)

    def hide(self, seconds: float) -> None:
        self.page.evaluate("show('hidden')")
        self.stay(seconds)
        self.page.evaluate("show('visible')")

    @property
    def sent_reads(self) -> int:
        """Return how many reads the page has sent."""
        return sum(address.endswith("/read/") for address in self.sent)


def test_read_needs_30_seconds_and_three_quarters_of_text(page: Page) -> None:
    reader = Reader(page, LONG)
    reader.scroll_to(0.76)
    reader.stay(28)
    assert reader.sent_reads == 0
    with reader.expect_read():
        reader.stay(1.1)
    reader.scroll_to(1)
    reader.hide(60)
    reader.stay(600)
    assert reader.sent_reads == 1
    assert len(reader.sent) == 3  # the view, the read and the exit
    assert PageRead.objects.get().article == PageView.objects.get().article == reader.article
    assert page.context.cookies() == []


def test_read_without_scrolling_is_sent_after_scrolling(page: Page) -> None:
    reader = Reader(page, LONG)
    reader.stay(600)
    reader.scroll_to(0.7)
    reader.stay(600)
    assert reader.sent_reads == 0
    with reader.expect_read():
        reader.scroll_to(0.8)


def test_read_after_scrolling_back_up(page: Page) -> None:
    reader = Reader(page, LONG)
    reader.scroll_to(1)
    reader.scroll_to(0.4)
    with reader.expect_read():
        reader.stay(30.1)


def test_read_excludes_time_while_page_is_hidden(page: Page) -> None:
    reader = Reader(page, LONG)
    reader.scroll_to(1)
    for _ in range(2):
        reader.stay(14)
        reader.hide(3600)
    assert reader.sent_reads == 0
    with reader.expect_read():
        reader.stay(1.1)


def test_read_of_short_article_needs_no_scrolling(page: Page) -> None:
    reader = Reader(page, SHORT)
    reader.stay(28)
    assert reader.sent_reads == 0
    with reader.expect_read():
        reader.stay(1.1)


def test_reads_are_shown_to_author(page: Page, log_in: LogIn) -> None:
    author = factories.UserFactory.create()
    reader = Reader(page, SHORT, author)
    with reader.expect_read():
        reader.stay(30)
    services.rollup()
    page.locator("#vote").get_by_role("link", name="How the views are counted").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("1 view")
    expect(page.get_by_text("1 read", exact=False)).to_have_count(0)
    log_in(page, author)
    page.reload()
    expect(page.get_by_role("heading", name="1 read · 100 % of the views")).to_be_visible()
    page.goto("/my/articles/")
    expect(page.get_by_text("1 read", exact=True)).to_be_visible()


def exits(page: Page) -> list[str]:
    """Return the reports of exits that a page sends from now on."""
    sent: list[str] = []
    page.on("request", lambda request: sent.append(str(request.post_data)) if "/exit/" in request.url else None)
    return sent


def test_exit_at_the_end_is_counted_in_the_last_quarter(page: Page, log_in: LogIn) -> None:
    author = factories.UserFactory.create()
    reader = Reader(page, LONG, author)
    reader.scroll_to(1)
    with reader.expect_read():
        reader.stay(30)
    with reader.expect_beacon("/exit/"):
        reader.hide(60)
    others = [Visitor(address=f"198.51.100.{n}", user_agent="Mozilla/5.0") for n in (1, 2)]
    services.ingest([Beacon(PageExit, reader.article.pk, other, ("quarter_1", "from:a.example")) for other in others])
    services.rollup()
    log_in(page, author)
    page.goto("/my/articles/")
    page.locator(".piece-actions").get_by_role("link", name="Statistics").click()
    expect(page.get_by_role("row", name="Last quarter")).to_contain_text("33 %")
    expect(page.get_by_role("row", name="First quarter")).to_contain_text("67 %")


def test_exit_is_sent_once_with_the_deepest_quarter_and_the_site_before(page: Page) -> None:
    sent = exits(page)
    reader = Reader(page, LONG)
    reader.scroll_to(0.6)
    reader.scroll_to(0.3)
    reader.hide(5)
    reader.scroll_to(0.9)
    reader.hide(5)
    page.goto("/about/")
    assert sent == ["3 "]


def test_exit_of_a_page_that_was_not_seen_is_not_sent(page: Page) -> None:
    sent = exits(page)
    article = factories.published(body=LONG)
    page.clock.install(time=datetime(2026, 1, 1, tzinfo=UTC))
    page.add_init_script(COVER)
    page.goto(article.get_absolute_url())
    page.evaluate("show('visible')")
    page.evaluate("show('hidden')")
    assert sent == []


def test_exit_names_the_site_before_and_is_sent_when_the_page_is_gone(page: Page) -> None:
    article = factories.published(body=SHORT, title="The yard light")
    page.goto("/")

    def follow_link() -> None:
        with page.expect_response(lambda answer: answer.url.endswith(f"/beacon/{article.pk}/")):
            page.get_by_role("link", name="The yard light").first.click()

    follow_link()
    page.goto("/")
    # The browser reports neither this request nor the user agent of the context for it, so it is one of a bot.
    for _ in range(100):
        if PageExit.objects.filter(kind=PageExit.Kind.BOT).exists():
            break
        page.wait_for_timeout(100)
    assert PageExit.objects.get().kind == PageExit.Kind.BOT
    follow_link()
    sent = exits(page)
    page.evaluate("Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' })")
    with page.expect_response(lambda answer: answer.url.endswith("/exit/") and answer.status == 204):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert sent == ["4 localhost"]
    services.rollup()
    assert DailyReferrer.objects.get().site == SAME_SITE
    assert DailyStats.objects.get().quarter_4 == 1
