"""What is seen becomes rows and what they add up to: one statement where the database can, on whichever connection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper

from articles.readership.models import Visit
from articles.readership.visitors import Sighting

Row = tuple[int, str, bytes, bytes, str]  # article, day, visitor, source, kind

# Which of what is {given}, a list of rows in the words of the database, is new. Counting inside a column, and not by a
# join, leaves the planner no other way than an index: its plan is made once, perhaps while the table is empty.
_NEWS = """
WITH given (place, article_id, day, visitor, source, kind) AS ({given}),
shown AS (SELECT id FROM articles_article WHERE state = 'published' AND id IN (SELECT article_id FROM given)),
known AS (
    SELECT given.*,
        (SELECT count(*) FROM {table} AS visit WHERE visit.article_id = given.article_id
         AND visit.day = given.day AND visit.visitor = given.visitor) AS times,
        (SELECT count(*) FROM {table} AS visit WHERE visit.article_id = given.article_id
         AND visit.day = given.day AND visit.source = given.source AND visit.kind = 'counted') AS of_source
    FROM given JOIN shown ON shown.id = given.article_id
),
numbered AS (
    SELECT known.*, kind = 'counted' AND {most} <
        of_source + row_number() OVER (PARTITION BY article_id, day, source, kind ORDER BY place) AS is_over
    FROM known WHERE times = 0
),
news AS (
    SELECT article_id, day, CASE WHEN is_over THEN source ELSE visitor END AS visitor, source,
        CASE WHEN is_over THEN 'over_rate' ELSE kind END AS kind
    FROM numbered
    WHERE CASE WHEN is_over THEN (SELECT count(*) FROM {table} AS visit WHERE visit.article_id = numbered.article_id
        AND visit.day = numbered.day AND visit.visitor = numbered.source) = 0 ELSE true END
)
"""
# Always in the same order, so that two at once never wait for each other in a circle. An article that was deleted a
# moment ago takes its own rows with it and no others: the lock keeps it there until the rows are, and is taken once
# for each article, however many its readers are.
_WRITE = """
{news},
kept AS (SELECT id FROM articles_article WHERE id IN (SELECT article_id FROM news) ORDER BY id FOR KEY SHARE),
written AS (
    INSERT INTO {table} (article_id, day, visitor, source, kind)
    SELECT article_id, day, visitor, source, kind FROM news JOIN kept ON kept.id = article_id
    ORDER BY article_id, day, visitor
    ON CONFLICT (article_id, day, visitor) DO NOTHING RETURNING article_id, day, kind
),
tallied AS (
    INSERT INTO readership_tally (article_id, day, what, kind, number)
    SELECT article_id, day, '{what}', kind, count(*) FROM written GROUP BY article_id, day, kind
    RETURNING article_id, number
)
SELECT shown.id, (SELECT sum(number) FROM tallied WHERE tallied.article_id = shown.id) FROM shown
"""
# Where no statement does all of that, what is nothing new takes no lock.
_ASK = """
{news}
SELECT shown.id, news.day, news.visitor, news.source, news.kind FROM shown LEFT JOIN news ON news.article_id = shown.id
"""
_INSERT = """
INSERT INTO {table} (article_id, day, visitor, source, kind)
WITH given (article_id, day, visitor, source, kind) AS ({given})
SELECT given.* FROM given JOIN articles_article AS article ON article.id = given.article_id WHERE true
ON CONFLICT (article_id, day, visitor) DO NOTHING RETURNING article_id, day, kind
"""
_TALLY = "INSERT INTO readership_tally (article_id, day, what, kind, number) VALUES (%s, %s, %s, %s, %s)"


def store(sightings: Iterable[Sighting], *, of: type[Visit], using: BaseDatabaseWrapper) -> tuple[int, set[int]]:
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
    each = {(seen.article_id, seen.day, seen.visitor): seen for seen in sightings}.values()
    rows = [(n, one.article_id, one.day.isoformat(), one.visitor, one.source, one.kind) for n, one in enumerate(each)]
    words, parameters = given(rows, ("integer", "bigint", "date", "bytea", "bytea", "varchar"), using)
    news = _NEWS.format(given=words, table=of._meta.db_table, most=int(settings.VIEWS_PER_ADDRESS))
    write = _write_at_once if using.vendor == "postgresql" else _ask_and_write
    new, shown = write(news, parameters, of, using)
    return new, {one.article_id for one in each} - shown


def _write_at_once(
    news: str, parameters: Sequence[Any], of: type[Visit], using: BaseDatabaseWrapper
) -> tuple[int, set[int]]:
    with using.cursor() as cursor:
        cursor.execute(_WRITE.format(news=news, table=of._meta.db_table, what=of.what), parameters)
        answers = cursor.fetchall()
    return sum(number or 0 for _, number in answers), {article_id for article_id, _ in answers}


def _ask_and_write(
    news: str, parameters: Sequence[Any], of: type[Visit], using: BaseDatabaseWrapper
) -> tuple[int, set[int]]:
    with using.cursor() as cursor:
        cursor.execute(_ASK.format(news=news), parameters)
        answers = cursor.fetchall()
    rows = [row for row in answers if row[-1] is not None]
    return _insert(rows, of, using) if rows else 0, {article_id for article_id, *_ in answers}


def _insert(rows: Sequence[Row], of: type[Visit], using: BaseDatabaseWrapper) -> int:
    words, parameters = given(rows, (), using)
    with _one_transaction(using), using.cursor() as cursor:
        cursor.execute(_INSERT.format(given=words, table=of._meta.db_table), parameters)
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
    marks = "(" + ", ".join(["%s"] * len(rows[0])) + ")"
    return "VALUES " + ", ".join([marks] * len(rows)), [value for row in rows for value in row]


def _array(values: Sequence[Any]) -> str:
    # Numbers, digests and our own words: nothing in them needs quoting.
    if isinstance(values[0], bytes):
        return '{"\\\\x' + '","\\\\x'.join([value.hex() for value in values]) + '"}'
    return "{" + ",".join(map(str, values)) + "}"
