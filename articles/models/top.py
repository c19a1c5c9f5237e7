"""The most liked of a span of time, out of an index that holds each day in order.

A span of thirty days holds as many articles as were published in it; sorting them all for a page of twenty would cost
more with every article. The index `article_top_of_day` has each day's articles by score, so the best of a span are the
best of each of its days, merged: some hundred rows of the index, however many articles there are. It costs a vote one
entry for all three spans, where an index for each would cost three.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BigIntegerField, DateField, DateTimeField, Expression, F, Func, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone

type Compiled = tuple[str, tuple[Any, ...]]

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


class BestSince(Expression):
    """The keys of the highest scores of what was published from a moment on, as a subquery for `pk__in`.

    Args:
        articles: those to choose from, with `score`.
        since: the moment, at most some weeks ago.
        limit: how many.
    """

    def __init__(self, articles: QuerySet[Any], *, since: datetime, limit: int) -> None:
        super().__init__(output_field=BigIntegerField())
        self.articles, self.since, self.limit = articles, since, limit

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Compiled:
        """The best of each day in the order of the index, then the best of those."""
        # Written as columns of the outer list, so that one plan serves all days. `since` cuts the first day alone; as
        # a constant it would look to the planner as if it left next to nothing of every day.
        of_day = self.articles.annotate(day=DayOf("published_at")).filter(
            day=RawSQL("days.day", (), output_field=DateField()),
            published_at__gte=RawSQL("days.since", (), output_field=DateTimeField()),
        )
        sql, params = _compiled(self._best_of(of_day), connection)
        first, last = self.since.astimezone(UTC).date(), timezone.now().astimezone(UTC).date()
        # An array, whose length the planner knows; of `generate_series` it would expect a thousand days.
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        best = (
            "(SELECT best.pk FROM (SELECT unnest(%s::date[]) AS day, %s::timestamptz AS since) AS days"  # noqa: S608 - made by Django
            f" CROSS JOIN LATERAL ({sql}) AS best ORDER BY best.score DESC, best.pk DESC LIMIT {int(self.limit)})"
        )
        return best, (days, self.since, *params)

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Compiled:
        """Elsewhere (SQLite has no lateral join, and small sites) the span is sorted."""
        sql, params = _compiled(self._best_of(self.articles.filter(published_at__gte=self.since)), connection)
        return f"(SELECT best.pk FROM ({sql}) AS best)", params  # noqa: S608 - made by Django

    def _best_of(self, articles: QuerySet[Any]) -> QuerySet[Any, Any]:
        return articles.order_by("-score", "-pk").values("pk", "score")[: self.limit]


class Keys(Expression):
    """The primary keys of several lists together, as a subquery for `pk__in`: querysets of `values("pk")`, cut to what
    is needed of them, and expressions such as `BestSince`."""

    def __init__(self, *lists: QuerySet[Any, Any] | Expression) -> None:
        super().__init__(output_field=BigIntegerField())
        self.lists = lists

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Compiled:
        parts: list[str] = []
        params: list[Any] = []
        for number, rows in enumerate(self.lists):
            if isinstance(rows, QuerySet):
                sql, values = _compiled(rows, connection)
                sql = f"({sql})"
            else:
                sql, values = compiler.compile(rows)
            parts.append(f"SELECT pk FROM {sql} AS list_{number}")  # noqa: S608 - both made by Django
            params += values
        return f"({' UNION ALL '.join(parts)})", tuple(params)


def _compiled(rows: QuerySet[Any, Any], connection: BaseDatabaseWrapper) -> Compiled:
    sql, params = rows.query.get_compiler(connection=connection).as_sql()
    return sql, tuple(params)
