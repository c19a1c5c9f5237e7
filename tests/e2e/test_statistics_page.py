"""The statistics of the site in the admin."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from articles.search.models import ZeroResultWord
from core.models import DailyFigure
from tests.moderation.users import administrator

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def test_statistics_page_fits_a_phone_and_is_accessible(
    page: Page, log_in: Callable[[Page, User], None], accessible: Callable[[Page], None]
) -> None:
    today = timezone.localdate()
    for ago in range(90):
        DailyFigure.objects.create(day=today - timedelta(days=ago), name="views", number=1_000_000 * (ago % 7))
    ZeroResultWord.objects.create(day=today, word="kolophon", number=5)
    log_in(page, administrator())
    page.goto("/admin/")
    page.get_by_role("link", name="Site statistics").click()
    expect(page.get_by_role("img", name="Views")).to_be_visible()
    accessible(page)
    page.get_by_role("link", name="90 days").click()
    page.get_by_text("Table", exact=True).click()
    accessible(page)
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto("/hy/admin/statistics/?days=90")
    page.locator("summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
