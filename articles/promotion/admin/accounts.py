"""Sums over all promotions: money by month, as the ledger has it, and what readers made of the cards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone
from django.utils.formats import number_format

from articles.promotion.models import LedgerEntry, Payment, Placement, Promotion, PromotionDay
from articles.promotion.money import exact
from articles.promotion.results import Day
from articles.promotion.schedule import start_of

MONTHS = 24
DAYS = 30


@dataclass(frozen=True, kw_only=True)
class Income:
    """A month's money in one currency, in minor units."""

    month: date
    currency: str
    received: int
    given_back: int
    payments: int

    @property
    def received_shown(self) -> str:
        return exact(self.received, self.currency)

    @property
    def given_back_shown(self) -> str:
        return exact(self.given_back, self.currency)

    @property
    def left_shown(self) -> str:
        return exact(self.received - self.given_back, self.currency)


def income_by_month(*, now: datetime) -> list[Income]:
    """The last two years, newest month first. What is merely due does not count: it has not moved yet."""
    today = timezone.localdate(now)
    months = today.year * 12 + today.month - MONTHS
    since = start_of(date(months // 12, months % 12 + 1, 1))
    rows = (
        LedgerEntry.objects.money()
        .filter(at__gte=since)
        .order_by()
        .annotate(month=TruncMonth("at"))
        .values("month", "currency")
        .annotate(
            received=Sum("amount", filter=Q(amount__gt=0), default=0),
            given_back=Sum("amount", filter=Q(amount__lt=0), default=0),
            payments=Count("pk", filter=Q(amount__gt=0)),
        )
        .order_by("-month", "currency")
    )
    return [
        Income(
            month=timezone.localdate(row["month"]),
            currency=row["currency"],
            received=row["received"],
            given_back=-row["given_back"],
            payments=row["payments"],
        )
        for row in rows
    ]


@dataclass(frozen=True, kw_only=True)
class Outstanding:
    """What has not moved yet, by currency, ready to be read."""

    to_come: list[str]
    to_give_back: list[str]


def outstanding() -> Outstanding:
    """What sponsors were asked to pay, and what the site still has to give back."""
    asked = Promotion.objects.filter(state=Promotion.State.AWAITING_PAYMENT).order_by()
    owed = Payment.objects.filter(refund_due__gt=F("refunded")).order_by()
    return Outstanding(
        to_come=_sums(asked.values_list("currency").annotate(sum=Sum("price")).order_by("currency")),
        to_give_back=_sums(
            owed.values_list("currency").annotate(sum=Sum(F("refund_due") - F("refunded"))).order_by("currency")
        ),
    )


def _sums(rows: Any) -> list[str]:
    return [exact(amount, currency) for currency, amount in rows]


@dataclass(frozen=True, kw_only=True)
class Place:
    """What readers made of the cards of one place: visitors, each once per promotion and day."""

    name: str
    running: int
    impressions: int
    clicks: int
    views: int

    @property
    def click_through(self) -> str:
        """Clicks for a hundred impressions."""
        return share(self.clicks, self.impressions)


def share(part: int, whole: int) -> str:
    """How much of a whole, as "3.4 %" in the notation of the reader's language; "–" of nothing."""
    if not whole:
        return "–"
    return f"{number_format(round(Decimal(100 * part) / whole, 1), 1)}\u00a0%"


def results_by_day(*, now: datetime) -> list[Day]:
    """The last thirty days of all promotions together, oldest first; a day without anything is there too."""
    days = last_days(now=now)
    rows = PromotionDay.objects.filter(day__in=days).order_by().values("day").annotate(**_SUMS)
    found = {row["day"]: row for row in rows}
    return [Day(day=day, **_figures(found.get(day))) for day in days]


def results_by_place(*, now: datetime) -> list[Place]:
    """The same days by place."""
    rows = (
        PromotionDay.objects.filter(day__in=last_days(now=now))
        .order_by()
        .values("promotion__placement")
        .annotate(**_SUMS)
    )
    found = {row["promotion__placement"]: row for row in rows}
    running = dict(Promotion.objects.running(now).order_by().values_list("placement").annotate(Count("pk")))
    return [
        Place(name=str(place), running=running.get(place.pk, 0), **_figures(found.get(place.pk)))
        for place in Placement.objects.all()
    ]


def last_days(*, now: datetime) -> list[date]:
    """The last thirty days where the site is, today the last of them."""
    today = timezone.localdate(now, timezone.get_default_timezone())
    return [today - timedelta(days=number) for number in reversed(range(DAYS))]


_SUMS = {name: Sum(name) for name in ("impressions", "clicks", "views")}


def _figures(row: Any) -> dict[str, int]:
    return {name: row[name] if row else 0 for name in _SUMS}
