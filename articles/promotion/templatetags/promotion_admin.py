"""What the admin's own pages say about promotions."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from django import template
from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Min

from accounts.models import User
from articles.promotion.models import Promotion
from articles.promotion.money import exact
from articles.promotion.transitions import DECIDE

register = template.Library()
# {{ amount|in_currency:currency }}: minor units as people write them.
register.filter("in_currency", exact)


class Requests(TypedDict):
    """How much waits for a moderator, and since when the longest request."""

    waiting: int
    oldest: datetime | None
    unpaid: int
    paused: int
    refunds: int


@register.simple_tag
def promotions_for(user: User | AnonymousUser) -> Requests | None:
    """What waits, for those who may decide; None for everyone else."""
    if not user.has_perm(DECIDE):
        return None
    counted = Promotion.objects.waiting().order_by().aggregate(waiting=Count("pk"), oldest=Min("requested_at"))
    return Requests(
        waiting=counted["waiting"],
        oldest=counted["oldest"],
        unpaid=Promotion.objects.unpaid().count(),
        paused=Promotion.objects.paused().count(),
        refunds=Promotion.objects.refund_owed().count(),
    )
