"""Views and reads are written one row each, and moved into the numbers in one transaction."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta

from django.db import connection, transaction

from articles.models import Article
from articles.readership.models import Read, View, Visit
from articles.readership.salts import destroy_old_salts, salt_of
from articles.readership.storing import store
from articles.readership.visitors import Reader, sighting, today

BATCH = 5000
# Rows of days that nobody can add to any more, and that recount no longer compares.
KEEP_DAYS = 2


def record(*, of: type[Visit], article_id: int, author_id: int, reader: Reader) -> bool:
    """Write that someone views (`of=View`) or reads (`of=Read`) the article today; repeating it changes nothing.

    It is durable when this returns.

    Returns:
        whether it was news.

    Raises:
        Article.DoesNotExist: it is not published (any more).
    """
    day = today()
    seen = sighting(article_id=article_id, author_id=author_id, reader=reader, day=day, salt=salt_of(day))
    new, missing = store([seen], of=of, using=connection)
    if missing:
        raise Article.DoesNotExist
    return new > 0


def roll_up(*, batch: int = BATCH) -> int:
    """Move every waiting view and read into the day's statistics and the article's counter; each exactly once.

    Each batch is one transaction: a process that dies in it leaves its rows waiting for the next. Several may run at
    once: they take different rows.

    Returns:
        how many rows were moved.
    """
    moved = 0
    for of in (View, Read):
        while found := _roll_up_batch(of, batch):
            moved += found
            if found < batch:
                break
    return moved


def tidy_up(*, batch: int = 1000) -> int:
    """Destroy old salts and the rows of past days whose numbers are kept; a batch at a time, so that nothing waits.

    Returns:
        how many rows were dropped.
    """
    destroy_old_salts()
    dropped = 0
    for of in (View, Read):
        while found := _drop_batch(of, today() - timedelta(days=KEEP_DAYS), batch):
            dropped += found
    return dropped


# What each kind of row adds to.
_COLUMNS = {
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
_ADD = """
INSERT INTO readership_dailystats (article_id, day, {columns}) VALUES (%s, %s, {marks})
ON CONFLICT (article_id, day) DO UPDATE SET {sums}
""".format(
    columns=", ".join(_COLUMNS.values()),
    marks=", ".join(["%s"] * len(_COLUMNS)),
    sums=", ".join(f"{name} = readership_dailystats.{name} + excluded.{name}" for name in _COLUMNS.values()),
)


def _roll_up_batch(of: type[Visit], size: int) -> int:
    with transaction.atomic():
        rows = _take(of, size)
        days: dict[tuple[int, date], Counter[str]] = defaultdict(Counter)
        views: Counter[int] = Counter()
        for article_id, day, kind in rows:
            days[article_id, day][kind] += 1
            views[article_id] += of is View and kind == Visit.Kind.COUNTED
        _add(of, days, views)
    return len(rows)


def _take(of: type[Visit], size: int) -> list[tuple[int, date, str]]:
    can_skip = connection.features.has_select_for_update_skip_locked
    sql = _TAKE.format(
        table=of._meta.db_table,
        lock="FOR UPDATE SKIP LOCKED" if can_skip else "",
        true="true" if can_skip else "1",
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [size])
        return [
            (article_id, day if isinstance(day, date) else date.fromisoformat(day), kind)
            for article_id, day, kind in cursor.fetchall()
        ]


def _add(of: type[Visit], days: dict[tuple[int, date], Counter[str]], views: Counter[int]) -> None:
    # Always in the same order, so that two at once never wait for each other; the articles first, also where nothing
    # is added, because their rows are the lock that recount takes.
    if not days:
        return
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE articles_article SET views = views + %s WHERE id = %s",
            [(number, article_id) for article_id, number in sorted(views.items())],
        )
        cursor.executemany(
            _ADD,
            [
                (
                    article_id,
                    connection.ops.adapt_datefield_value(day),
                    *(counts[kind] if of is column_of else 0 for column_of, kind in _COLUMNS),
                )
                for (article_id, day), counts in sorted(days.items())
            ],
        )


def _drop_batch(of: type[Visit], before: date, size: int) -> int:
    # Rows are written in the order of their days, so the oldest come first and no index on the day is needed.
    oldest = of._default_manager.order_by("pk").values_list("pk", "day", "rolled_up")[:size]
    doomed = [pk for pk, day, rolled_up in oldest if rolled_up and day < before]
    return of._default_manager.filter(pk__in=doomed, rolled_up=True).delete()[0] if doomed else 0
