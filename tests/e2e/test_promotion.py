"""Promotions from the first click to the last row of the ledger, by those who have a part in them."""

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
from tests.e2e import IN_BROWSER
from tests.factories import PersonFactory, published
from tests.moderation.users import moderator
from tests.promotion import actions

pytestmark = IN_BROWSER
Somebody = Callable[..., Page]
LogIn = Callable[[Page, User], None]

TITLE = "The last projectionist"
PLAN, DAYS, PRICE = "Seven days of light", 7, 7000


@pytest.fixture(autouse=True)
def _pretended_money(settings: LazySettings) -> None:
    """The site takes money from the provider that only pretends."""
    settings.PAYMENTS = "dummy"
    settings.PAYMENT_VARIANTS = {"dummy": ("articles.promotion.payments.DummyProvider", {})}


@pytest.fixture
def article() -> Article:
    """Somebody's article among others, on a site that sells one place on its front page."""
    actions.plan(actions.place(author_can_refuse_hours=48, capacity=1), name=PLAN, days=DAYS, price=PRICE)
    for n in range(2):
        published(title=f"Another article, number {n}")
    return published(title=TITLE, author=PersonFactory.create(username="ani", display_name="Ani"))


@pytest.fixture
def sponsors(page: Page, log_in: LogIn) -> Page:
    """The browser of a reader who has found something that more people should read."""
    log_in(page, PersonFactory.create(username="lilit", display_name="Lilit"))
    return page


@pytest.fixture
def authors(somebody: Somebody, log_in: LogIn, article: Article) -> Page:
    """The browser of the article's author."""
    page = somebody()
    log_in(page, article.author)
    return page


@pytest.fixture
def moderators(somebody: Somebody, log_in: LogIn) -> Page:
    """The browser of a moderator."""
    page = somebody()
    log_in(page, moderator(username="mariam", display_name="Mariam"))
    return page


def test_from_a_request_to_its_end(
    sponsors: Page,
    authors: Page,
    moderators: Page,
    somebody: Somebody,
    article: Article,
    mailoutbox: list[EmailMessage],
) -> None:
    """Asked for, paid, agreed to, approved, shown, counted, over, and told in public."""
    promotion = ask(sponsors, article)
    pay(sponsors)
    expect(state_on(sponsors)).to_have_text("Paid")

    decide_on(moderators, "Decline", submit=False)  # There is nothing to approve before the author has spoken.
    expect(moderators.get_by_label("Approve")).to_have_count(0)
    answer(authors, mailoutbox, "Agree")
    expect(authors.get_by_text("You agreed on")).to_be_visible()
    decide_on(moderators, "Approve")
    expect(moderators.get_by_text(f"The promotion of “{TITLE}” is approved.")).to_be_visible()
    approved = [letter.to for letter in mailoutbox if letter.subject == f"Approved: {TITLE}"]
    assert sorted(approved) == [["ani@example.org"], ["lilit@example.org"]]

    reader = somebody()
    with told(reader, "impressions="):
        reader.goto("/")
    expect(card(reader).locator(".label a")).to_have_text("Promoted · by Lilit · paid")
    expect(card(reader).get_by_role("link", name=TITLE)).to_have_attribute("rel", re.compile(r"\bsponsored\b"))
    with told(reader, "visits="):
        card(reader).get_by_role("link", name=TITLE).click()
    expect(reader.get_by_role("heading", level=1)).to_have_text(TITLE)
    assert reader.context.cookies() == []
    tracking.add_pending_counts()
    sponsors.goto(f"/promotions/{promotion.pk}/results/")
    # The sponsor may have stayed on the article long enough to have read it as well.
    expect(sponsors.get_by_role("table").locator("tbody tr")).to_have_count(1)
    expect(sponsors.locator("tbody td")).to_have_text(["1", "1", re.compile(r"^100\.0"), "1", re.compile(r"^[12]$")])
    day = promotion.day_rows.get()
    assert (day.impressions, day.clicks, day.views) == (1, 1, 1)

    earlier(promotion, timedelta(days=DAYS - 1))
    reader.goto("/")
    expect(card(reader)).to_be_visible()
    earlier(promotion, timedelta(days=1))
    reader.goto("/")
    expect(reader.get_by_role("heading", level=1)).to_be_attached()
    expect(card(reader)).to_have_count(0)

    sponsors.goto(f"/promotions/{promotion.pk}/")
    expect(state_on(sponsors)).to_have_text("Ended")
    story = story_in_the_ledger(reader)
    expect(story).to_contain_text(["requester", "the site", "70.00", "author", "moderator", "Ended"])
    expect(reader.get_by_role("main")).not_to_contain_text("Mariam")
    row = reader.locator(f"#promotion-{promotion.pk}")
    for words in ("by Lilit", "Paid", "70.00", "1 impression ", "1 click"):
        expect(row).to_contain_text(words)
    assert_the_ledger_holds()


def test_declined_by_a_moderator(sponsors: Page, authors: Page, moderators: Page, article: Article) -> None:
    """The reason is given, and all of the money goes back."""
    promotion = ask(sponsors, article)
    pay(sponsors)
    decide_on(moderators, "Decline")
    expect(moderators.get_by_text("Enter a reason.")).to_be_visible()
    moderators.get_by_label("Reason").fill("It reads like an advertisement.")
    moderators.get_by_role("button", name="Save decision").click()
    expect(moderators.get_by_text(f"The promotion of “{TITLE}” is declined.")).to_be_visible()

    sponsors.reload()
    expect(state_on(sponsors)).to_have_text("Declined")
    expect(sponsors.get_by_text("It reads like an advertisement.")).to_be_visible()
    authors.goto("/")
    expect(card(authors)).to_have_count(0)
    story = story_in_the_ledger(authors)
    expect(story.filter(has_text="−70.00")).to_have_text([re.compile("refund", re.IGNORECASE)] * 2)
    assert money_moved(promotion) == [PRICE, -PRICE]
    assert_the_ledger_holds()


def test_refused_by_the_author(
    sponsors: Page, authors: Page, moderators: Page, article: Article, mailoutbox: list[EmailMessage]
) -> None:
    """Nothing is left for the moderator to approve, and all of the money goes back."""
    promotion = ask(sponsors, article)
    pay(sponsors)
    answer(authors, mailoutbox, "Refuse", reason="It is out of date.")
    expect(authors.get_by_text("You refused the promotion.")).to_be_visible()
    expect(authors.get_by_text("No answer is needed.")).to_be_visible()
    sponsors.reload()
    expect(state_on(sponsors)).to_have_text("Declined")
    expect(sponsors.get_by_text("It is out of date.")).to_be_visible()
    moderators.goto(f"/admin/promotion/promotion/{promotion.pk}/change/")
    expect(moderators.get_by_role("radio")).to_have_count(1)
    expect(moderators.get_by_label("Add a correction to the ledger")).to_be_visible()
    assert money_moved(promotion) == [PRICE, -PRICE]
    assert_the_ledger_holds()


def test_revoked_while_it_runs(
    sponsors: Page, moderators: Page, somebody: Somebody, article: Article, mailoutbox: list[EmailMessage]
) -> None:
    """The card is gone from the next render on, and the rest of the time is given back."""
    promotion = ask(sponsors, article)
    pay(sponsors)
    requests.author_agrees(promotion=promotion, author=article.author)
    decide_on(moderators, "Approve")
    expect(moderators.get_by_text("is approved.")).to_be_visible()
    reader = somebody()
    reader.goto("/")
    expect(card(reader)).to_be_visible()

    earlier(promotion, timedelta(days=3))  # Four days of seven are left, less what this test takes.
    moderators.goto(f"/admin/promotion/promotion/{promotion.pk}/change/")
    expect(moderators.get_by_text("refund due: ")).to_contain_text("39.9")
    moderators.get_by_label("Revoke (end now)").check()
    moderators.get_by_label("Reason").fill("The film is not shown any more.")
    moderators.get_by_role("button", name="Save decision").click()
    expect(moderators.get_by_text(f"The promotion of “{TITLE}” is revoked.")).to_be_visible()

    reader.goto("/")
    expect(card(reader)).to_have_count(0)
    sponsors.reload()
    expect(state_on(sponsors)).to_have_text("Revoked")
    expect(sponsors.get_by_text("The film is not shown any more.")).to_be_visible()
    story = story_in_the_ledger(reader)
    expect(story.filter(has_text="−39.9")).to_have_text([re.compile("refund", re.IGNORECASE)] * 2)
    promotion.refresh_from_db()
    assert promotion.ends_at
    left = promotion.ends_at - promotion.ledger.get(event="revoked").at
    assert money_moved(promotion) == [PRICE, -(PRICE * int(left.total_seconds()) // (DAYS * 24 * 3600))]
    assert_the_ledger_holds()


# --- What people do --------------------------------------------------------------------------


def ask(page: Page, article: Article) -> Promotion:
    """From the article's own link, with the plan that costs something."""
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
    """Give the answer of a bank."""
    expect(page.get_by_text("You will not be charged")).to_be_visible()
    page.get_by_label(outcome, exact=True).check()
    page.get_by_role("button", name="Pay 70.00").click()


def answer(page: Page, letters: list[EmailMessage], word: str, reason: str = "") -> None:
    """The author follows the letter and answers."""
    told = "\n".join(str(one.body) for one in letters if one.to == ["ani@example.org"])
    found = re.search(r"Agree or refuse:\n(\S+)", told)
    assert found, told
    page.goto(found[1])
    if reason:
        page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name=word, exact=True).click()


def decide_on(page: Page, verb: str, reason: str = "", *, submit: bool = True, view: str = "") -> None:
    """The moderator opens the promotion from the queue, sees the article, and decides."""
    page.goto(f"/admin/promotion/promotion/{view}")
    page.get_by_role("row").filter(has_text=TITLE).get_by_role("link").first.click()
    expect(page.frame_locator("iframe.preview").get_by_role("heading", level=1)).to_have_text(TITLE)
    if submit:
        page.get_by_label(verb, exact=True).check()
        page.get_by_label("Reason").fill(reason)
        page.get_by_role("button", name="Save decision").click()


def earlier(promotion: Promotion, by: timedelta) -> None:
    """Time passes for a running promotion: it began, and will end, that much earlier."""
    promotion.refresh_from_db()
    assert promotion.starts_at
    assert promotion.ends_at
    times: dict[str, Any] = {"starts_at": promotion.starts_at - by, "ends_at": promotion.ends_at - by}
    Promotion.objects.filter(pk=promotion.pk).update(**times)


# --- What they see ---------------------------------------------------------------------------


def card(page: Page) -> Locator:
    return page.locator("[data-promotion]")


def state_on(page: Page) -> Locator:
    return page.locator(".sponsor-lead .state")


def told(page: Page, says: str) -> Any:
    """Wait for the beacon that says so while the block runs."""
    return page.expect_response(
        lambda got: got.url.endswith("/beacon/promotions/") and says in (got.request.post_data or "")
    )


def story_in_the_ledger(page: Page) -> Locator:
    """The rows of the one promotion in the public ledger."""
    page.goto("/promotions/")
    page.locator("ol.ledger summary").click()
    return page.locator(".ledger-entries li")


def money_moved(promotion: Promotion) -> list[int]:
    """Return the amounts in the ledger, in cents."""
    return list(promotion.ledger.in_order().money().values_list("amount", flat=True))


def assert_the_ledger_holds() -> None:
    """Each row has the fingerprint of the one before."""
    assert verify_ledger() is None
