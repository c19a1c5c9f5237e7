"""Queries whose SQL is made once in a process, for the pages that everybody opens.

Django composes the SQL of a query anew each time it is asked. With the joins of an article's page that costs many times
the CPU of asking the database and reading its rows. What is composed depends on the query alone, so it can be kept:

    ARTICLE = Prepared(lambda: Article.objects.published().filter(pk=Parameter("pk", Article._meta.pk)))
    ARTICLE.all(pk=12)

A queryset stays the language: whatever filters, joins, orders and slices can be prepared, for models and `values_list`.

PostgreSQL keeps them too: each of its connections parses and plans such a statement once (settings.DATABASES), which
with those joins costs it more than finding the row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper
from django.db.models.expressions import Expression
from django.db.models.query import (
    FlatValuesListIterable,
    ModelIterable,
    ValuesListIterable,
    get_related_populators,
)
from django.db.models.sql.compiler import SQLCompiler
from django.db.models.sql.subqueries import UpdateQuery


class Parameter(Expression):
    """A value that is known only when the query is asked.

    Args:
        name: the keyword of `Prepared.all`.
        field: the model's field that it is compared with; it says how the database wants the value.
    """

    def __init__(self, name: str, field: models.Field[Any, Any]) -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, Any]:
        return "%s", (self,)


class Prepared[Row]:
    """A query that is composed when it is asked first, and from then on only asked."""

    def __init__(self, make: Callable[[], models.QuerySet[Any, Row]]) -> None:
        self._make = make
        self._ready: _Composed | None = None

    def all(self, **values: Any) -> list[Row]:
        """Ask the database: one query.

        Args:
            values: one for each `Parameter` of the query, by its name.
        """
        # Several threads may come here at once: each composes the same.
        ready = self._ready = self._ready or _Composed(self._make())
        connection = connections[DEFAULT_DB_ALIAS]
        with preparing_cursor(connection) as cursor:
            cursor.execute(ready.sql, _bound(ready.parameters, values, connection))
            found = cursor.fetchall()
        return [ready.row_of(row, connection) for row in found]


class _Composed:
    """A query's SQL, and how its rows become what the queryset promises: models with their related ones, or values."""

    def __init__(self, queryset: models.QuerySet[Any, Any]) -> None:
        compiler: Any = queryset.query.get_compiler(using=DEFAULT_DB_ALIAS)
        self.sql, parameters = compiler.as_sql()
        self.parameters = tuple(parameters)
        columns = [column for column, *_ in compiler.select]
        self._converters = list(compiler.get_converters(columns).items())
        self._as_row = _ROWS[queryset._iterable_class](queryset, compiler)

    def row_of(self, row: Sequence[Any], connection: Any) -> Any:
        """One row as the database gave it, as the queryset would give it."""
        values = list(row)
        for place, (converters, column) in self._converters:
            for convert in converters:
                values[place] = convert(values[place], column, connection)
        return self._as_row(values)


def _models(queryset: Any, compiler: Any) -> Callable[[Sequence[Any]], Any]:
    # As Django's ModelIterable does it, which finds all of this out anew for each query.
    info, mode = compiler.klass_info, queryset._fetch_mode
    start, end = info["select_fields"][0], info["select_fields"][-1] + 1
    names = [column.target.attname for column, *_ in compiler.select[start:end]]
    related = get_related_populators(info, compiler.select, DEFAULT_DB_ALIAS, mode)
    annotations = list((compiler.annotation_col_map or {}).items())
    from_db = info["model"].from_db

    def make(row: Sequence[Any]) -> Any:
        one = from_db(DEFAULT_DB_ALIAS, names, row[start:end], fetch_mode=mode)
        for each in related:
            each.populate(row, one)
        for name, place in annotations:
            setattr(one, name, row[place])
        return one

    return make


def _values(_queryset: Any, _compiler: Any) -> Callable[[Sequence[Any]], Any]:
    return tuple


def _value(_queryset: Any, _compiler: Any) -> Callable[[Sequence[Any]], Any]:
    return itemgetter(0)


# What can be prepared; another kind of rows is a KeyError when it is asked for first.
_ROWS: dict[Any, Callable[[Any, Any], Callable[[Sequence[Any]], Any]]] = {
    ModelIterable: _models,
    ValuesListIterable: _values,
    FlatValuesListIterable: _value,
}


class PreparedUpdate:
    """An UPDATE that is composed once, and says what it came to: Django's own returns nothing but a number of rows.

    Args:
        make: the rows.
        values: field → expression, as `QuerySet.update` takes them.
        returning: the columns to give back.
    """

    def __init__(
        self,
        make: Callable[[], models.QuerySet[Any, Any]],
        *,
        values: Mapping[str, Any],
        returning: Sequence[str],
    ) -> None:
        self._make = make
        self._values = values
        self._returning = returning
        self._ready: tuple[str, tuple[Any, ...]] | None = None

    def one(self, **values: Any) -> tuple[Any, ...] | None:
        """Write: one statement.

        Args:
            values: one for each `Parameter` of the rows and expressions, by its name.

        Returns:
            the columns of the row, or None where no row was there to write.
        """
        sql, parameters = self._ready or self._composed()
        connection = connections[DEFAULT_DB_ALIAS]
        with preparing_cursor(connection) as cursor:
            cursor.execute(sql, _bound(parameters, values, connection))
            found: tuple[Any, ...] | None = cursor.fetchone()
        return found

    def _composed(self) -> tuple[str, tuple[Any, ...]]:
        query: Any = self._make().query.chain(UpdateQuery)
        query.add_update_values(self._values)
        sql, parameters = query.get_compiler(using=DEFAULT_DB_ALIAS).as_sql()
        names = ", ".join(connections[DEFAULT_DB_ALIAS].ops.quote_name(name) for name in self._returning)
        self._ready = f"{sql} RETURNING {names}", tuple(parameters)
        return self._ready


def preparing_cursor(connection: BaseDatabaseWrapper) -> CursorWrapper:
    """A cursor whose statements PostgreSQL prepares: values are sent beside the SQL and not as a part of it.

    Any other database gives a plain cursor.
    """
    if connection.vendor != "postgresql":
        return connection.cursor()
    connection.ensure_connection()
    raw: Any = connection.connection
    usual, raw.cursor_factory = raw.cursor_factory, ServerBindingCursor
    try:
        return connection.cursor()
    finally:
        raw.cursor_factory = usual


def _bound(parameters: Iterable[Any], values: Mapping[str, Any], connection: Any) -> tuple[Any, ...]:
    return tuple(
        one.output_field.get_db_prep_value(values[one.name], connection) if isinstance(one, Parameter) else one
        for one in parameters
    )
