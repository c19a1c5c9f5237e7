"""Promotions as plain rows, for tests of pages. `actions` creates them with the services."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from articles.models import Article
from articles.promotion.models import Placement, Plan, Promotion
from tests.factories import UserFactory, published

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


def place(code: str = "front_top") -> Placement:
    """Return one of the placements; created again after a test with real transactions has emptied the tables."""
    return Placement.objects.get_or_create(code=code)[0]


def plan(code: str = "front_top", **changes: Any) -> Plan:
    """Return a plan, by default a week at the top of the front page for 25 euros."""
    defaults = {"placement": place(code), "name": "A week", "days": 7, "price": 2500, "currency": "EUR"}
    return Plan.objects.create(**{**defaults, **changes})


def running(
    code: str = "front_top",
    *,
    article: Article | None = None,
    sponsor: User | None = None,
    kind: str = "paid",
    starts_at: datetime | None = None,
    days: int = 7,
    **changes: Any,
) -> Promotion:
    """Return an approved promotion that started an hour ago, or at `starts_at`."""
    article = article or published()
    placement = place(code)
    starts_at = starts_at or timezone.now() - timedelta(hours=1)
    price = 2500 if kind == "paid" else 0
    defaults: dict[str, Any] = {
        "article": article,
        "sponsor": sponsor or UserFactory.create(),
        "placement": placement,
        "section": article.section if placement.is_per_section else None,
        "kind": kind,
        "state": Promotion.State.APPROVED,
        "price": price,
        "currency": "EUR" if price else "",
        "days": days,
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(days=days),
        "approved_revision_id": article.live_id,
        "requested_at": starts_at - timedelta(days=1),
        "approved_at": starts_at,
        "paid_at": starts_at if price else None,
    }
    return Promotion.objects.create(**{**defaults, **changes})
