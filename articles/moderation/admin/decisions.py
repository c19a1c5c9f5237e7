"""The record of decisions, to read and search."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy

from articles.moderation.models import Decision
from core.admin import KeysetModelAdmin, ReadOnlyAdminMixin


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdminMixin, KeysetModelAdmin[Decision]):
    """Who decided what, when and why."""

    list_display = ["decided_at", "verdict", "submission_link", "moderator", "rule_version", "short_reason"]
    list_filter = ["verdict", ("rule_version__rule", admin.RelatedOnlyFieldListFilter), "decided_at"]
    list_select_related = ["revision", "moderator", "rule_version"]
    search_fields = ["revision__title", "reason", "moderator__username", "moderator__display_name"]
    search_users = ("moderator",)
    search_help_text = gettext_lazy("Title, reason or moderator")
    fields = readonly_fields = ("decided_at", "verdict", "submission_link", "moderator", "rule_version", "reason")
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Decision]:
        return super().get_queryset(request).defer("revision__body")

    @admin.display(description=gettext_lazy("article"))
    def submission_link(self, obj: Decision) -> SafeString:
        url = reverse("admin:moderation_submission_change", args=[obj.revision_id])
        return format_html('<a href="{}">{}</a>', url, obj.revision.title)

    @admin.display(description=gettext_lazy("reason"))
    def short_reason(self, obj: Decision) -> str:
        return Truncator(obj.reason).chars(80)
