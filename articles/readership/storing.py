"""What is seen becomes rows: one question and, where there is news, one INSERT, on whichever connection."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper

from articles.readership.models import Visit
from articles.readership.visitors import Sighting

Place = tuple[int, date, bytes]  # article, day, source
Row = tuple[int, date, bytes, bytes, str]  # article, day, visitor, source, kind

# {rows} is a list of VALUES, so that both databases read the same text.
_KNOWN = """
WITH given (place, article_id, day, source) AS (VALUES {rows})
SELECT given.place, visit.visitor, visit.kind FROM given
JOIN articles_article AS article ON article.id = given.article_id AND article.state = 'published'
LEFT JOIN {table} AS visit
ON visit.article_id = given.article_id AND visit.day = given.day AND visit.source = given.source
"""
# Always in the same order, so that two at once never wait for each other in a circle. An article that was deleted a
# moment ago takes its own rows with it and no others: {lock} keeps it there until the rows are.
_INSERT = """
INSERT INTO {table} (article_id, day, visitor, source, kind, rolled_up)
WITH given (article_id, day, visitor, source, kind) AS (VALUES {rows})
SELECT given.article_id, given.day, given.visitor, given.source, given.kind, {false} FROM given
JOIN articles_article AS article ON article.id = given.article_id
ORDER BY given.article_id, given.day, given.visitor {lock}
ON CONFLICT (article_id, day, visitor) DO NOTHING
"""


def store(sightings: Sequence[Sighting], *, of: type[Visit], using: BaseDatabaseWrapper) -> tuple[int, set[int]]:
    """Write what is seen for the first time; the rows are committed when this returns (outside a transaction).

    From one address, `VIEWS_PER_ADDRESS` visitors of an article are counted in a day; what goes beyond makes a single
    row of the kind "over_rate". So an address makes at most that many rows, one for that, and one for its bots.
    Requests that arrive in the same instant on several connections may exceed the cap by as many.

    Args:
        of: View or Read.
        using: the connection to write on.

    Returns:
        how many rows are new, and the articles that nobody can see because they are not published.
    """
    known = _known(sightings, of, using)
    rows: list[Row] = []
    for seen in sightings:
        there = known.get(_place(seen))
        if there is None:
            continue
        kind, visitor = seen.kind, seen.visitor
        if kind == Visit.Kind.COUNTED and visitor not in there:
            counted = sum(1 for one in there.values() if one == Visit.Kind.COUNTED)
            if counted >= settings.VIEWS_PER_ADDRESS:
                kind, visitor = Visit.Kind.OVER_RATE, seen.source
        if visitor in there:
            continue
        there[visitor] = kind
        rows.append((seen.article_id, seen.day, visitor, seen.source, str(kind)))
    missing = {seen.article_id for seen in sightings if _place(seen) not in known}
    return (_insert(rows, of, using) if rows else 0), missing


def _place(seen: Sighting) -> Place:
    return seen.article_id, seen.day, seen.source


def _known(sightings: Sequence[Sighting], of: type[Visit], using: BaseDatabaseWrapper) -> dict[Place, dict[bytes, str]]:
    """The visitors that each address has brought already, with their kinds; nothing where no article is published."""
    places = list({_place(seen): None for seen in sightings})
    sql = _KNOWN.format(rows=_values(4, len(places)), table=of._meta.db_table)
    known: dict[Place, dict[bytes, str]] = defaultdict(dict)
    with using.cursor() as cursor:
        cursor.execute(
            sql, _flat((n, article_id, _day(day, using), source) for n, (article_id, day, source) in enumerate(places))
        )
        for n, visitor, kind in cursor.fetchall():
            there = known[places[n]]
            if visitor is not None:
                there[bytes(visitor)] = kind
    return known


def _insert(rows: Sequence[Row], of: type[Visit], using: BaseDatabaseWrapper) -> int:
    locks = using.features.has_select_for_no_key_update
    sql = _INSERT.format(
        rows=_values(5, len(rows)),
        table=of._meta.db_table,
        false="false" if locks else "0",
        lock="FOR KEY SHARE OF article" if locks else "",
    )
    with using.cursor() as cursor:
        cursor.execute(sql, _flat((article_id, _day(day, using), *rest) for article_id, day, *rest in rows))
        return int(cursor.rowcount)


def _values(columns: int, rows: int) -> str:
    return ", ".join(["(" + ", ".join(["%s"] * columns) + ")"] * rows)


def _flat(rows: Any) -> list[Any]:
    return [value for row in rows for value in row]


def _day(day: date, using: BaseDatabaseWrapper) -> Any:
    return using.ops.adapt_datefield_value(day)
