"""The page that explains the views: layout, accessibility and chart, with no views and with millions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from articles.models import Article
from articles.readership.models import DailyStats
from articles.readership.visitors import today
from tests import factories
from tests.e2e import IN_BROWSER
from tests.e2e.conftest import Problems
from tests.e2e.inspector import Inspector
from tests.e2e.site import LONG_WORD
from tests.e2e.steps import reload_after_tasks

pytestmark = IN_BROWSER
LogIn = Callable[[Page, User], None]


@pytest.fixture
def articles() -> dict[str, Article]:
    """Articles without views, with views of one day, and with a long title and a spike."""
    articles = {
        "nothing": factories.published(),
        "one day": factories.published(),
        "spike": factories.published(title=(LONG_WORD * 3)[:140]),
    }
    DailyStats.objects.create(article=articles["one day"], day=today(), views=3, reads=1, by_author=1)
    for before in range(40):
        views = 3_000_000 if before == 9 else 12 * before
        day = today() - timedelta(days=before)
        DailyStats.objects.create(
            article=articles["spike"], day=day, views=views, reads=views // 3, by_staff=1, by_bots=999, over_rate=before
        )
    return articles


@pytest.fixture
def inspector(page: Page, problems: Problems) -> Iterator[Inspector]:
    found = Inspector(page, problems)
    yield found
    assert not found.faults, "\n".join(found.faults)


def test_counts_page_is_accessible_and_fits(inspector: Inspector, articles: dict[str, Article], log_in: LogIn) -> None:
    for article in articles.values():
        inspector.open(f"/articles/{article.pk}/views/", dark=True)
    inspector.page.locator("main summary").click()
    inspector.check(dark=True)
    for language in ("/ru", "/hy"):
        inspector.open(f"{language}/articles/{articles['spike'].pk}/views/")
    log_in(inspector.page, articles["spike"].author)
    inspector.open(f"/articles/{articles['spike'].pk}/views/", dark=True)
    inspector.page.locator("main summary").click()
    inspector.check()


def test_counts_page_without_javascript(page_without_javascript: Page, articles: dict[str, Article]) -> None:
    page = page_without_javascript
    page.goto(articles["one day"].get_absolute_url())
    page.locator("#vote").get_by_role("link", name="How the views are counted").click()
    reload_after_tasks(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("4 views")  # including this one
    expect(page.get_by_role("img", name="Views by day for the last 30 days, maximum 5")).to_be_visible()
    cell = page.get_by_role("row", name="30 days 4 1 0 0 0")
    expect(cell).to_be_hidden()
    page.get_by_text("Day by day").first.click()
    expect(cell).to_be_visible()


def test_counts_chart_follows_text_direction(page: Page, articles: dict[str, Article]) -> None:
    """The newest day is at the end of the line: right in ltr, left in rtl."""
    page.goto(f"/articles/{articles['one day'].pk}/views/")
    bar, plot = page.locator(".counts-plot svg g"), page.locator(".counts-plot svg")
    for direction in ("ltr", "rtl"):
        page.evaluate("(direction) => { document.documentElement.dir = direction }", direction)
        bar_box, plot_box = bar.bounding_box(), plot.bounding_box()
        assert bar_box
        assert plot_box
        is_right = bar_box["x"] + bar_box["width"] / 2 > plot_box["x"] + plot_box["width"] / 2
        assert is_right == (direction == "ltr")


def test_counts_page_is_valid_html(page: Page, articles: dict[str, Article], valid_html: Callable[..., None]) -> None:
    addresses = {name: f"/articles/{article.pk}/views/" for name, article in articles.items()}
    valid_html(**{name.replace(" ", "_"): page.request.get(address).text() for name, address in addresses.items()})
