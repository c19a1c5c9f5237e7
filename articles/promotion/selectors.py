"""Which promotions a user can see, which cards a page shows, and the results of a promotion."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.cache import caches
from django.db.models import F
from django.shortcuts import get_object_or_404
from django.utils import timezone

from accounts.models import User
from articles.models import Article, Section
from articles.promotion.models import Placement, Promotion, PromotionDay
from articles.promotion.services.state_machine import DECIDE_PERMISSION
from articles.readership.models import DailyStats
from articles.selectors import CARD_VALUES, Card
from core.http_cache import FRESH_SECONDS

# Cards that a page shows at the same time.
CARDS: dict[str, int] = {Placement.Code.FRONT_TOP: 1, Placement.Code.SECTION_TOP: 1, Placement.Code.BESIDE: 2}


# --- Access: other users' promotions are a 404, as missing ones are ------------------------------------------------


def own_promotion(user: User | AnonymousUser, pk: int) -> Promotion:
    """Return a promotion whose sponsor is the user, or raise a 404."""
    return get_object_or_404(Promotion.objects.for_list(), sponsor_id=user.pk, pk=pk)


def promotion_with_results(user: User | AnonymousUser, pk: int) -> Promotion:
    """Return a promotion whose results the user can see, as its sponsor or a moderator, or raise a 404."""
    if user.is_staff and user.has_perm(DECIDE_PERMISSION):
        return get_object_or_404(Promotion.objects.for_list(), pk=pk)
    return own_promotion(user, pk)


def promotion_of_own_article(user: User | AnonymousUser, pk: int) -> Promotion:
    """Return another sponsor's promotion of an article that the user wrote, or raise a 404."""
    promotions = Promotion.objects.for_list().exclude(sponsor=F("article__author"))
    return get_object_or_404(promotions, article__author_id=user.pk, pk=pk)


# --- Selection: which cards a page shows ---------------------------------------------------------------------------


# What decides where a promotion is shown.
RUNNING_VALUES = (
    *("pk", "kind", "placement__code", "section", "article", "approved_revision"),
    *("article__live", "article__state", "starts_at", "ends_at"),
)


def list_cards(code: str, section: Section | None = None) -> list[dict[str, Any]]:
    """Return the cards at the top of the front page, or of a section."""
    pk = section.pk if section else None
    here = [one for one in _running() if (one["placement__code"], one["section"]) == (code, pk)]
    return _cards(here, code, page=f"section {pk}" if section else "front")


def sidebar_promotions(article: Article) -> dict[str, Any]:
    """Return the cards beside an article, never its own; its own promotions, and whether one of them is paid."""
    running = _running()
    code = Placement.Code.BESIDE
    beside = [one for one in running if one["placement__code"] == code and one["article"] != article.pk]
    # The article's own promotions count even if they are paused: its links are still paid for.
    own = [one for one in running if one["article"] == article.pk]
    return {
        "cards": _cards(beside, code, page=f"article {article.pk}"),
        "own": own,
        "is_paid_for": any(one["kind"] == Promotion.Kind.PAID for one in own),
    }


def forget_running() -> None:
    """Make the next page read the running promotions again."""
    caches["local"].delete("running-promotions")


def _running() -> list[dict[str, Any]]:
    """Return the running promotions; what another process changed can take some seconds to be seen.

    A card is read at each request, so one that may not be shown any more is not shown.
    """
    now = timezone.now()

    def read() -> list[dict[str, Any]]:
        soon = now + timedelta(seconds=FRESH_SECONDS)
        rows = Promotion.objects.filter(state=Promotion.State.APPROVED, starts_at__lte=soon, ends_at__gt=now)
        return list(rows.order_by("pk").values(*RUNNING_VALUES))

    rows = caches["local"].get_or_set("running-promotions", read, FRESH_SECONDS) or []
    return [row for row in rows if row["starts_at"] <= now < row["ends_at"]]


def _cards(candidates: list[dict[str, Any]], code: str, *, page: str) -> list[dict[str, Any]]:
    """Return the cards of those whose turn it is: primary key and kind of the promotion, sponsor's name, and card."""
    now = timezone.now()
    pks = [
        one["pk"]
        for one in candidates
        if one["article__state"] == Article.State.PUBLISHED and one["article__live"] == one["approved_revision"]
    ]
    pks = rotate(pks, page=page, now=now, count=CARDS[code])
    if not pks:
        return []
    cards = {
        pk: {"pk": pk, "kind": kind, "sponsor": display_name or username, "card": Card._make(values)}
        for pk, kind, username, display_name, *values in _all_cards().deliverable(now).filter(pk__in=pks)
    }
    return [cards[pk] for pk in pks if pk in cards]


@cache
def _all_cards() -> Any:
    # Never evaluated itself; each filter copies it (see `articles.selectors`).
    return Promotion.objects.order_by().values_list(
        *("pk", "kind", "sponsor__username", "sponsor__display_name"), *(f"article__{name}" for name in CARD_VALUES)
    )


def rotate(ids: Sequence[int], *, page: str, now: datetime, count: int = 1) -> list[int]:
    """Return the `count` ids whose turn it is, or all if there are no more.

    Time is divided into slots as long as a page is cached, and as many slots as there are promotions make a round. In a
    round each has one turn, in an order that is shuffled by round and page. So all are shown equally often over a day,
    and a reader who comes at regular intervals does not see the same card each time.

    Args:
        page: a name of the page, so that not all pages show the same card.
    """
    if not ids:
        return []
    slot = int(now.timestamp()) // FRESH_SECONDS
    number, turn = divmod(slot, len(ids))
    order = sorted(ids, key=lambda pk: hashlib.blake2b(f"{page}|{number}|{pk}".encode(), digest_size=8).digest())
    # Several cards are neighbours in the round's order, so that each is shown as often as the others.
    return [order[(turn + n) % len(order)] for n in range(min(count, len(order)))]


# --- Results -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Results:
    """The results of a promotion so far. Each number of a day counts visitors, once a day."""

    days: Sequence[PromotionDay] = ()
    # The sums of all days.
    total: PromotionDay = field(default_factory=PromotionDay)
    # The article's views per day in as many days before; None if it was not published then.
    views_a_day_before: float | None = None

    @property
    def views_a_day(self) -> float:
        """The article's views per day of the promotion."""
        return self.total.article_views / len(self.days)

    @property
    def share(self) -> float | None:
        """Views from the promotion per 100 views of the article, in its days."""
        return 100 * self.total.views / self.total.article_views if self.total.article_views else None


def promotion_results(promotion: Promotion, *, now: datetime | None = None) -> Results:
    """Return the results of each day that a promotion has run, beside the article's own views, with two queries."""
    start, end, now = promotion.starts_at, promotion.ran_until, now or timezone.now()
    if start is None or end is None or now < start or end <= start:
        return Results()
    first = timezone.localdate(start)
    # The end is exclusive: what ends at midnight did not run on the new day.
    last = timezone.localdate(min(end - timedelta(microseconds=1), now))
    run = {first + timedelta(days=n) for n in range((last - first).days + 1)}
    counted = {row.day: row for row in promotion.day_rows.all()}
    # Reports that came in the hour after the end count too, even past midnight.
    days = [counted.get(day) or PromotionDay(day=day) for day in sorted({*run, *counted})]
    # As many days before, as far as it was published then.
    published_at = promotion.article.published_at
    since = max(first - timedelta(days=len(days)), timezone.localdate(published_at) if published_at else first)
    stats = DailyStats.objects.filter(article=promotion.article_id, day__gte=min(since, first), day__lte=days[-1].day)
    article_views = dict(stats.values_list("day", "views"))
    total = PromotionDay(day=days[-1].day)
    for day in days:
        day.article_views = article_views.get(day.day, 0)
        for name in ("impressions", "clicks", "views", "article_views"):
            setattr(total, name, getattr(total, name) + getattr(day, name))
    before = sum(views for day, views in article_views.items() if day < first)
    return Results(days=days, total=total, views_a_day_before=before / (first - since).days if since < first else None)
