"""Lists in the admin that may grow long: they go on by a cursor, are counted up to a bound, and searched by index.

Django's own counts every row and skips through all the earlier ones for a later page.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth import get_user_model
from django.core.cache import caches
from django.db.models import DateTimeField, IntegerField, Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from core.models import SiteSettings
from core.pagination import KeysetOrdering
from core.sanitizer import sanitize

AFTER = "after"
# Beyond this many a list says "more than": nobody reads further, and counting on would go through the whole table.
MAX_COUNT = 1_000
# Words are looked for among so many of the list's first rows; numbers and usernames among all.
MAX_SEARCHED = 5_000


class KeysetChangeList(ChangeList):
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
        size, order, rows = self.list_per_page, ordering_of(self.queryset), self.queryset
        cursor = request.GET.get(AFTER, "")
        if cursor:
            rows = order.filter_after(rows, order.decode_cursor(cursor))
        assert isinstance(self.model_admin, KeysetModelAdmin)
        found = list(self.model_admin.with_columns(rows[: size + 1]))
        is_all = not cursor and len(found) <= size
        counted = len(found) if is_all else self.queryset.order_by().values("pk")[: MAX_COUNT + 1].count()
        self.is_first = not cursor
        self.older = ""
        if len(found) > size and None not in (getattr(found[size - 1], name) for name in order.columns):
            self.older = self.get_query_string({AFTER: order.encode_cursor(found[size - 1])})
        self.result_list = found[:size]
        self.result_count = min(counted, MAX_COUNT)
        self.is_more_than_counted = counted > MAX_COUNT
        self.full_result_count = None
        self.show_full_result_count = False
        self.show_admin_actions = True
        self.can_show_all = self.multi_page = False


class NoAddDeleteAdminMixin:
    """Refuse to add and to delete objects; they can still be changed."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdminMixin(NoAddDeleteAdminMixin):
    """Refuse to add, change and delete objects. Put it before the `ModelAdmin` in the bases."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class KeysetModelAdmin[M: Model](admin.ModelAdmin[M]):
    """An admin with such a list. Its `ordering` is an index's; `search_fields` are looked for among the first rows."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by: ClassVar[Any] = ()
    list_per_page = 50
    # Columns with a person, who is found by the username in every row; "pk" where the rows are people.
    search_users: ClassVar[tuple[str, ...]] = ()

    def with_columns(self, rows: QuerySet[M]) -> QuerySet[M]:
        """With what only the rows that are shown need; counting and searching do without."""
        return rows

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[M], search_term: str
    ) -> tuple[QuerySet[M], bool]:
        """What has this number, is of the person with this username or address, or has these words and is recent."""
        term = search_term.strip()
        if not term:
            return queryset, False
        recent = queryset.model._default_manager.filter(pk__in=queryset.values("pk")[:MAX_SEARCHED])
        words, _duplicates = super().get_search_results(request, recent, term)
        wanted = Q(pk__in=list(words.order_by().values_list("pk", flat=True).distinct()[:MAX_COUNT]))
        if term.isascii() and term.isdecimal() and len(term) <= 18:
            wanted |= Q(pk=int(term))
        if self.search_users and (user_pks := get_user_model().objects.known_as(term)):
            for column in self.search_users:
                wanted |= Q(**{f"{column}__in": user_pks})
        return queryset.filter(wanted), False


def ordering_of(rows: QuerySet[Any]) -> KeysetOrdering:
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
    return KeysetOrdering(columns, rising=rising)


class ValidatedActionMixin[M: Model](admin.ModelAdmin[M]):
    """An admin whose list takes only numbers as what was ticked; Django's own fails on anything else."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if any(not (one.isascii() and one.isdecimal() and len(one) <= 18) for one in chosen):
            messages.error(request, _("The list has changed meanwhile. Please choose again."))
            return redirect(request.get_full_path())
        return super().changelist_view(request, extra_context)


class SiteSettingsForm(forms.ModelForm[SiteSettings]):
    """What is shown as HTML is sanitised before it is stored."""

    class Meta:
        model = SiteSettings
        fields = ["name", "tagline", "about", "rules", "reviewed_before_trusted"]

    def clean_about(self) -> str:
        return sanitize(self.cleaned_data["about"])

    def clean_rules(self) -> str:
        return sanitize(self.cleaned_data["rules"])


@admin.register(SiteSettings)
class SiteSettingsAdmin(NoAddDeleteAdminMixin, admin.ModelAdmin[SiteSettings]):
    """The one row: its list is its form, and before it exists the form shows the defaults."""

    form = SiteSettingsForm
    fields = ["name", "tagline", "about", "rules", "reviewed_before_trusted"]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return redirect(reverse(f"{self.admin_site.name}:core_sitesettings_change", args=[1]))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> SiteSettings | None:
        found = super().get_object(request, object_id, from_field)
        return found or (SiteSettings(pk=1) if object_id == "1" else None)

    def save_model(self, request: HttpRequest, obj: SiteSettings, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        caches["local"].delete("site-settings")  # This process at once; the others within five seconds.
