"""Views are written one row each, and moved into the public numbers in one transaction."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from django.conf import settings
from django.db import connection, transaction

from articles.readership.models import View
from articles.readership.salts import destroy_old_salts, salt_of
from articles.readership.visitors import Reader, Sighting, sighting, today

BATCH = 5000
# Rows of days that nobody can add to any more, and that recount no longer compares.
KEEP_DAYS = 2

Place = tuple[int, date, bytes]  # article, day, source


def record_view(*, article_id: int, author_id: int, reader: Reader) -> bool:
    """Write that someone reads the article today. It is durable when this returns; repeating it changes nothing.

    Returns:
        whether there was something to write.

    Raises:
        IntegrityError: the article was deleted meanwhile.
    """
    day = today()
    seen = sighting(article_id=article_id, author_id=author_id, reader=reader, day=day, salt=salt_of(day))
    return record([seen]) > 0


def record(sightings: Sequence[Sighting]) -> int:
    """Write what is seen for the first time: one question and, where there is news, one INSERT.

    From one address, `VIEWS_PER_ADDRESS` visitors of an article are counted in a day; what goes beyond makes a single
    row of the kind "over_rate". So an address makes at most that many rows, one for that, and one for its bots.
    Requests that arrive in the same instant on several connections may exceed the cap by as many.

    Returns:
        how many rows there were to write.

    Raises:
        IntegrityError: an article was deleted meanwhile; nothing is written.
    """
    known = _known(sightings)
    rows = []
    for seen in sightings:
        there, kind, visitor = known[_place(seen)], seen.kind, seen.visitor
        counted = sum(1 for one in there.values() if one == View.Kind.COUNTED)
        if kind == View.Kind.COUNTED and visitor not in there and counted >= settings.VIEWS_PER_ADDRESS:
            kind, visitor = View.Kind.OVER_RATE, seen.source
        if visitor in there:
            continue
        there[visitor] = kind
        rows.append(View(article_id=seen.article_id, day=seen.day, visitor=visitor, source=seen.source, kind=kind))
    if rows:
        View.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def roll_up(*, batch: int = BATCH) -> int:
    """Move every waiting view into the day's statistics and the article's counter; each exactly once.

    Each batch is one transaction: a process that dies in it leaves its rows waiting for the next. Several may run at
    once: they take different rows.

    Returns:
        how many rows were moved.
    """
    moved = found = _roll_up_batch(batch)
    while found == batch:
        found = _roll_up_batch(batch)
        moved += found
    return moved


def tidy_up(*, batch: int = 1000) -> int:
    """Destroy old salts and the rows of past days whose numbers are kept; a batch at a time, so that nothing waits.

    Returns:
        how many rows were dropped.
    """
    destroy_old_salts()
    dropped = 0
    while found := _drop_batch(today() - timedelta(days=KEEP_DAYS), batch):
        dropped += found
    return dropped


def _place(seen: Sighting) -> Place:
    return seen.article_id, seen.day, seen.source


def _known(sightings: Iterable[Sighting]) -> dict[Place, dict[bytes, str]]:
    """The visitors that each address has brought already, with their kinds."""
    known: dict[Place, dict[bytes, str]] = defaultdict(dict)
    articles, days, sources = (set(part) for part in zip(*map(_place, sightings), strict=True))
    rows = View.objects.filter(article_id__in=articles, day__in=days, source__in=sources)
    for article_id, day, source, visitor, kind in rows.values_list("article_id", "day", "source", "visitor", "kind"):
        known[article_id, day, bytes(source)][bytes(visitor)] = kind
    return known


def _roll_up_batch(size: int) -> int:
    with transaction.atomic():
        rows = list(
            View.objects.filter(rolled_up=False)
            .order_by("pk")
            .select_for_update(skip_locked=True)
            .values_list("pk", "article_id", "day", "kind")[:size]
        )
        if not rows:
            return 0
        days: dict[tuple[int, date], Counter[str]] = defaultdict(Counter)
        views: Counter[int] = Counter()
        for _, article_id, day, kind in rows:
            days[article_id, day][kind] += 1
            views[article_id] += kind == View.Kind.COUNTED
        # Always in the same order, so that two at once never wait for each other; the articles first, also where
        # nothing is added, because their rows are the lock that recount takes.
        with connection.cursor() as cursor:
            cursor.executemany(
                "UPDATE articles_article SET views = views + %s WHERE id = %s",
                [(number, article_id) for article_id, number in sorted(views.items())],
            )
            cursor.executemany(
                "INSERT INTO readership_dailystats"
                " (article_id, day, views, by_author, by_staff, by_bots, over_rate) VALUES (%s, %s, %s, %s, %s, %s, %s)"
                " ON CONFLICT (article_id, day) DO UPDATE SET"
                " views = readership_dailystats.views + excluded.views,"
                " by_author = readership_dailystats.by_author + excluded.by_author,"
                " by_staff = readership_dailystats.by_staff + excluded.by_staff,"
                " by_bots = readership_dailystats.by_bots + excluded.by_bots,"
                " over_rate = readership_dailystats.over_rate + excluded.over_rate",
                [
                    (article_id, connection.ops.adapt_datefield_value(day), *(counts[kind] for kind in _COLUMNS))
                    for (article_id, day), counts in sorted(days.items())
                ],
            )
        View.objects.filter(pk__in=[pk for pk, *_ in rows]).update(rolled_up=True)
    return len(rows)


# The kinds in the order of the columns above.
_COLUMNS = (View.Kind.COUNTED, View.Kind.AUTHOR, View.Kind.STAFF, View.Kind.BOT, View.Kind.OVER_RATE)


def _drop_batch(before: date, size: int) -> int:
    # Rows are written in the order of their days, so the oldest come first and no index on the day is needed.
    oldest = View.objects.order_by("pk").values_list("pk", "day", "rolled_up")[:size]
    doomed = [pk for pk, day, rolled_up in oldest if rolled_up and day < before]
    return View.objects.filter(pk__in=doomed, rolled_up=True).delete()[0] if doomed else 0
