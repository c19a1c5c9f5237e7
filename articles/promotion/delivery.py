"""Which promoted cards a page shows. One question to the database, nothing kept: what is hidden is gone at once.

Equals take turns by the clock. Time is cut into slots as long as a page lives in the caches, and as many slots as there
are promotions make a round. In a round each one gets its turn once, in an order that is drawn anew for every round and
page: over a day that is even to the slot, and a reader, a crawler or a proxy that comes at regular intervals does not
meet the same card each time, as it would if turns followed each other in one order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from articles.models import Article, Section
from articles.models.prepared import Parameter, Prepared
from articles.promotion.models import Placement, Promotion, PromotionQuerySet
from core.http_cache import FRESH_SECONDS

# How many cards a place shows in one render.
CARDS = {Placement.Code.FRONT_TOP: 1, Placement.Code.SECTION_TOP: 1, Placement.Code.BESIDE: 2}


@dataclass(frozen=True)
class Beside:
    """What promotions mean for an article's page."""

    cards: Sequence[Promotion]
    # The article's own promotions that run now: a reader may have come by one of them.
    own: Sequence[Promotion]

    @property
    def is_paid_for(self) -> bool:
        """Whether somebody pays for the article now: its links say so then."""
        return any(promotion.is_paid_kind for promotion in self.own)


def turn(ids: Sequence[int], *, page: str, now: datetime, count: int = 1) -> list[int]:
    """Whose turn it is: `count` of `ids`, or all where there are no more.

    Args:
        page: what is drawn for each page by itself, so that not all pages show the same card.
    """
    slot = int(now.timestamp()) // FRESH_SECONDS
    if not ids:
        return []
    number, place = divmod(slot, len(ids))
    order = sorted(ids, key=lambda pk: hashlib.blake2b(f"{page}|{number}|{pk}".encode(), digest_size=8).digest())
    # Several at once follow each other in the round's order, so that each is shown as often as any other.
    return [order[(place + n) % len(order)] for n in range(min(count, len(order)))]


def on_front(*, now: datetime | None = None) -> list[Promotion]:
    """The cards at the top of the front page."""
    now = now or timezone.now()
    found = _ON_FRONT.all(now=now)
    return _chosen(found, Placement.Code.FRONT_TOP, "front", now)


def in_section(section: Section, *, now: datetime | None = None) -> list[Promotion]:
    """The cards at the top of a section."""
    now = now or timezone.now()
    found = _IN_SECTION.all(now=now, section=section.pk)
    return _chosen(found, Placement.Code.SECTION_TOP, f"section {section.pk}", now)


def beside(article: Article, *, now: datetime | None = None) -> Beside:
    """The cards beside an article, never its own, and the promotions of the article itself; one query for both."""
    now = now or timezone.now()
    own, others = [], []
    for promotion in _BESIDE.all(now=now, article=article.pk):
        if promotion.article_id == article.pk:
            own.append(promotion)
        elif _is_deliverable(promotion):
            others.append(promotion)
    return Beside(cards=_chosen(others, Placement.Code.BESIDE, f"article {article.pk}", now), own=own)


# Composed once: these are asked on every page that is rendered.
_NOW: Any = Parameter("now", Promotion._meta.get_field("starts_at"))
_ON_FRONT = Prepared(lambda: _at(Placement.Code.FRONT_TOP))
_IN_SECTION = Prepared(lambda: _at(Placement.Code.SECTION_TOP).filter(section=Parameter("section", Section._meta.pk)))
_BESIDE = Prepared(
    # With another text than was approved it is paused; its links are still paid for.
    lambda: (
        Promotion.objects.running(_NOW)
        .filter(Q(placement__code=Placement.Code.BESIDE) | Q(article=Parameter("article", Article._meta.pk)))
        .with_shown()
        .order_by("pk")
    )
)


def _at(code: str) -> PromotionQuerySet:
    return Promotion.objects.deliverable(_NOW).filter(placement__code=code).with_shown().order_by("pk")


def _is_deliverable(promotion: Promotion) -> bool:
    return promotion.article.is_public and promotion.article.live_id == promotion.approved_revision_id


def _chosen(found: Sequence[Promotion], code: str, page: str, now: datetime) -> list[Promotion]:
    by_pk = {promotion.pk: promotion for promotion in found}
    chosen = turn(list(by_pk), page=page, now=now, count=CARDS[Placement.Code(code)])
    return [by_pk[pk] for pk in chosen]
