"""Waiting tallies are added to the day's statistics and the article's counter: one batch, one transaction."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import connection, transaction

from articles.models import Article
from articles.readership.models import Read, View, Visit
from articles.readership.storing import given

# What each kind of row adds to in the day's statistics.
COLUMNS: dict[tuple[str, str], str] = {
    (View.what, Visit.Kind.COUNTED): "views",
    (Read.what, Visit.Kind.COUNTED): "reads",
    (View.what, Visit.Kind.AUTHOR): "by_author",
    (View.what, Visit.Kind.STAFF): "by_staff",
    (View.what, Visit.Kind.BOT): "by_bots",
    (View.what, Visit.Kind.OVER_RATE): "over_rate",
}
_TAKE = """
DELETE FROM readership_tally WHERE id IN (SELECT id FROM readership_tally ORDER BY id LIMIT %s {lock})
RETURNING article_id, day, what, kind, number
"""
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

Taken = tuple[int, date | str, str, str, int]  # article, day, what, kind, number


def roll_up_batch(size: int) -> tuple[int, int]:
    """Add up to `size` tallies to the numbers; they are added whole or not at all. Returns how many, and their sum."""
    with transaction.atomic():
        taken = _take(size)
        if taken:
            _add(taken)
    return len(taken), sum(number for *_, number in taken)


def _take(size: int) -> list[Taken]:
    lock = "FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE.format(lock=lock), [size])
        return list(cursor.fetchall())


def _add(taken: Iterable[Taken]) -> None:
    views: Counter[int] = Counter()
    days: dict[tuple[int, str], Counter[str]] = defaultdict(Counter)
    for article_id, day, what, kind, number in taken:
        # What no column counts (a bot's read) makes its day all the same, with nothing in it.
        column = COLUMNS.get((what, kind))
        days[article_id, str(day)][column or ""] += number
        views[article_id] += number if column == "views" else 0
    # Always in the same order, so that two at once never wait for each other in a circle; and the articles first, also
    # where nothing is added, because their rows are the lock that recount takes.
    articles = Article.objects.filter(pk__in=views).select_for_update(of=("self",), no_key=True)
    list(articles.order_by("pk").values_list("pk", flat=True))
    _execute(_ADD_VIEWS, [(pk, number) for pk, number in views.items() if number], ("bigint", "integer"))
    _execute(
        _ADD,
        [(pk, day, *(counts[name] for name in COLUMNS.values())) for (pk, day), counts in days.items()],
        ("bigint", "date", *["integer"] * len(COLUMNS)),
    )


def _execute(sql: str, rows: list[tuple[Any, ...]], types: tuple[str, ...]) -> None:
    if rows:
        words, parameters = given(rows, types, connection)
        with connection.cursor() as cursor:
            cursor.execute(sql.format(given=words, columns=_NAMES, sums=_SUMS), parameters)
