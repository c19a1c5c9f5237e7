"""Lists in the admin that may grow long: they go on by a cursor, are counted up to a bound, and searched by index.

Django's own counts every row and skips through all the earlier ones for a later page.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import DateTimeField, IntegerField, Model, Q, QuerySet
from django.http import HttpRequest

from accounts.keyset import Order
from accounts.models import User

AFTER = "after"
# Beyond this many a list says "more than": nobody reads further, and counting on would go through the whole table.
COUNTED = 1_000
# Words are looked for among so many of the list's first rows; numbers and usernames among all.
SEARCHED = 5_000


class LongChangeList(ChangeList):
    """A part of the list, from the row on that `?after=` names. The list's order is one that an index holds."""

    is_long = True

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        # No filter's, and no part of a link to another list.
        self.params.pop(AFTER, None)
        self.filter_params.pop(AFTER, None)
        return super().get_queryset(request, exclude_parameters)

    def get_results(self, request: HttpRequest) -> None:
        """Count up to the bound, and read one part of the list.

        Raises:
            Http404: nobody gave out this cursor.
        """
        size, order, rows = self.list_per_page, order_of(self.queryset), self.queryset
        cursor = request.GET.get(AFTER, "")
        if cursor:
            rows = order.after(rows, order.place_of(cursor))
        assert isinstance(self.model_admin, LongList)
        found = list(self.model_admin.with_columns(rows[: size + 1]))
        is_all = not cursor and len(found) <= size
        counted = len(found) if is_all else self.queryset.order_by().values("pk")[: COUNTED + 1].count()
        self.is_first = not cursor
        self.older = ""
        if len(found) > size and None not in (getattr(found[size - 1], name) for name in order.columns):
            self.older = self.get_query_string({AFTER: order.cursor_of(found[size - 1])})
        self.result_list = found[:size]
        self.result_count = min(counted, COUNTED)
        self.is_more_than_counted = counted > COUNTED
        self.full_result_count = None
        self.show_full_result_count = False
        self.show_admin_actions = True
        self.can_show_all = self.multi_page = False


class LongList[M: Model](admin.ModelAdmin[M]):
    """An admin with such a list. Its `ordering` is an index's; `search_fields` are looked for among the first rows."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by: ClassVar[Any] = ()
    list_per_page = 50
    # Columns with a person, who is found by the username in every row; "pk" where the rows are people.
    search_people: ClassVar[tuple[str, ...]] = ()

    def with_columns(self, rows: QuerySet[M]) -> QuerySet[M]:
        """With what only the rows that are shown need; counting and searching do without."""
        return rows

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return LongChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[M], search_term: str
    ) -> tuple[QuerySet[M], bool]:
        """What has this number, is of the person with this username or address, or has these words and is recent."""
        term = search_term.strip()
        if not term:
            return queryset, False
        recent = queryset.model._default_manager.filter(pk__in=queryset.values("pk")[:SEARCHED])
        words, _duplicates = super().get_search_results(request, recent, term)
        wanted = Q(pk__in=list(words.order_by().values_list("pk", flat=True).distinct()[:COUNTED]))
        if term.isascii() and term.isdecimal() and len(term) <= 18:
            wanted |= Q(pk=int(term))
        if self.search_people and (people := User.objects.known_as(term)):
            for column in self.search_people:
                wanted |= Q(**{f"{column}__in": people})
        return queryset.filter(wanted), False


def order_of(rows: QuerySet[Any]) -> Order:
    """The order that a queryset was given, for going on in it: columns of its own table, all falling or all rising."""
    names = list(dict.fromkeys(str(name) for name in rows.query.order_by))
    rising = not names[0].startswith("-")
    columns: dict[str, type] = {}
    for name in names:
        if name.startswith("-") is rising:
            break  # What comes behind a unique column decides nothing.
        plain = name.removeprefix("-")
        field = rows.model._meta.pk if plain == "pk" else rows.model._meta.get_field(plain)
        columns[plain] = (
            datetime if isinstance(field, DateTimeField) else int if isinstance(field, IntegerField) else str
        )
        if field.unique:
            break
    return Order(columns, rising=rising)
