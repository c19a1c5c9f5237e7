"""Queries whose SQL is made once in a process, for the pages that everybody opens.

Django composes the SQL of a query anew each time it is asked. With the joins of an article's page that costs many times
the CPU of asking the database and reading its rows. What is composed depends on the query alone, so it can be kept:

    ARTICLE = Prepared(lambda: Article.objects.published().filter(pk=Parameter("pk", Article._meta.pk)))
    ARTICLE.all(pk=12)

A queryset stays the language: whatever filters, joins, orders and slices can be prepared, for models and `values_list`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.expressions import Expression
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
        self._ready: tuple[models.QuerySet[Any, Row], SQLCompiler, str, tuple[Any, ...]] | None = None

    def all(self, **values: Any) -> list[Row]:
        """Ask the database: one query.

        Args:
            values: one for each `Parameter` of the query, by its name.
        """
        queryset, compiler, sql, parameters = self._ready or self._composed()
        # A connection belongs to its thread, and so does a compiler.
        compiler = copy.copy(compiler)
        compiler.connection = connection = connections[DEFAULT_DB_ALIAS]
        bound = _bound(parameters, values, connection)
        compiler.as_sql = lambda *_args, **_kwargs: (sql, bound)  # type: ignore[method-assign]
        asked: Any = type(queryset)(queryset.model, query=cast("Any", _Composed(compiler)), using=DEFAULT_DB_ALIAS)
        rows: Any = queryset._iterable_class
        return list(rows(asked))

    def _composed(self) -> tuple[models.QuerySet[Any, Row], SQLCompiler, str, tuple[Any, ...]]:
        queryset = self._make()
        compiler = queryset.query.get_compiler(using=DEFAULT_DB_ALIAS)
        sql, parameters = compiler.as_sql()
        # Several threads may come here at once: each composes the same.
        self._ready = queryset, compiler, sql, tuple(parameters)
        return self._ready


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
        with connection.cursor() as cursor:
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


def _bound(parameters: Iterable[Any], values: Mapping[str, Any], connection: Any) -> tuple[Any, ...]:
    return tuple(
        one.output_field.get_db_prep_value(values[one.name], connection) if isinstance(one, Parameter) else one
        for one in parameters
    )


class _Composed:
    """What the iterables of querysets ask of a query: a compiler, which needs not compile any more."""

    def __init__(self, compiler: SQLCompiler) -> None:
        self._compiler = compiler

    def get_compiler(self, *args: Any, **kwargs: Any) -> SQLCompiler:
        return self._compiler
