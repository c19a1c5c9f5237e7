"""What narrows a search, as SQL: modelsearch walks the queryset's filters, and each becomes a condition here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from modelsearch.backends.base import BaseSearchQueryCompiler, BaseSearchResults
from modelsearch.query import PlainText

from articles.models import Article

_OPERATORS = {"exact": "=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


@dataclass(frozen=True)
class Condition:
    """A piece of SQL with its parameters."""

    sql: str
    parameters: tuple[Any, ...] = ()


class ConditionsCompiler(BaseSearchQueryCompiler):  # type: ignore[misc]
    """Turns a query of modelsearch over a queryset of articles into primary keys, best first."""

    DEFAULT_OPERATOR = "and"
    # Filter field → column; what is not here cannot narrow a search in this engine.
    columns: dict[str, str] = {}

    def keys(self, start: int, stop: int) -> list[int]:
        """The primary keys of the matches from `start` to `stop`.

        Raises:
            NotImplementedError: each engine says how.
        """
        raise NotImplementedError

    @property
    def words(self) -> str:
        """The plain words that are looked for."""
        assert isinstance(self.query, PlainText)
        return str(self.query.query_string)

    @property
    def any_of_them(self) -> bool:
        return self.query.operator.lower() == "or"  # type: ignore[no-any-return]

    def conditions(self) -> Condition:
        """The queryset's filters; "TRUE" without any."""
        return self._get_filters_from_queryset() or Condition("TRUE")

    def _process_lookup(self, field_path: list[Any], lookup: str, value: Any) -> Condition | None:
        column = self.columns.get(field_path[0].get_attname(Article))
        if column is None or lookup not in _OPERATORS:
            return None
        if isinstance(value, datetime):
            value = connection.ops.adapt_datetimefield_value(value)
        return Condition(f"{column} {_OPERATORS[lookup]} %s", (value,))

    def _process_match_none(self) -> Condition:
        return Condition("FALSE")

    def _connect_filters(self, filters: list[Condition], connector: str, negated: bool) -> Condition | None:
        if not filters:
            return None
        sql = f" {connector} ".join(one.sql for one in filters)
        parameters = tuple(parameter for one in filters for parameter in one.parameters)
        return Condition(f"NOT ({sql})" if negated else f"({sql})", parameters)


class FetchedResults(BaseSearchResults):  # type: ignore[misc]
    """Results of an engine that finds primary keys: the articles come from the queryset, with its filters once more."""

    def _do_search(self) -> Iterator[Article]:
        assert self.stop is not None, "A search has no end; take a slice of it."
        keys = self.query_compiler.keys(self.start, self.stop)
        found = {article.pk: article for article in self.query_compiler.queryset.order_by().filter(pk__in=keys)}
        return (found[key] for key in keys if key in found)

    def _do_count(self) -> int:
        return len(self.results())
