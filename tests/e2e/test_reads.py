"""What makes a read: half a minute before the reader's eyes, and three quarters of the text. Said once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import Page, expect

from accounts.models import User
from articles.readership import services
from articles.readership.models import PageRead, PageView
from tests import factories
from tests.e2e import IN_BROWSER

pytestmark = IN_BROWSER
LogIn = Callable[[Page, User], None]
LONG = f"<p>{factories.WORDS * 3}</p>" * 30
SHORT = f"<p>{factories.WORDS * 2}</p>"
# A window that is covered at first, and can be shown and covered again.
COVER = """let shown = "hidden"
Object.defineProperty(document, "visibilityState", { get: () => shown })
window.show = (state) => { shown = state; document.dispatchEvent(new Event("visibilitychange")) }"""
# Scrolls until so much of the text has come by, and waits for the page to notice.
SCROLL = """(share) => new Promise((done) => {
  const { top, height } = document.querySelector(".prose").getBoundingClientRect()
  addEventListener("scroll", done, { once: true })
  scrollTo({ top: scrollY + top + height * share - innerHeight, behavior: "instant" })
})"""


class Reader:
    """Somebody before an article, whose time passes only when it is told to."""

    def __init__(self, page: Page, body: str, user: User | None = None) -> None:
        self.page = page
        self.article = factories.published(user, body=body)
        self.said: list[str] = []
        page.on("request", lambda request: self.said.append(request.url) if "/beacon/" in request.url else None)
        page.clock.install(time=datetime(2026, 1, 1, tzinfo=UTC))
        page.add_init_script(COVER)
        page.goto(self.article.get_absolute_url())
        page.clock.pause_at(datetime(2026, 1, 1, 1, tzinfo=UTC))
        page.evaluate("show('visible')")
        self.opens()

    def stays(self, seconds: float) -> None:
        self.page.clock.run_for(round(seconds * 1000))

    def opens(self) -> None:
        """Stay the second that makes a view, and wait until it is stored: views and reads overtake each other."""
        with self.is_told("/"):
            self.stays(1)

    def is_told(self, kind: str) -> Any:
        """Wait until the beacon of this kind is stored while the block runs."""
        address = f"/beacon/{self.article.pk}{kind}"
        return self.page.expect_response(lambda answer: answer.url.endswith(address) and answer.status == 204)

    def reads(self) -> Any:
        return self.is_told("/read/")

    def scrolls_to(self, share: float) -> None:
        self.page.evaluate(SCROLL, share)

    def looks_elsewhere(self, seconds: float) -> None:
        self.page.evaluate("show('hidden')")
        self.stays(seconds)
        self.page.evaluate("show('visible')")

    @property
    def has_read(self) -> int:
        """How often the page said so by now."""
        return sum(address.endswith("/read/") for address in self.said)


def test_half_a_minute_and_three_quarters_are_one_read(page: Page) -> None:
    reader = Reader(page, LONG)
    reader.scrolls_to(0.76)
    reader.stays(28)
    assert reader.has_read == 0
    with reader.reads():
        reader.stays(1.1)
    reader.scrolls_to(1)
    reader.looks_elsewhere(60)
    reader.stays(600)
    assert reader.has_read == 1
    assert len(reader.said) == 2  # opened, and read
    assert PageRead.objects.get().article == PageView.objects.get().article == reader.article
    assert page.context.cookies() == []


def test_who_stays_at_the_top_reads_when_they_scroll(page: Page) -> None:
    reader = Reader(page, LONG)
    reader.stays(600)
    reader.scrolls_to(0.7)
    reader.stays(600)
    assert reader.has_read == 0
    with reader.reads():
        reader.scrolls_to(0.8)


def test_who_scrolls_back_up_has_seen_it_all_the_same(page: Page) -> None:
    reader = Reader(page, LONG)
    reader.scrolls_to(1)
    reader.scrolls_to(0.4)
    with reader.reads():
        reader.stays(30.1)


def test_time_that_the_page_is_hidden_does_not_count(page: Page) -> None:
    reader = Reader(page, LONG)
    reader.scrolls_to(1)
    for _ in range(2):
        reader.stays(14)
        reader.looks_elsewhere(3600)
    assert reader.has_read == 0
    with reader.reads():
        reader.stays(1.1)


def test_a_short_article_needs_no_scrolling(page: Page) -> None:
    reader = Reader(page, SHORT)
    reader.stays(28)
    assert reader.has_read == 0
    with reader.reads():
        reader.stays(1.1)


def test_the_author_sees_the_reads(page: Page, log_in: LogIn) -> None:
    author = factories.PersonFactory.create()
    reader = Reader(page, SHORT, author)
    with reader.reads():
        reader.stays(30)
    services.rollup()
    page.locator("#vote").get_by_role("link", name="How the views are counted").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("1 view")
    expect(page.get_by_text("1 read", exact=False)).to_have_count(0)
    log_in(page, author)
    page.reload()
    expect(page.get_by_role("heading", name="1 read · 100 % of the views")).to_be_visible()
    page.goto("/my/articles/")
    expect(page.get_by_text("1 read", exact=True)).to_be_visible()
