"""Base classes of the admin.

`KeysetModelAdmin` is for long tables: its lists are paginated by cursor, counted up to a bound and searched by index,
where Django's own count all rows and skip the earlier ones by OFFSET.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, ClassVar

import django_tasks_db.admin  # noqa: F401 - registers the class that is replaced here
from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth import get_user_model
from django.core.cache import caches
from django.db.models import DateTimeField, IntegerField, Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.tasks import TaskResultStatus
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django_tasks_db.models import DBTaskResult

from core.forms import TEXT_FIELDS
from core.models import PendingDeletion, PendingEmail, PeriodicRun, SiteSettings
from core.pagination import KeysetOrdering
from core.sanitizer import sanitize
from core.tasks import send_emails

CURSOR_PARAM = "after"
# Longer lists show "more than", because an exact count reads the whole table.
MAX_COUNT = 1_000
# `search_fields` are searched in this many of the first rows; primary keys and usernames in all.
MAX_SEARCHED = 5_000


def is_pk(text: str) -> bool:
    """Return whether the text is a valid primary key: digits that fit the database column."""
    return text.isascii() and text.isdecimal() and len(text) <= 18


class KeysetChangeList(ChangeList):
    """One page of a list, after the row of the cursor in `?after=`. An index has to support the ordering."""

    is_keyset = True

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        # Not a filter, and not part of links to other lists.
        self.params.pop(CURSOR_PARAM, None)
        self.filter_params.pop(CURSOR_PARAM, None)
        return super().get_queryset(request, exclude_parameters)

    def get_results(self, request: HttpRequest) -> None:
        """Count up to the bound and load one page.

        Raises:
            Http404: the cursor is invalid.
        """
        size, order, rows = self.list_per_page, ordering_of(self.queryset), self.queryset
        if cursor := request.GET.get(CURSOR_PARAM, ""):
            rows = order.filter_after(rows, order.decode_cursor(cursor))
        assert isinstance(self.model_admin, KeysetModelAdmin)
        page = list(self.model_admin.with_columns(rows[: size + 1]))
        is_complete = not cursor and len(page) <= size
        count = len(page) if is_complete else self.queryset.order_by().values("pk")[: MAX_COUNT + 1].count()
        self.is_first = not cursor
        self.next_url = ""
        if len(page) > size and None not in (getattr(page[size - 1], name) for name in order.columns):
            self.next_url = self.get_query_string({CURSOR_PARAM: order.encode_cursor(page[size - 1])})
        self.result_list = page[:size]
        self.result_count = min(count, MAX_COUNT)
        self.is_count_exceeded = count > MAX_COUNT
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
    """A `ModelAdmin` for long tables. An index has to support `ordering`; `search_fields` search the first rows."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by: ClassVar[Any] = ()
    list_per_page = 50
    # Foreign keys to a user, searched by username in all rows; "pk" if the rows are users.
    search_users: ClassVar[tuple[str, ...]] = ()

    def with_columns(self, rows: QuerySet[M]) -> QuerySet[M]:
        """Return the rows with annotations that only the page shown needs, not the count or the search."""
        return rows

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetChangeList

    def render_page(
        self, request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
    ) -> HttpResponse:
        """Render a page of the admin next to the list."""
        context = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, template, context, status=status)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[M], search_term: str
    ) -> tuple[QuerySet[M], bool]:
        """Return rows with this primary key, of the user with this login, or with these words among the first rows."""
        term = search_term.strip()
        if not term:
            return queryset, False
        first_rows = queryset.model._default_manager.filter(pk__in=queryset.values("pk")[:MAX_SEARCHED])
        matches, _may_have_duplicates = super().get_search_results(request, first_rows, term)
        condition = Q(pk__in=list(matches.order_by().values_list("pk", flat=True).distinct()[:MAX_COUNT]))
        if is_pk(term):
            condition |= Q(pk=int(term))
        if self.search_users and (user_pks := get_user_model().objects.pks_by_login(term)):
            for column in self.search_users:
                condition |= Q(**{f"{column}__in": user_pks})
        return queryset.filter(condition), False


def ordering_of(rows: QuerySet[Any]) -> KeysetOrdering:
    """Return the ordering of a queryset up to its first unique column; columns in the other direction are left out."""
    names = list(dict.fromkeys(str(name) for name in rows.query.order_by))
    ascending = not names[0].startswith("-")
    columns: dict[str, type] = {}
    for name in names:
        if name.startswith("-") is ascending:
            break
        column = name.removeprefix("-")
        if column in rows.query.annotations:
            field: Any = rows.query.annotations[column].output_field
        else:
            field = rows.model._meta.pk if column == "pk" else rows.model._meta.get_field(column)
        columns[column] = (
            datetime if isinstance(field, DateTimeField) else int if isinstance(field, IntegerField) else str
        )
        if field.unique:
            break
    return KeysetOrdering(columns, ascending=ascending)


class ViewFilter(admin.SimpleListFilter):
    """Choose one of several lists: `views` has methods of the queryset and their labels. The first is the default."""

    title = gettext_lazy("list")
    parameter_name = "view"
    views: ClassVar[Mapping[str, Any]]

    @classmethod
    def selected(cls, request: HttpRequest) -> str:
        """Return the name of the list that a request asks for."""
        name = request.GET.get(cls.parameter_name, "")
        return name if name in cls.views else next(iter(cls.views))

    def value(self) -> str:
        return self.selected(self.request)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(self.views.items())

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        return islice(super().choices(changelist), 1, None)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        return getattr(queryset, self.value())()


class SiteSettingsForm(forms.ModelForm[SiteSettings]):
    """Sanitises the fields that are displayed as HTML."""

    def clean_about(self) -> str:
        return sanitize(self.cleaned_data["about"])

    def clean_rules(self) -> str:
        return sanitize(self.cleaned_data["rules"])


@admin.register(SiteSettings)
class SiteSettingsAdmin(NoAddDeleteAdminMixin, admin.ModelAdmin[SiteSettings]):
    """The single row: the list redirects to its form, which shows the defaults until the row exists."""

    form = SiteSettingsForm
    formfield_overrides = TEXT_FIELDS
    fields = [
        *("name", "tagline", "about", "rules", "reviewed_before_trusted", "sampling_interval"),
        *("signup_gate", "signup_question", "refuses_disposable_addresses", "invitations_per_user"),
    ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return redirect("admin:core_sitesettings_change", 1)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> SiteSettings | None:
        settings = super().get_object(request, object_id, from_field)
        return settings or (SiteSettings(pk=1) if object_id == "1" else None)

    def save_model(self, request: HttpRequest, obj: SiteSettings, form: Any, change: bool) -> None:
        # Only what the form has: maintenance can begin meanwhile.
        SiteSettings.objects.update_or_create(pk=1, defaults=form.cleaned_data)
        caches["local"].delete("site-settings")  # Other processes follow within seconds.


@admin.register(PendingEmail)
class PendingEmailAdmin(ReadOnlyAdminMixin, KeysetModelAdmin[PendingEmail]):
    """Emails that wait or failed. Their texts are not shown, because they contain links that log in."""

    list_display = ["created_at", "to", "subject", "attempts", "next_attempt_at", "error"]
    search_fields = ["to"]
    ordering = ["-pk"]
    fields = ["created_at", "to", "subject", "attempts", "next_attempt_at", "error"]
    actions = ["send_again", "delete_selected"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_send_permission(request)

    def has_send_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    @admin.action(description=gettext_lazy("Send the selected emails again"), permissions=["send"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[PendingEmail]) -> None:
        queryset.update(attempts=0, next_attempt_at=timezone.now())
        send_emails.enqueue()


@admin.register(PendingDeletion)
class PendingDeletionAdmin(ReadOnlyAdminMixin, KeysetModelAdmin[PendingDeletion]):
    """Files that wait to be deleted, because the storage failed."""

    list_display = ["path", "created_at"]
    ordering = ["-pk"]
    actions = None


@admin.register(PeriodicRun)
class PeriodicRunAdmin(ReadOnlyAdminMixin, admin.ModelAdmin[PeriodicRun]):
    """When each periodic job last ran and how that ended."""

    list_display = ["job", "started_at", "finished_at", "has_failed", "outcome"]


admin.site.unregister(DBTaskResult)


@admin.register(DBTaskResult)
class TaskAdmin(ReadOnlyAdminMixin, admin.ModelAdmin[DBTaskResult[Any, Any]]):
    """Tasks that wait, run or failed. Their arguments are not shown, because they can contain what users wrote."""

    list_display = ["task_path", "status", "enqueued_at", "started_at", "finished_at", "exception_class_path"]
    list_filter = ["status"]
    list_per_page = 50
    show_full_result_count = False
    ordering = ["-enqueued_at"]
    actions = ["run_again"]
    fields = [
        "id",
        "task_path",
        "status",
        "enqueued_at",
        "run_after",
        "started_at",
        "finished_at",
        "worker_ids",
        "traceback",
    ]

    def has_rerun_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    @admin.action(description=gettext_lazy("Run failed tasks again"), permissions=["rerun"])
    def run_again(self, request: HttpRequest, queryset: QuerySet[DBTaskResult[Any, Any]]) -> None:
        queryset.filter(status=TaskResultStatus.FAILED).update(status=TaskResultStatus.READY, run_after=timezone.now())
