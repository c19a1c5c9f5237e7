"""What is seen becomes rows and what they add up to: one question and, where there is news, one write, on whichever
connection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper

from articles.readership.models import Visit
from articles.readership.visitors import Sighting

Place = tuple[int, date, bytes]  # article, day, source
Row = tuple[int, date, bytes, bytes, str]  # article, day, visitor, source, kind
COUNTED, OVER_RATE = Visit.Kind.COUNTED.value, Visit.Kind.OVER_RATE.value

# {given} is a list of rows in the words of the database.
_KNOWN = """
WITH given (place, article_id, day, source) AS ({given})
SELECT given.place, visit.visitor, visit.kind FROM given
JOIN articles_article AS article ON article.id = given.article_id AND article.state = 'published'
LEFT JOIN {table} AS visit
ON visit.article_id = given.article_id AND visit.day = given.day AND visit.source = given.source
"""
# Always in the same order, so that two at once never wait for each other in a circle. An article that was deleted a
# moment ago takes its own rows with it and no others: {lock} keeps it there until the rows are.
_INSERT = """
INSERT INTO {table} (article_id, day, visitor, source, kind)
WITH given (article_id, day, visitor, source, kind) AS ({given})
SELECT given.article_id, given.day, given.visitor, given.source, given.kind FROM given
JOIN articles_article AS article ON article.id = given.article_id
ORDER BY given.article_id, given.day, given.visitor {lock}
ON CONFLICT (article_id, day, visitor) DO NOTHING
RETURNING article_id, day, kind
"""
# Where one statement can do both, it does.
_INSERT_AND_TALLY = """
WITH written AS ({insert})
INSERT INTO readership_tally (article_id, day, what, kind, number)
SELECT article_id, day, '{what}', kind, count(*) FROM written GROUP BY article_id, day, kind
RETURNING number
"""
_TALLY = "INSERT INTO readership_tally (article_id, day, what, kind, number) VALUES (%s, %s, %s, %s, %s)"


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
    known = _known({_place(seen) for seen in sightings}, of, using)
    rows: list[Row] = []
    for seen in sightings:
        there = known.get(_place(seen))
        if there is None:
            continue
        kind, visitor = seen.kind, seen.visitor
        if visitor not in there and kind == COUNTED and _are_enough(there):
            kind, visitor = OVER_RATE, seen.source
        if visitor in there:
            continue
        there[visitor] = kind
        rows.append((seen.article_id, seen.day, visitor, seen.source, kind))
    missing = {seen.article_id for seen in sightings if _place(seen) not in known}
    return (_insert(rows, of, using) if rows else 0), missing


def _are_enough(there: dict[bytes, str]) -> bool:
    # Among them may be its bots, and the one row of those who were too many.
    most: int = settings.VIEWS_PER_ADDRESS
    return len(there) >= most and sum(1 for kind in there.values() if kind == COUNTED) >= most


def _place(seen: Sighting) -> Place:
    return seen.article_id, seen.day, seen.source


def _known(places: Iterable[Place], of: type[Visit], using: BaseDatabaseWrapper) -> dict[Place, dict[bytes, str]]:
    """The visitors that each address has brought already, with their kinds; nothing where no article is published."""
    places = list(places)
    rows = [(n, article_id, day.isoformat(), source) for n, (article_id, day, source) in enumerate(places)]
    words, parameters = given(rows, ("integer", "bigint", "date", "bytea"), using)
    known: dict[Place, dict[bytes, str]] = {}
    with using.cursor() as cursor:
        cursor.execute(_KNOWN.format(given=words, table=of._meta.db_table), parameters)
        for n, visitor, kind in cursor.fetchall():
            there = known.setdefault(places[n], {})
            if visitor is not None:
                there[bytes(visitor)] = kind
    return known


def _insert(rows: Sequence[Row], of: type[Visit], using: BaseDatabaseWrapper) -> int:
    written = [(article_id, day.isoformat(), *rest) for article_id, day, *rest in rows]
    words, parameters = given(written, ("bigint", "date", "bytea", "bytea", "varchar"), using)
    is_postgres = using.vendor == "postgresql"
    insert = _INSERT.format(
        given=words, table=of._meta.db_table, lock="FOR KEY SHARE OF article" if is_postgres else ""
    )
    if is_postgres:
        with using.cursor() as cursor:
            cursor.execute(_INSERT_AND_TALLY.format(insert=insert, what=of.what), parameters)
            return sum(number for (number,) in cursor.fetchall())
    with _one_transaction(using), using.cursor() as cursor:
        cursor.execute(insert, parameters)
        new = Counter(cursor.fetchall())
        cursor.executemany(_TALLY, [(pk, day, of.what, kind, number) for (pk, day, kind), number in new.items()])
    return new.total()


@contextmanager
def _one_transaction(using: BaseDatabaseWrapper) -> Iterator[None]:
    """What `transaction.atomic` does, on a connection that has no alias."""
    if using.in_atomic_block:
        yield
        return
    using.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    try:
        yield
        using.commit()
    except BaseException:
        using.rollback()
        raise
    finally:
        using.set_autocommit(True)


def given(rows: Sequence[tuple[Any, ...]], types: Sequence[str], using: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
    """Rows as SQL and its parameters: the same words however many rows, where the database can prepare them."""
    if using.vendor == "postgresql":
        arrays = ", ".join(f"%s::{one}[]" for one in types)
        return f"SELECT * FROM unnest({arrays})", [  # noqa: S608 - our own types
            _array(column) for column in zip(*rows, strict=True)
        ]
    marks = "(" + ", ".join(["%s"] * len(types)) + ")"
    return "VALUES " + ", ".join([marks] * len(rows)), [value for row in rows for value in row]


def _array(values: Sequence[Any]) -> str:
    # Numbers, digests and our own words: nothing in them needs quoting.
    if isinstance(values[0], bytes):
        return '{"\\\\x' + '","\\\\x'.join([value.hex() for value in values]) + '"}'
    return "{" + ",".join(map(str, values)) + "}"
