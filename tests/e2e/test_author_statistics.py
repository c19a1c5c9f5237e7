"""The author's statistics: links, accessibility, and a phone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from articles.readership.models import DailyReferrer, DailyStats
from articles.readership.visitors import today
from tests import factories

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def test_author_statistics_fit_a_phone_and_are_accessible(
    page: Page, log_in: Callable[[Page, User], None], accessible: Callable[[Page], None]
) -> None:
    author = factories.UserFactory.create()
    article = factories.published(author)
    for ago in range(90):
        numbers = {"views": 1_000_000 * (ago % 7), "reads": 300 * ago, "quarter_1": ago, "quarter_4": 7}
        DailyStats.objects.create(article=article, day=today() - timedelta(days=ago), **numbers)
    site = f"{'long-name-of-a-site-' * 4}.example"
    DailyReferrer.objects.create(article=article, day=today(), site=site, visits=1234)
    log_in(page, author)
    page.goto("/my/articles/")
    page.get_by_role("link", name="Statistics", exact=True).click()
    expect(page.get_by_role("img", name="Views")).to_be_visible()
    accessible(page)
    page.get_by_role("link", name="90 days").click()
    page.get_by_text("Day by day", exact=True).click()
    for how in page.get_by_text("How is this counted?").all():
        how.click()
    accessible(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the days as CSV").click()
    assert download.value.path().read_text().count("\n") == 91
    page.set_viewport_size({"width": 360, "height": 800})
    for path in (f"/hy/my/articles/{article.pk}/statistics/?days=90", "/ru/my/statistics/?days=all"):
        page.goto(path)
        page.locator(".counts-table summary").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
