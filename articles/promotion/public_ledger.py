"""Who put what forward, for how much, and what came of it: as everybody may know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from urllib.parse import urljoin

from django.conf import settings
from django.db.models import IntegerField, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from articles.promotion.models import (
    LedgerEntry,
    Placement,
    Promotion,
    PromotionDay,
    PromotionQuerySet,
    PromotionSettings,
)
from articles.promotion.money import EXPONENTS, exact
from core.pagination import KeysetOrdering

# The ledger's order; its index is `promotion_newest`.
REQUESTED = KeysetOrdering({"requested_at": datetime, "pk": int})
# Reasons that are said to the public; the others are between the people concerned.
PUBLIC_REASONS = {LedgerEntry.Event.REVOKED, LedgerEntry.Event.CORRECTION}
_APPROVALS = {LedgerEntry.Event.APPROVED, LedgerEntry.Event.PINNED}
# Public from the payment or the decision on; what merely waits is nobody else's business.
PHASES = [phase for phase in Promotion.Phase if phase not in {"requested", "awaiting_payment"}]


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What a reader of the ledger wants to see; empty is everything."""

    kind: str = ""
    place: str = ""
    state: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Self:
        """The filters in an address.

        Raises:
            Http404: one of them does not exist.
        """
        states = [phase.value for phase in PHASES]
        known = {"kind": Promotion.Kind.values, "place": Placement.Code.values, "state": states}
        wanted = {name: given.get(name, "") for name in known}
        if any(value and value not in known[name] for name, value in wanted.items()):
            raise Http404
        return cls(**wanted)

    @property
    def query(self) -> dict[str, str]:
        """Those that are set, for an address."""
        return {name: value for name in ("kind", "place", "state") if (value := getattr(self, name))}


def public_promotions(filters: Filters, *, now: datetime | None = None) -> PromotionQuerySet:
    """The promotions of the public ledger, newest request first, with all that a row shows: two queries."""
    now = now or timezone.now()
    State = Promotion.State  # noqa: N806 - a name for the lines below
    taken_back = Q(state=State.CANCELLED, paid_at=None, approved_at=None)
    found = Promotion.objects.exclude(Q(state__in=[State.REQUESTED, State.AWAITING_PAYMENT]) | taken_back)
    if filters.kind:
        found = found.filter(kind=filters.kind)
    if filters.place:
        found = found.filter(placement__code=filters.place)
    match filters.state:
        case "":
            pass
        case Promotion.Phase.RUNNING:
            found = found.running(now)
        case Promotion.Phase.SCHEDULED:
            found = found.scheduled(now)
        case Promotion.Phase.ENDED:
            found = found.ended(now)
        case state:
            found = found.filter(state=state)
    entries = Prefetch("ledger", LedgerEntry.objects.in_order())
    days = PromotionDay.objects.filter(promotion=OuterRef("pk")).order_by().values("promotion")
    numbers = {
        name: Coalesce(Subquery(days.annotate(n=Sum(name)).values("n")), 0, output_field=IntegerField())
        for name in ("impressions", "clicks")
    }
    return (
        found.select_related("article__live", "article__author", "sponsor", "placement", "section")
        .defer("article__live__body", "article__author__biography", "sponsor__biography", "terms", "message")
        .annotate(**numbers)
        .prefetch_related(entries)
        .order_by(*REQUESTED.names)
    )


class Row:
    """A promotion as the public sees it. A hidden article stands here without title and names."""

    def __init__(self, promotion: Promotion, *, exact_prices: bool) -> None:
        self.promotion = promotion
        self.exact_prices = exact_prices
        self.phase = promotion.phase
        # From the annotations of `public_promotions`.
        self.impressions: int = getattr(promotion, "impressions", 0)
        self.clicks: int = getattr(promotion, "clicks", 0)

    @property
    def title(self) -> str:
        """Empty where the article is hidden."""
        article = self.promotion.article
        return article.live.title if article.is_public and article.live else ""

    @property
    def address(self) -> str:
        return self.promotion.article.get_absolute_url() if self.title else ""

    @property
    def sponsor(self) -> str:
        """The sponsor's name; empty for editors' choices, and for a hidden article's own author."""
        promotion = self.promotion
        is_authors = promotion.sponsor_id == promotion.article.author_id
        if promotion.kind == Promotion.Kind.EDITORIAL or (is_authors and not self.title):
            return ""
        return promotion.sponsor.name

    @property
    def price(self) -> str:
        """The price or, as the operator wants it, the round sums between which it lies; empty where it is free."""
        promotion = self.promotion
        if not promotion.price:
            return ""
        return self.money(promotion.price)

    def money(self, amount: int) -> str:
        """An amount of this promotion as the public may know it."""
        shown = exact if self.exact_prices else band
        return shown(amount, self.promotion.currency)

    @property
    def approved_as(self) -> str:
        """In which role it was approved; empty where it was not."""
        return next((one.get_actor_role_display() for one in self.entries if one.event in _APPROVALS), "")

    @property
    def entries(self) -> list[LedgerEntry]:
        """Its rows of the ledger, in their order."""
        return list(self.promotion.ledger.all())

    @property
    def story(self) -> list[dict[str, str | int | datetime]]:
        """What happened, without whose hands they were: the role is public, the person is not."""
        return [
            {
                "number": one.number,
                "at": one.at,
                "event": one.event,
                "what": one.get_event_display(),
                "from": one.from_state,
                "to": one.to_state,
                "by": one.actor_role,
                "role": one.get_actor_role_display(),
                "amount": ("−" if one.amount < 0 else "") + self.money(abs(one.amount)) if one.amount else "",
                "reason": one.reason if one.event in PUBLIC_REASONS else "",
                "hash": one.hash,
                "previous_hash": one.previous_hash,
            }
            for one in self.entries
        ]

    def values(self) -> dict[str, Any]:
        """The row for CSV: plain values under fixed names."""
        promotion = self.promotion
        return {
            "promotion": promotion.pk,
            "article": self.title,
            "address": urljoin(settings.ORIGIN, self.address) if self.title else "",
            "sponsor": self.sponsor,
            "kind": promotion.kind,
            "price": self.price.replace("\u00a0", " "),
            "placement": promotion.placement.code,
            "section": promotion.section.slug if promotion.section else "",
            "from": promotion.starts_at.isoformat() if promotion.starts_at else "",
            "to": promotion.ran_until.isoformat() if promotion.ran_until else "",
            "approved_by": next((one.actor_role for one in self.entries if one.event in _APPROVALS), ""),
            "impressions": self.impressions,
            "clicks": self.clicks,
            "state": str(self.phase.value),
        }

    def values_with_story(self) -> dict[str, Any]:
        """The row for JSON: with its rows of the ledger and their hashes."""
        hidden = {"what", "role"}
        story = [{key: value for key, value in one.items() if key not in hidden} for one in self.story]
        return {**self.values(), "ledger": story}


def rows_of(found: QuerySet[Promotion], *, size: int) -> tuple[list[Row], str]:
    """The first rows, and the cursor of what follows ("" at the end)."""
    exact_prices = PromotionSettings.current().shows_exact_prices
    promotions = list(found[: size + 1])
    following = REQUESTED.encode_cursor(promotions[size - 1]) if len(promotions) > size else ""
    return [Row(one, exact_prices=exact_prices) for one in promotions[:size]], following


def band(amount: int, currency: str) -> str:
    """Between which powers of ten an amount lies: 25.00 EUR → "10–100 EUR"."""
    unit = 10 ** EXPONENTS.get(currency, 0)
    lower = 1
    while amount >= lower * 10 * unit:
        lower *= 10
    if amount < unit:
        return _("under %(sum)s") % {"sum": f"1\u00a0{currency}"}
    return f"{lower}–{lower * 10}\u00a0{currency}"
