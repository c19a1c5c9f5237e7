"""Impressions, clicks and views of promotions: one row each, moved into the day's numbers in one transaction.

Who is a visitor, and who is counted at all, is what it is for views (docs/readership.md): this room asks that one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from articles.models import Article
from articles.promotion.models import Promotion, PromotionEvent
from articles.readership.models import PageView
from articles.readership.salts import daily_salt
from articles.readership.visitors import Hit, Visitor, classify_hit, today

BATCH = 5000
# Rows of days that nobody can add to any more, and that recount no longer compares.
KEEP_DAYS = 2
# A page that was opened while the promotion ran may be looked at, or left by its card, a little later.
AFTER_THE_END = timedelta(hours=1)

What = PromotionEvent.What


@dataclass(frozen=True, kw_only=True)
class News:
    """What one page says about promotions, by their numbers."""

    seen: frozenset[int] = frozenset()
    clicked: frozenset[int] = frozenset()
    # The article is read, and its reader came by this promotion.
    came: frozenset[int] = frozenset()

    @property
    def promotions(self) -> frozenset[int]:
        return self.seen | self.clicked | self.came


def record(*, news: News, reader: Visitor) -> int:
    """Write what is new: at most one row per visitor, promotion, day and kind. Durable when this returns.

    Not counted: the article's author, the sponsor, staff, declared bots, and what exceeds `VIEWS_PER_ADDRESS` visitors
    of one address. A click is an impression too, however short it was. A view came from the promotion only where the
    same visitor has clicked that day, so that a link with the promotion's number in it counts nothing.

    Returns:
        how many rows there were to write.
    """
    day = today()
    sightings = _sightings(news.promotions, reader, day)
    if not sightings:
        return 0
    visitor = next(iter(sightings.values())).visitor
    source = next(iter(sightings.values())).source
    there = _known(sightings, day, visitor=visitor, source=source)
    rows = []

    def add(promotion: int, what: str) -> None:
        known = there[promotion, what]
        if visitor not in known and len(known) < settings.VIEWS_PER_ADDRESS:
            known.add(visitor)
            rows.append(PromotionEvent(promotion_id=promotion, day=day, what=what, visitor=visitor, source=source))

    for promotion in sorted(sightings):
        if promotion in news.seen | news.clicked:
            add(promotion, What.IMPRESSION)
        if promotion in news.clicked:
            add(promotion, What.CLICK)
        if promotion in news.came and visitor in there[promotion, What.CLICK]:
            add(promotion, What.VIEW)
    if rows:
        PromotionEvent.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _sightings(promotions: Iterable[int], reader: Visitor, day: date) -> dict[int, Hit]:
    """By promotion, the reader as one who is counted; only of promotions that run, or did a moment ago."""
    now = timezone.now()
    found = Promotion.objects.filter(
        pk__in=promotions,
        state__in=[Promotion.State.APPROVED, Promotion.State.ENDED],
        starts_at__lte=now,
        ends_at__gt=now - AFTER_THE_END,
        article__state=Article.State.PUBLISHED,
    ).values_list("pk", "article_id", "article__author_id", "sponsor_id")
    sightings = {}
    for pk, article_id, author_id, sponsor_id in found:
        if reader.account_id == sponsor_id:
            continue
        seen = classify_hit(reader, target_id=article_id, author_id=author_id, day=day, salt=daily_salt(day))
        if seen.kind == PageView.Kind.COUNTED:
            sightings[pk] = seen
    return sightings


def _known(promotions: Iterable[int], day: date, *, visitor: bytes, source: bytes) -> dict[tuple[int, str], set[bytes]]:
    """The visitors that this address has brought already, and this visitor wherever they were."""
    known: dict[tuple[int, str], set[bytes]] = defaultdict(set)
    rows = PromotionEvent.objects.filter(promotion__in=promotions, day=day).values_list("promotion", "what", "visitor")
    # Two halves, so that each finds its index however many visitors the day has had.
    for promotion, what, someone in rows.filter(source=source).union(
        rows.filter(visitor=visitor, what__in=What.values)
    ):
        known[promotion, what].add(bytes(someone))
    return known


def roll_up(*, batch: int = BATCH) -> int:
    """Move every waiting row into its promotion's day; each exactly once, whatever dies in the middle.

    Returns:
        how many rows were moved.
    """
    moved = found = _roll_up_batch(batch)
    while found == batch:
        found = _roll_up_batch(batch)
        moved += found
    return moved


def tidy_up(*, batch: int = 1000) -> int:
    """Drop the rows of past days, whose numbers are kept. Returns how many there were."""
    dropped = 0
    while found := _drop_batch(today() - timedelta(days=KEEP_DAYS), batch):
        dropped += found
    return dropped


def _roll_up_batch(size: int) -> int:
    with transaction.atomic():
        rows = list(
            PromotionEvent.objects.filter(rolled_up=False)
            .order_by("pk")
            .select_for_update(skip_locked=True, of=("self",))
            .values_list("pk", "promotion_id", "day", "what")[:size]
        )
        if not rows:
            return 0
        days: dict[tuple[int, date], Counter[str]] = defaultdict(Counter)
        for _, promotion_id, day, what in rows:
            days[promotion_id, day][what] += 1
        # Always in the same order, so that two at once never wait for each other.
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO promotion_promotionday (promotion_id, day, impressions, clicks, views)"
                " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (promotion_id, day) DO UPDATE SET"
                " impressions = promotion_promotionday.impressions + excluded.impressions,"
                " clicks = promotion_promotionday.clicks + excluded.clicks,"
                " views = promotion_promotionday.views + excluded.views",
                [
                    (
                        promotion_id,
                        connection.ops.adapt_datefield_value(day),
                        counts[What.IMPRESSION],
                        counts[What.CLICK],
                        counts[What.VIEW],
                    )
                    for (promotion_id, day), counts in sorted(days.items())
                ],
            )
        PromotionEvent.objects.filter(pk__in=[pk for pk, *_ in rows]).update(rolled_up=True)
    return len(rows)


def _drop_batch(before: date, size: int) -> int:
    # Rows are written in the order of their days, so the oldest come first and no index on the day is needed.
    oldest = PromotionEvent.objects.order_by("pk").values_list("pk", "day", "rolled_up")[:size]
    doomed = [pk for pk, day, rolled_up in oldest if rolled_up and day < before]
    return PromotionEvent.objects.filter(pk__in=doomed, rolled_up=True).delete()[0] if doomed else 0
