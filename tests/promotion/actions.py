"""Promotions created by the services."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import F

from accounts.models import User
from articles.models import Article
from articles.promotion.models import Placement, Plan, Promotion
from articles.promotion.services import decisions, payments, requests
from tests import factories

DAY = timedelta(days=1)


def place(code: str = "front_top", **changes: Any) -> Placement:
    """Return one of the placements with these values. By default authors have no time to refuse."""
    values = {"capacity": 3, "per_author_cap": 100, "author_can_refuse_hours": 0, "is_offered": True, **changes}
    return Placement.objects.update_or_create(code=code, defaults=values)[0]


def plan(placement: Placement | None = None, **changes: Any) -> Plan:
    values: dict[str, Any] = {"name": "A week", "days": 7, "price": 0, "currency": "EUR", "terms": "Be honest."}
    return Plan.objects.create(placement=placement or place(), **{**values, **changes})


def moderator(**changes: Any) -> User:
    user = factories.UserFactory.create(is_staff=True, **changes)
    for codename in ("decide_promotion", "view_promotion"):
        user.user_permissions.add(Permission.objects.get(codename=codename))
    return User.objects.get(pk=user.pk)  # without cached permissions


def requested(*, article: Article | None = None, sponsor: User | None = None, **changes: Any) -> Promotion:
    """Return a request, free unless the plan has a price. The sponsor is the author unless another is given."""
    article = article or factories.published()
    wanted = changes.pop("wanted_start", None)
    chosen = changes.pop("plan", None) or plan(**changes)
    return requests.request_promotion(
        article=article, sponsor=sponsor or article.author, plan=chosen, wanted_start=wanted
    )


def awaiting(**changes: Any) -> Promotion:
    return requested(**{"price": 7000, **changes})


def paid(**changes: Any) -> Promotion:
    return payments.confirm_payment(promotion=awaiting(**changes), moderator=moderator())


def approved(*, by: User | None = None, **changes: Any) -> Promotion:
    """Return an approved promotion, which runs now unless the placement is full."""
    made = paid(**changes) if changes.get("price") else requested(**changes)
    return decisions.approve(promotion=made, moderator=by or moderator())


def events(promotion: Promotion) -> list[str]:
    """Return the events of the promotion's ledger."""
    return list(promotion.ledger.values_list("event", flat=True))


def states(promotion: Promotion) -> list[tuple[str, str, str]]:
    """Return the steps of the promotion between states, each with the role that took it."""
    rows = promotion.ledger.exclude(from_state=F("to_state"))
    return [(row.from_state, row.to_state, row.actor_role) for row in rows]
