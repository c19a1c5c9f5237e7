"""Decisions, to be read and searched; nobody writes or changes one here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy

from articles.moderation.models import Decision
from core.admin import KeysetModelAdmin


@admin.register(Decision)
class DecisionAdmin(KeysetModelAdmin[Decision]):
    """Who decided what, when and why."""

    list_display = ["decided_at", "verdict", "title", "moderator", "rule", "beginning"]
    list_filter = ["verdict", "rule", "decided_at"]
    list_select_related = ["revision", "moderator"]
    search_fields = ["revision__title", "reason", "moderator__username", "moderator__display_name"]
    search_users = ("moderator",)
    search_help_text = gettext_lazy("Title, reason or moderator")
    readonly_fields = ["decided_at", "verdict", "text", "moderator", "rule", "reason", "mailed_at"]
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Decision]:
        return super().get_queryset(request).defer("revision__body")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("article"))
    def title(self, obj: Decision) -> str:
        return obj.revision.title

    @admin.display(description=gettext_lazy("article"))
    def text(self, obj: Decision) -> SafeString:
        address = reverse(f"{self.admin_site.name}:moderation_submission_change", args=[obj.revision_id])
        return format_html('<a href="{}">{}</a>', address, obj.revision.title)

    @admin.display(description=gettext_lazy("reason"))
    def beginning(self, obj: Decision) -> str:
        return Truncator(obj.reason).chars(80)
