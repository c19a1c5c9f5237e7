"""Waiting rows move into the day's statistics and the article's counter: one batch, one transaction."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from typing import Any

from django.db import connection, transaction

from articles.models import Article
from articles.readership.models import Read, View, Visit
from articles.readership.storing import given

# What each kind of row adds to in the day's statistics.
COLUMNS: dict[tuple[type[Visit], str], str] = {
    (View, Visit.Kind.COUNTED): "views",
    (Read, Visit.Kind.COUNTED): "reads",
    (View, Visit.Kind.AUTHOR): "by_author",
    (View, Visit.Kind.STAFF): "by_staff",
    (View, Visit.Kind.BOT): "by_bots",
    (View, Visit.Kind.OVER_RATE): "over_rate",
}
_TAKE = """
WITH taken AS (SELECT id FROM {table} WHERE NOT rolled_up ORDER BY id LIMIT %s {lock})
UPDATE {table} SET rolled_up = {true} WHERE id IN (SELECT id FROM taken) RETURNING article_id, day, kind
"""
# Where the database counts as well, only the sums travel.
_TAKE_SUMS = "WITH moved AS ({take}) SELECT article_id, day, kind, count(*) FROM moved GROUP BY article_id, day, kind"
_ADD_VIEWS = """
WITH given (article_id, views) AS ({given})
UPDATE articles_article SET views = articles_article.views + given.views FROM given
WHERE articles_article.id = given.article_id
"""
_ADD = """
INSERT INTO readership_dailystats (article_id, day, {columns})
WITH given (article_id, day, {columns}) AS ({given})
SELECT article_id, day, {columns} FROM given ORDER BY article_id, day
ON CONFLICT (article_id, day) DO UPDATE SET {sums}
"""
_NAMES = ", ".join(COLUMNS.values())
_SUMS = ", ".join(f"{name} = readership_dailystats.{name} + excluded.{name}" for name in COLUMNS.values())

Days = dict[tuple[int, date], Counter[str]]


def roll_up_batch(of: type[Visit], size: int) -> int:
    """Move up to `size` waiting rows; they are moved whole or not at all. Returns how many."""
    with transaction.atomic():
        days = _take(of, size)
        if days:
            # The articles come after the long part and are held for the short one: votes wait for the same rows.
            _add(of, days)
    return sum(counts.total() for counts in days.values())


def _take(of: type[Visit], size: int) -> Days:
    is_postgres = connection.vendor == "postgresql"
    take = _TAKE.format(
        table=of._meta.db_table,
        lock="FOR UPDATE SKIP LOCKED" if is_postgres else "",
        true="true" if is_postgres else "1",
    )
    days: Days = defaultdict(Counter)
    with connection.cursor() as cursor:
        if is_postgres:
            cursor.execute(_TAKE_SUMS.format(take=take), [size])
            for article_id, day, kind, number in cursor.fetchall():
                days[article_id, day][kind] = number
        else:
            cursor.execute(take, [size])
            for article_id, day, kind in cursor.fetchall():
                days[article_id, day if isinstance(day, date) else date.fromisoformat(day)][kind] += 1
    return days


def _add(of: type[Visit], days: Days) -> None:
    views: Counter[int] = Counter()
    for (article_id, _), counts in days.items():
        views[article_id] += counts[Visit.Kind.COUNTED] if of is View else 0
    # Always in the same order, so that two at once never wait for each other in a circle; and the articles first, also
    # where nothing is added, because their rows are the lock that recount takes.
    articles = Article.objects.filter(pk__in=views).select_for_update(of=("self",), no_key=True)
    list(articles.order_by("pk").values_list("pk", flat=True))
    _execute(_ADD_VIEWS, [(pk, number) for pk, number in views.items() if number], ("bigint", "integer"))
    _execute(
        _ADD,
        [
            (pk, day.isoformat(), *(counts[kind] if of is column_of else 0 for column_of, kind in COLUMNS))
            for (pk, day), counts in days.items()
        ],
        ("bigint", "date", *["integer"] * len(COLUMNS)),
    )


def _execute(sql: str, rows: list[tuple[Any, ...]], types: tuple[str, ...]) -> None:
    if rows:
        words, parameters = given(rows, types, connection)
        with connection.cursor() as cursor:
            cursor.execute(sql.format(given=words, columns=_NAMES, sums=_SUMS), parameters)
