"""The three places, the plans, and one setting. Changing them changes no promotion that was asked for before."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.cache import caches
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy

from articles.promotion.admin.forms import PlanForm
from articles.promotion.models import Placement, Plan, PromotionSettings


@admin.register(Placement)
class PlacementAdmin(admin.ModelAdmin[Placement]):
    """The places are the pages' own: none is added or taken away, only offered or not."""

    list_display = ["__str__", "capacity", "per_author_cap", "author_may_refuse_hours", "is_offered"]
    sortable_by = ()
    fields = ["code", "capacity", "per_author_cap", "author_may_refuse_hours", "is_offered"]
    readonly_fields = ["code"]
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Plan)
class PlanAdmin(admin.ModelAdmin[Plan]):
    """A place for some days at a price. A plan that served is not deleted but not offered any more."""

    form = PlanForm
    list_display = ["name", "placement", "days", "price_column", "is_offered", "position"]
    list_filter = ["placement", "is_offered"]
    list_select_related = ["placement"]
    sortable_by = ()
    fields = ["name", "placement", "days", "price_typed", "currency", "terms", "is_offered", "position"]
    show_facets = admin.ShowFacets.NEVER
    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: Plan | None = None) -> bool:
        served = obj is not None and obj.promotions.exists()
        return not served and super().has_delete_permission(request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Plan]:
        return super().get_queryset(request).order_by("position", "pk")

    @admin.display(description=gettext_lazy("price"))
    def price_column(self, obj: Plan) -> str:
        return obj.price_shown


@admin.register(PromotionSettings)
class PromotionSettingsAdmin(admin.ModelAdmin[PromotionSettings]):
    """The one row: its list is its form, and before it exists the form shows the defaults."""

    fields = ["shows_exact_prices"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return redirect(reverse(f"{self.admin_site.name}:promotion_promotionsettings_change", args=[1]))

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> PromotionSettings | None:
        found = super().get_object(request, object_id, from_field)
        return found or (PromotionSettings(pk=1) if object_id == "1" else None)

    def save_model(self, request: HttpRequest, obj: PromotionSettings, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        caches["local"].delete("promotion-settings")  # This process at once; the others within five seconds.
