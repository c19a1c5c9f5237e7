"""The ledger, to be read and searched; nobody writes or changes a row here."""

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

from articles.promotion.models import LedgerEntry
from articles.promotion.money import exact
from core.admin import KeysetModelAdmin


@admin.register(LedgerEntry)
class LedgerAdmin(KeysetModelAdmin[LedgerEntry]):
    """What happened to whose promotion, when, at whose hand, and what money it moved."""

    list_display = ["number", "at", "event", "title", "by", "money", "beginning"]
    list_display_links = ["number"]
    list_filter = ["event", "actor_role", "at"]
    list_select_related = ["promotion__article__live", "promotion__article__latest", "actor"]
    search_fields = [
        "promotion__article__live__title",
        "promotion__sponsor__username",
        "promotion__sponsor__display_name",
        "reason",
    ]
    search_users = ("promotion__sponsor",)
    search_help_text = gettext_lazy("Title, sponsor or reason")
    ordering = ["-number"]
    readonly_fields = [
        "number",
        "at",
        "event",
        "link",
        "from_state",
        "to_state",
        "actor",
        "actor_role",
        "money",
        "reason",
        "details",
        "previous_hash",
        "hash",
    ]
    fields = tuple(readonly_fields)
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[LedgerEntry]:
        entries = super().get_queryset(request)
        return entries.defer("promotion__article__live__body", "promotion__article__latest__body")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("article"))
    def title(self, obj: LedgerEntry) -> str:
        return str(obj.promotion.article)

    @admin.display(description=gettext_lazy("promotion"))
    def link(self, obj: LedgerEntry) -> SafeString:
        address = reverse("admin:promotion_promotion_change", args=[obj.promotion_id])
        return format_html('<a href="{}">{}</a>', address, self.title(obj))

    @admin.display(description=gettext_lazy("by"))
    def by(self, obj: LedgerEntry) -> str:
        return f"{obj.actor.name} ({obj.get_actor_role_display()})" if obj.actor else obj.get_actor_role_display()

    @admin.display(description=gettext_lazy("amount"))
    def money(self, obj: LedgerEntry) -> str:
        return exact(obj.amount, obj.currency) if obj.amount else "–"

    @admin.display(description=gettext_lazy("reason"))
    def beginning(self, obj: LedgerEntry) -> str:
        return Truncator(obj.reason).chars(80)
