"""Lists that go on by a cursor: it names the last row seen, so that no page skips or counts the rows before it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Model, QuerySet
from django.db.models.fields.tuple_lookups import TupleGreaterThan, TupleLessThan
from django.http import Http404, HttpRequest

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# How a value stands in a cursor; nothing longer than what a database column of its kind holds.
_PATTERNS: dict[type, str] = {
    datetime: r"[0-9]{1,18}",
    int: r"-?[0-9]{1,18}",
    float: r"-?[0-9]{1,15}(?:\.[0-9]{1,17})?(?:e-?[0-9]{1,3})?",
    str: r"[^\x00]{1,60}",
}


@dataclass(frozen=True)
class KeysetOrdering:
    """An order that an index holds: by these columns, all falling or all rising, the last of them unique.

    Args:
        columns: field or annotation → the type of its values (datetime, int, float, or str alone); never null.
        rising: the smallest first, and not the greatest.
    """

    columns: Mapping[str, type]
    rising: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The order as `order_by` takes it."""
        return tuple(name if self.rising else f"-{name}" for name in self.columns)

    def sort[M: Model](self, rows: QuerySet[M]) -> QuerySet[M]:
        """The rows in this order."""
        return rows.order_by(*self.names)

    def filter_after[M: Model](self, rows: QuerySet[M], place: tuple[Any, ...]) -> QuerySet[M]:
        """The rows behind a place.

        One comparison of row values, `(a, b) < (x, y)`: an index starts right at the place, also among a thousand rows
        with one value of `a`, where `a <= x AND NOT (a = x AND b >= y)` would go through them all.
        """
        comparison = TupleGreaterThan if self.rising else TupleLessThan
        return rows.filter(comparison(tuple(F(name) for name in self.columns), place))

    def encode_cursor(self, row: Any) -> str:
        """The place of a row, for the address of the next page."""
        return "-".join(_written(getattr(row, name)) for name in self.columns)

    def decode_cursor(self, cursor: str) -> tuple[Any, ...]:
        """The values that a cursor names.

        Raises:
            Http404: nobody gave out this cursor.
        """
        pattern = "-".join(f"({_PATTERNS[kind]})" for kind in self.columns.values())
        found = re.fullmatch(pattern, cursor) if len(cursor) <= 80 else None
        if not found:
            raise Http404
        try:
            return tuple(_read(text, kind) for text, kind in zip(found.groups(), self.columns.values(), strict=True))
        except (ValueError, OverflowError) as error:
            raise Http404 from error


def _written(value: datetime | float | str) -> str:
    if isinstance(value, datetime):
        return str((value - _EPOCH) // timedelta(microseconds=1))
    return repr(value) if isinstance(value, float) else str(value)  # repr: the same number when it is read again


def _read(text: str, kind: type) -> Any:
    if kind is datetime:
        return _EPOCH + timedelta(microseconds=int(text))
    value = kind(text)
    if kind is float and not math.isfinite(value):
        raise ValueError
    return value


@dataclass(frozen=True)
class Page[Row]:
    """A part of a list: its rows, and the cursor of the next part ("" at the end)."""

    object_list: Sequence[Row]
    next_cursor: str
    is_first: bool


def cursor_from(request: HttpRequest) -> str:
    """The cursor that `?after=` gives; "" for the beginning."""
    return request.GET.get("after", "")


def slice_page[Row](found: Sequence[Row], order: KeysetOrdering, *, size: int, is_first: bool) -> Page[Row]:
    """The part that `found` makes, one row of which, where there are `size` + 1, only says that the list goes on."""
    return Page(found[:size], order.encode_cursor(found[size - 1]) if len(found) > size else "", is_first)


def paginate[Row: Model](
    rows: QuerySet[Row], request: HttpRequest, *, order: KeysetOrdering, size: int | None = None
) -> Page[Row]:
    """The part of `rows`, in an order that an index holds, that `?after=` asks for: one query, no count, no offset.

    Raises:
        Http404: the cursor is none of ours.
    """
    size = size or settings.PAGE_SIZE
    if cursor := cursor_from(request):
        rows = order.filter_after(rows, order.decode_cursor(cursor))
    return slice_page(list(order.sort(rows)[: size + 1]), order, size=size, is_first=not cursor)
