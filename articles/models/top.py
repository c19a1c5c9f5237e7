"""The most liked of a span of time, out of an index that holds each day in order.

A span of thirty days holds as many articles as were published in it; sorting them all for a page of twenty would cost
more with every article. The index `article_top_of_day` has each day's articles by score, so the best of a span are the
best of its days, merged: some hundred rows of the index, however many articles there are. It costs a vote one entry
for all three spans, where an index for each would cost three.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BigIntegerField, DateField, Expression, F, Func, QuerySet
from django.db.models.sql.compiler import SQLCompiler

# Likes − dislikes.
SCORE = F("likes") - F("dislikes")


class DayOf(Func):
    """The day of a time in UTC, the same wherever it is asked: an index may hold it."""

    arity = 1
    output_field = DateField()
    template = "(%(expressions)s AT TIME ZONE 'UTC')::date"

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        """Django stores times in UTC, as text that begins with the day."""
        return self.as_sql(compiler, connection, template="substr(%(expressions)s, 1, 10)", **context)


class Keys(Expression):
    """The primary keys of several lists, as a subquery for `pk__in`.

    Args:
        lists: querysets of `values("pk")`, or of `values("pk", "score")` where `best` is given, each cut to what may
            be needed of it and in its own order.
        best: only so many, the highest scores first.
    """

    def __init__(self, *lists: QuerySet[Any, Any] | Keys, best: int | None = None) -> None:
        super().__init__(output_field=BigIntegerField())
        self.lists: Sequence[QuerySet[Any, Any] | Keys] = lists
        self.best = best

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        parts: list[str] = []
        params: list[Any] = []
        # One key column, called "pk" as `values("pk")` calls it, and the score where the lists are merged by it.
        columns = "pk" if self.best is None else "pk, score"
        for number, rows in enumerate(self.lists):
            if isinstance(rows, Keys):
                sql, values = rows.as_sql(compiler, connection)
            else:
                sql, values = rows.query.get_compiler(connection=connection).as_sql()
                sql = f"({sql})"
            parts.append(f"SELECT {columns} FROM {sql} AS list_{number}")  # noqa: S608 - both made by Django
            params += values
        merged = " UNION ALL ".join(parts)
        if self.best is not None:
            merged = f"SELECT pk FROM ({merged}) AS merged ORDER BY score DESC, pk DESC LIMIT {int(self.best)}"  # noqa: S608
        return f"({merged})", tuple(params)
