"""Pagination by cursor: it holds the position of the last row of a page, so that no page reads earlier rows."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

from django.conf import settings
from django.db.models import F, Model, QuerySet
from django.db.models.fields.tuple_lookups import TupleGreaterThan, TupleLessThan
from django.http import Http404, HttpRequest

MAX_CURSOR_LENGTH = 80
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# How values are written in a cursor; not longer than what a database column of the type holds.
_PATTERNS: dict[type, str] = {
    datetime: r"[0-9]{1,18}",
    int: r"-?[0-9]{1,18}",
    float: r"-?[0-9]{1,15}(?:\.[0-9]{1,17})?(?:e-?[0-9]{1,3})?",
    str: r"[^\x00]{1,60}",
}


@dataclass(frozen=True)
class KeysetOrdering:
    """An ordering by columns, all in one direction and the last one unique, that an index supports.

    Args:
        columns: field or annotation → type of its values (datetime, int or float; str only alone). They are not null.
        ascending: smallest first; by default greatest first.
    """

    columns: Mapping[str, type]
    ascending: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The arguments for `order_by`."""
        return tuple(name if self.ascending else f"-{name}" for name in self.columns)

    def sort[M: Model](self, rows: QuerySet[M]) -> QuerySet[M]:
        """Return the rows in this order."""
        return rows.order_by(*self.names)

    def filter_after[M: Model](self, rows: QuerySet[M], position: tuple[Any, ...]) -> QuerySet[M]:
        """Return the rows after a position, which `decode_cursor` returned.

        Compares row values, `(a, b) < (x, y)`, so that an index scan starts at the position. With
        `a <= x AND NOT (a = x AND b >= y)` it would read all rows with the same `a` first.
        """
        comparison = TupleGreaterThan if self.ascending else TupleLessThan
        return rows.filter(comparison(tuple(F(name) for name in self.columns), position))

    def encode_cursor(self, row: Any) -> str:
        """Return the position of a row as text for the URL of the next page."""
        return "-".join(_encode(getattr(row, name)) for name in self.columns)

    def decode_cursor(self, cursor: str) -> tuple[Any, ...]:
        """Return the position that a cursor holds; Http404 if it is invalid."""
        pattern = "-".join(f"({_PATTERNS[kind]})" for kind in self.columns.values())
        match = re.fullmatch(pattern, cursor) if len(cursor) <= MAX_CURSOR_LENGTH else None
        if not match:
            raise Http404
        try:
            return tuple(_decode(text, kind) for text, kind in zip(match.groups(), self.columns.values(), strict=True))
        except (ValueError, OverflowError) as error:
            raise Http404 from error


def _encode(value: datetime | float | str) -> str:
    if isinstance(value, datetime):
        return str((value - _EPOCH) // timedelta(microseconds=1))
    return repr(value) if isinstance(value, float) else str(value)  # repr: decodes to the same number


def _decode(text: str, kind: type) -> Any:
    if kind is datetime:
        return _EPOCH + timedelta(microseconds=int(text))
    value = kind(text)
    if kind is float and not math.isfinite(value):
        raise ValueError
    return value


@dataclass(frozen=True)
class Page[Row]:
    """A page of a list: its rows and the cursor of the next page, "" on the last one."""

    object_list: Sequence[Row]
    next_cursor: str
    is_first: bool


def cursor_from(request: HttpRequest) -> str:
    """Return the cursor in `?after=`, "" for the first page."""
    return request.GET.get("after", "")


def slice_page[Row](rows: Sequence[Row], order: KeysetOrdering, *, size: int, is_first: bool) -> Page[Row]:
    """Return a page of the first `size` of the rows; a further row means that there is a next page."""
    return Page(rows[:size], order.encode_cursor(rows[size - 1]) if len(rows) > size else "", is_first)


def paginate_merged[Row: Model](
    lists: Sequence[QuerySet[Row]], request: HttpRequest, *, order: KeysetOrdering
) -> Page[Row]:
    """Return the page of several lists in one order that `?after=` asks for, in one query for each list.

    A condition with OR would not use the indexes of both.

    Raises:
        Http404: the cursor is invalid.
    """
    cursor, size = cursor_from(request), settings.PAGE_SIZE
    if cursor:
        position = order.decode_cursor(cursor)
        lists = [order.filter_after(rows, position) for rows in lists]
    merged = merge(lists, order=order, limit=size + 1)
    return slice_page(merged, order, size=size, is_first=not cursor)


def merge[Row: Model](lists: Sequence[QuerySet[Row]], *, order: KeysetOrdering, limit: int) -> list[Row]:
    """Return the first rows of several lists, which have none in common, in one order."""
    rows = [row for rows in lists for row in order.sort(rows)[:limit]]
    return sorted(rows, key=attrgetter(*order.columns), reverse=not order.ascending)[:limit]


def paginate[Row: Model](
    rows: QuerySet[Row], request: HttpRequest, *, order: KeysetOrdering, size: int | None = None
) -> Page[Row]:
    """Return the page of `rows` that `?after=` asks for, in one query without COUNT and OFFSET.

    Args:
        size: rows per page, by default `settings.PAGE_SIZE`.

    Raises:
        Http404: the cursor is invalid.
    """
    size = size or settings.PAGE_SIZE
    if cursor := cursor_from(request):
        rows = order.filter_after(rows, order.decode_cursor(cursor))
    return slice_page(list(order.sort(rows)[: size + 1]), order, size=size, is_first=not cursor)
