"""Requests for promotion, to be read. Deciding on them is yet to come."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy

from articles.promotion.models import Promotion


@admin.register(Promotion)
class PromotionAdmin(admin.ModelAdmin[Promotion]):
    """Who asked for which article, when, and what they said."""

    list_display = ["title", "sponsor", "state", "beginning", "requested_at"]
    list_filter = ["state", "requested_at"]
    list_select_related = ["article__live", "sponsor"]
    search_fields = ["article__live__title", "sponsor__username", "sponsor__display_name", "message"]
    search_help_text = gettext_lazy("Title, person or message")
    sortable_by = ()
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    fields = ["link", "sponsor", "state", "message", "requested_at", "mailed_at"]
    readonly_fields = ["link", "sponsor", "state", "message", "requested_at", "mailed_at"]
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Promotion]:
        return super().get_queryset(request).defer("article__live__body")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("article"))
    def title(self, obj: Promotion) -> str:
        return obj.article.live.title if obj.article.live else f"#{obj.article_id}"

    @admin.display(description=gettext_lazy("article"))
    def link(self, obj: Promotion) -> SafeString | str:
        title = self.title(obj)
        if not obj.article.is_public:
            return title
        return format_html('<a href="{}">{}</a>', obj.article.get_absolute_url(), title)

    @admin.display(description=gettext_lazy("message"))
    def beginning(self, obj: Promotion) -> str:
        return Truncator(obj.message).chars(80)
