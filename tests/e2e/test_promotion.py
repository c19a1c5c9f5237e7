"""Promotions from the request to the ledger, for sponsors, authors, moderators and readers."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.mail import EmailMessage
from playwright.sync_api import Locator, Page, expect

from accounts.models import User
from articles.models import Article
from articles.promotion.models import Promotion
from articles.promotion.models.ledger import verify_ledger
from articles.promotion.services import requests, tracking
from articles.promotion.tasks import finish_promotions
from tests.e2e import IN_BROWSER
from tests.factories import UserFactory, published
from tests.moderation.users import moderator
from tests.production import wait_for_tasks
from tests.promotion import actions

pytestmark = IN_BROWSER
NewPage = Callable[..., Page]
LogIn = Callable[[Page, User], None]

TITLE = "The last projectionist"
PLAN, DAYS, PRICE = "Seven days of light", 7, 7000


@pytest.fixture(autouse=True)
def _dummy_payments(settings: LazySettings) -> None:
    """Take payments with the dummy provider."""
    settings.PAYMENTS = "dummy"
    settings.PAYMENT_VARIANTS = {"dummy": ("articles.promotion.payments.DummyProvider", {})}


@pytest.fixture
def article() -> Article:
    """An article among others, on a site that offers one placement on its front page."""
    actions.plan(actions.place(author_can_refuse_hours=48, capacity=1), name=PLAN, days=DAYS, price=PRICE)
    for n in range(2):
        published(title=f"Another article, number {n}")
    return published(title=TITLE, author=UserFactory.create(username="ani", display_name="Ani"))


@pytest.fixture
def sponsor_page(page: Page, log_in: LogIn) -> Page:
    """The page of a reader who promotes an article."""
    log_in(page, UserFactory.create(username="lilit", display_name="Lilit"))
    return page


@pytest.fixture
def author_page(new_page: NewPage, log_in: LogIn, article: Article) -> Page:
    """The page of the article's author."""
    page = new_page()
    log_in(page, article.author)
    return page


@pytest.fixture
def moderator_page(new_page: NewPage, log_in: LogIn) -> Page:
    """The page of a moderator."""
    page = new_page()
    log_in(page, moderator(username="mariam", display_name="Mariam"))
    return page


def test_promotion_from_request_to_end(
    sponsor_page: Page,
    author_page: Page,
    moderator_page: Page,
    new_page: NewPage,
    article: Article,
    mailoutbox: list[EmailMessage],
) -> None:
    """A promotion is requested, paid, agreed to, approved, shown, counted and ended, and the ledger has all of it."""
    promotion = request_promotion(sponsor_page, article)
    pay(sponsor_page)
    expect(promotion_state(sponsor_page)).to_have_text("Paid")

    decide_in_admin(moderator_page, "Decline", submit=False)  # Not before the author has agreed.
    expect(moderator_page.get_by_label("Approve")).to_have_count(0)
    answer(author_page, mailoutbox, "Agree")
    expect(author_page.get_by_text("You agreed on")).to_be_visible()
    decide_in_admin(moderator_page, "Approve")
    expect(moderator_page.get_by_text(f"The promotion of “{TITLE}” is approved.")).to_be_visible()
    approved = [message.to for message in mailoutbox if message.subject == f"Approved: {TITLE}"]
    assert sorted(approved) == [["ani@example.org"], ["lilit@example.org"]]

    reader = new_page()
    with beacon(reader, "impressions="):
        reader.goto("/")
    expect(card(reader).locator(".label a")).to_have_text("Promoted · by Lilit · paid")
    expect(card(reader).get_by_role("link", name=TITLE)).to_have_attribute("rel", re.compile(r"\bsponsored\b"))
    with beacon(reader, "visits="):
        card(reader).get_by_role("link", name=TITLE).click()
    expect(reader.get_by_role("heading", level=1)).to_have_text(TITLE)
    assert reader.context.cookies() == []
    tracking.add_pending_counts()
    wait_for_tasks()
    sponsor_page.goto(f"/promotions/{promotion.pk}/results/")
    # The last number varies: the sponsor's own visit can count as well.
    expect(sponsor_page.get_by_role("table").locator("tbody tr")).to_have_count(1)
    expect(sponsor_page.locator("tbody td")).to_have_text(
        ["1", "1", re.compile(r"^100\.0"), "1", re.compile(r"^[12]$")]
    )
    day = promotion.day_rows.get()
    assert (day.impressions, day.clicks, day.views) == (1, 1, 1)

    shift_times(promotion, timedelta(days=DAYS - 1))
    reader.goto("/")
    expect(card(reader)).to_be_visible()
    shift_times(promotion, timedelta(days=1))
    reader.goto("/")
    expect(reader.get_by_role("heading", level=1)).to_be_attached()
    expect(card(reader)).to_have_count(0)

    sponsor_page.goto(f"/promotions/{promotion.pk}/")
    expect(promotion_state(sponsor_page)).to_have_text("Ended")
    finish_promotions()
    wait_for_tasks()
    entries = ledger_entries(reader)
    expect(entries).to_contain_text(["requester", "the site", "70.00", "author", "moderator", "Ended"])
    expect(reader.get_by_role("main")).not_to_contain_text("Mariam")
    row = reader.locator(f"#promotion-{promotion.pk}")
    for words in ("by Lilit", "Paid", "70.00", "1 impression ", "1 click"):
        expect(row).to_contain_text(words)
    assert_ledger_is_valid()


def test_promotion_declined_by_moderator(
    sponsor_page: Page, author_page: Page, moderator_page: Page, article: Article
) -> None:
    """The sponsor sees the reason and gets a full refund."""
    promotion = request_promotion(sponsor_page, article)
    pay(sponsor_page)
    decide_in_admin(moderator_page, "Decline")
    expect(moderator_page.get_by_text("Enter a reason.")).to_be_visible()
    moderator_page.get_by_label("Reason").fill("It reads like an advertisement.")
    moderator_page.get_by_role("button", name="Save decision").click()
    expect(moderator_page.get_by_text(f"The promotion of “{TITLE}” is declined.")).to_be_visible()

    sponsor_page.reload()
    expect(promotion_state(sponsor_page)).to_have_text("Declined")
    expect(sponsor_page.get_by_text("It reads like an advertisement.")).to_be_visible()
    author_page.goto("/")
    expect(card(author_page)).to_have_count(0)
    wait_for_tasks()
    entries = ledger_entries(author_page)
    expect(entries.filter(has_text="−70.00")).to_have_text([re.compile("refund", re.IGNORECASE)] * 2)
    assert money_moved(promotion) == [PRICE, -PRICE]
    assert_ledger_is_valid()


def test_promotion_refused_by_author(
    sponsor_page: Page, author_page: Page, moderator_page: Page, article: Article, mailoutbox: list[EmailMessage]
) -> None:
    """The moderator cannot approve it, and the sponsor gets a full refund."""
    promotion = request_promotion(sponsor_page, article)
    pay(sponsor_page)
    answer(author_page, mailoutbox, "Refuse", reason="It is out of date.")
    expect(author_page.get_by_text("You refused the promotion.")).to_be_visible()
    expect(author_page.get_by_text("No answer is needed.")).to_be_visible()
    sponsor_page.reload()
    expect(promotion_state(sponsor_page)).to_have_text("Declined")
    expect(sponsor_page.get_by_text("It is out of date.")).to_be_visible()
    wait_for_tasks()
    moderator_page.goto(f"/admin/promotion/promotion/{promotion.pk}/change/")
    expect(moderator_page.get_by_role("radio")).to_have_count(1)
    expect(moderator_page.get_by_label("Add a correction to the ledger")).to_be_visible()
    assert money_moved(promotion) == [PRICE, -PRICE]
    assert_ledger_is_valid()


def test_promotion_revoked_while_running(
    sponsor_page: Page, moderator_page: Page, new_page: NewPage, article: Article, mailoutbox: list[EmailMessage]
) -> None:
    """The card disappears at the next request, and the remaining time is refunded."""
    promotion = request_promotion(sponsor_page, article)
    pay(sponsor_page)
    requests.author_agrees(promotion=promotion, author=article.author)
    decide_in_admin(moderator_page, "Approve")
    expect(moderator_page.get_by_text("is approved.")).to_be_visible()
    reader = new_page()
    reader.goto("/")
    expect(card(reader)).to_be_visible()

    shift_times(promotion, timedelta(days=3))  # Four of seven days remain, minus the duration of this test.
    moderator_page.goto(f"/admin/promotion/promotion/{promotion.pk}/change/")
    expect(moderator_page.get_by_text("refund due: ")).to_contain_text("39.9")
    moderator_page.get_by_label("Revoke (end now)").check()
    moderator_page.get_by_label("Reason").fill("The film is not shown any more.")
    moderator_page.get_by_role("button", name="Save decision").click()
    expect(moderator_page.get_by_text(f"The promotion of “{TITLE}” is revoked.")).to_be_visible()

    reader.goto("/")
    expect(card(reader)).to_have_count(0)
    sponsor_page.reload()
    expect(promotion_state(sponsor_page)).to_have_text("Revoked")
    expect(sponsor_page.get_by_text("The film is not shown any more.")).to_be_visible()
    wait_for_tasks()
    entries = ledger_entries(reader)
    expect(entries.filter(has_text="−39.9")).to_have_text([re.compile("refund", re.IGNORECASE)] * 2)
    promotion.refresh_from_db()
    assert promotion.ends_at
    left = promotion.ends_at - promotion.ledger.get(event="revoked").at
    assert money_moved(promotion) == [PRICE, -(PRICE * int(left.total_seconds()) // (DAYS * 24 * 3600))]
    assert_ledger_is_valid()


# --- Actions ---------------------------------------------------------------------------------


def request_promotion(page: Page, article: Article) -> Promotion:
    """Request a promotion from the article's page, with a plan that has a price."""
    page.goto(article.get_absolute_url())
    page.get_by_role("link", name="Promote this post").click()
    preview = page.locator("main").get_by_text("Promoted · by Lilit")
    expect(preview.first).to_be_visible()
    page.get_by_label(PLAN).check()
    page.get_by_label("Message to the moderators").fill("My grandmother took me there every Sunday.")
    page.get_by_label("I accept the terms").check()
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Pay")
    return Promotion.objects.get(article=article)


def pay(page: Page, outcome: str = "Paid") -> None:
    """Choose the outcome on the page of the dummy provider."""
    expect(page.get_by_text("You will not be charged")).to_be_visible()
    page.get_by_label(outcome, exact=True).check()
    page.get_by_role("button", name="Pay 70.00").click()


def answer(page: Page, messages: list[EmailMessage], choice: str, reason: str = "") -> None:
    """Follow the link in the author's email and answer."""
    body = "\n".join(str(one.body) for one in messages if one.to == ["ani@example.org"])
    found = re.search(r"Agree or refuse:\n(\S+)", body)
    assert found, body
    page.goto(found[1])
    if reason:
        page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name=choice, exact=True).click()


def decide_in_admin(page: Page, action: str, reason: str = "", *, submit: bool = True, view: str = "") -> None:
    """Open the promotion from the admin's list, check the preview and save a decision."""
    page.goto(f"/admin/promotion/promotion/{view}")
    page.get_by_role("row").filter(has_text=TITLE).get_by_role("link").first.click()
    expect(page.frame_locator("iframe.preview").get_by_role("heading", level=1)).to_have_text(TITLE)
    if submit:
        page.get_by_label(action, exact=True).check()
        page.get_by_label("Reason").fill(reason)
        page.get_by_role("button", name="Save decision").click()


def shift_times(promotion: Promotion, by: timedelta) -> None:
    """Move the start and end of a running promotion into the past."""
    promotion.refresh_from_db()
    assert promotion.starts_at
    assert promotion.ends_at
    times: dict[str, Any] = {"starts_at": promotion.starts_at - by, "ends_at": promotion.ends_at - by}
    Promotion.objects.filter(pk=promotion.pk).update(**times)


# --- Content of pages ------------------------------------------------------------------------


def card(page: Page) -> Locator:
    return page.locator("[data-promotion]")


def promotion_state(page: Page) -> Locator:
    return page.locator(".sponsor-lead .state")


def beacon(page: Page, content: str) -> Any:
    """Wait for a beacon with this content while the block runs."""
    return page.expect_response(
        lambda response: response.url.endswith("/beacon/promotions/") and content in (response.request.post_data or "")
    )


def ledger_entries(page: Page) -> Locator:
    """Open the public ledger; return the entries of the only promotion."""
    page.goto("/promotions/")
    page.locator("ol.ledger summary").click()
    return page.locator(".ledger-entries li")


def money_moved(promotion: Promotion) -> list[int]:
    """Return the amounts in the ledger, in cents."""
    return list(promotion.ledger.filter(event__in=promotion.ledger.model.MOVES_MONEY).values_list("amount", flat=True))


def assert_ledger_is_valid() -> None:
    """Check that each row has the hash of the row before it."""
    assert verify_ledger() is None
