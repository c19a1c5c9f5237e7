"""The review queue, with the lists of what was published without review and of what was returned."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from articles.moderation.admin.actions import DecisionActionsMixin
from articles.moderation.admin.review import ReviewAdmin
from articles.moderation.models import MAX_HISTORY_COUNT, Submission, SubmissionQuerySet
from articles.moderation.services import DECIDE
from articles.presenters import article_page_context
from articles.templatetags.article_tags import language_label
from core.http_cache import framed

WAITING, UNREVIEWED, RETURNED = "waiting", "unreviewed", "returned"


class ViewFilter(admin.SimpleListFilter):
    """Choose one of the three lists; the default is what waits for review."""

    title = gettext_lazy("list")
    parameter_name = "view"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            (WAITING, _("Waiting")),
            (UNREVIEWED, _("Published without review")),
            (RETURNED, _("Returned")),
        ]

    def value(self) -> str:
        value = super().value()
        return value if value in {UNREVIEWED, RETURNED} else WAITING

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        for value, title in self.lookup_choices:
            yield {
                "selected": self.value() == value,
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": title,
            }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Submission]) -> QuerySet[Submission]:
        submissions = cast("SubmissionQuerySet", queryset)
        if self.value() == UNREVIEWED:
            return submissions.unreviewed().order_by("-submitted_at", "-pk")
        if self.value() == RETURNED:
            return submissions.returned().order_by("-submitted_at", "-pk")
        return submissions.waiting()


@admin.register(Submission)
class SubmissionAdmin(DecisionActionsMixin, ReviewAdmin[Submission]):
    """What authors submitted; the title links to the review page."""

    list_display = ["title", "age", "author", "section", "published_before", "returned_before", "language_code"]
    list_display_links = ["title"]
    list_filter = [ViewFilter, "section", "language"]
    list_select_related = ["article__author", "section"]
    search_fields = ["title", "article__author__username", "article__author__display_name"]
    search_users = ("article__author",)
    search_help_text = gettext_lazy("Title or author")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Submission]:
        return Submission.objects.submitted().defer("body")

    def with_columns(self, rows: QuerySet[Submission]) -> QuerySet[Submission]:
        # In a query of its own: in one, a planner can compute the history of all rows before the LIMIT.
        pks = list(rows.values_list("pk", flat=True))
        page = Submission.objects.filter(pk__in=pks).defer("body").select_related(*self.list_select_related)
        return page.with_author_history().order_by(*rows.query.order_by)

    def get_ordering(self, request: HttpRequest) -> tuple[()]:
        return ()  # `ViewFilter` orders.

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        titles = {UNREVIEWED: _("Published without review"), RETURNED: _("Returned to their authors")}
        title = titles.get(request.GET.get("view", ""), _("Waiting for review, oldest first"))
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(DECIDE))

    def get_submission(self, request: HttpRequest, object_id: str) -> Submission | None:
        is_pk = object_id.isdecimal() and len(object_id) <= 18
        return Submission.objects.for_review().filter(pk=object_id).first() if is_pk else None

    @admin.display(description=gettext_lazy("author"))
    def author(self, obj: Submission) -> str:
        return obj.article.author.name

    @admin.display(description=pgettext_lazy("of a submission", "waiting"))
    def age(self, obj: Submission) -> str:
        now = timezone.now()
        if obj.submitted_at is None or now - obj.submitted_at < timedelta(minutes=1):
            return _("less than a minute")
        return timesince(obj.submitted_at, now, depth=2)

    @admin.display(description=gettext_lazy("previously published"))
    def published_before(self, obj: Any) -> str:
        return _format_count(obj.published_before)

    @admin.display(description=gettext_lazy("previously returned"))
    def returned_before(self, obj: Any) -> str:
        return _format_count(obj.returned_before)

    @admin.display(description=gettext_lazy("language"))
    def language_code(self, obj: Submission) -> str:
        return language_label(obj.language)

    def get_urls(self) -> list[URLPattern]:
        preview = self.admin_site.admin_view(self.preview_view)
        return [
            path("<path:object_id>/preview/", framed(preview), name="moderation_submission_preview"),
            *super().get_urls(),
        ]

    def preview_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the submission as readers will see it, in the frame of the review page."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        submission = self.get_submission(request, object_id)
        if submission is None:
            raise Http404
        context = {**article_page_context(submission.article, submission), "preview": True}
        return render(request, "articles/article.html", context)


def _format_count(count: int) -> str:
    return f"{count}+" if count >= MAX_HISTORY_COUNT else str(count)
