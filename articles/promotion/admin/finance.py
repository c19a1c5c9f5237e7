"""What is offered, what was paid, and what came of it: plans, the ledger, income and results."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import Count, F, Model, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from articles.promotion.forms import PlanForm
from articles.promotion.models import LedgerEntry, Payment, Placement, Plan, Promotion, PromotionDay
from articles.promotion.models.payment import format_amount
from articles.promotion.services.capacity import day_start
from core.admin import KeysetModelAdmin, NoAddDeleteAdminMixin, ReadOnlyAdminMixin, ViewFilter
from core.charts import chart
from core.forms import TEXT_FIELDS

YEARS = 2
DAYS = 30
DAY_SUMS = {name: Sum(name, default=0) for name in ("impressions", "clicks", "views")}


@admin.register(Placement)
class PlacementAdmin(NoAddDeleteAdminMixin, admin.ModelAdmin[Placement]):
    """Placements belong to the pages: they are offered or not, but never added or deleted."""

    list_display = ["__str__", "capacity", "per_author_cap", "author_can_refuse_hours", "is_offered"]
    sortable_by = ()
    fields = ["code", "capacity", "per_author_cap", "author_can_refuse_hours", "is_offered"]
    readonly_fields = ["code"]
    actions = None


@admin.register(Plan)
class PlanAdmin(admin.ModelAdmin[Plan]):
    """Plans. A plan that was used is not deleted, but no longer offered."""

    form = PlanForm
    formfield_overrides = TEXT_FIELDS
    list_display = ["name", "placement", "days", "price_column", "is_offered", "position"]
    list_filter = ["placement", "is_offered"]
    list_select_related = ["placement"]
    sortable_by = ()
    fields = ["name", "placement", "days", "price", "currency", "terms", "is_offered", "position"]
    show_facets = admin.ShowFacets.NEVER
    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: Plan | None = None) -> bool:
        is_used = obj is not None and obj.promotions.exists()
        return not is_used and super().has_delete_permission(request, obj)

    @admin.display(description=gettext_lazy("price"))
    def price_column(self, obj: Plan) -> str:
        return obj.price_shown


class OfPromotionAdmin[M: Model](ReadOnlyAdminMixin, KeysetModelAdmin[M]):
    """Rows about a promotion, to read and to search."""

    list_select_related = ["promotion__article__live", "promotion__article__latest"]
    search_users = ("promotion__sponsor",)
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[M]:
        rows = super().get_queryset(request)
        return rows.defer("promotion__article__live__body", "promotion__article__latest__body")

    @admin.display(description=gettext_lazy("promotion"))
    def link(self, obj: Any) -> SafeString:
        """Link to the page of decision."""
        url = reverse("admin:promotion_promotion_change", args=[obj.promotion_id])
        return format_html('<a href="{}">{}</a>', url, obj.promotion.article)


@admin.register(LedgerEntry)
class LedgerAdmin(OfPromotionAdmin[LedgerEntry]):
    """The ledger."""

    list_display = ["number", "at", "event", "promotion__article", "actor", "actor_role", "money", "beginning"]
    list_filter = ["event", "actor_role", "at"]
    list_select_related = [*OfPromotionAdmin.list_select_related, "actor"]
    search_fields = [
        "promotion__article__live__title",
        "promotion__sponsor__username",
        "promotion__sponsor__display_name",
        "reason",
    ]
    search_help_text = gettext_lazy("Title, requester or reason")
    ordering = ["-number"]
    fields = (
        *("number", "at", "event", "link", "from_state", "to_state", "actor", "actor_role", "money"),
        *("reason", "details", "previous_hash", "hash"),
    )
    readonly_fields = ("link", "money")

    @admin.display(description=gettext_lazy("amount"))
    def money(self, obj: LedgerEntry) -> str:
        return obj.amount_shown if obj.amount else "–"

    @admin.display(description=gettext_lazy("reason"))
    def beginning(self, obj: LedgerEntry) -> str:
        return Truncator(obj.reason).chars(80)


class UnfinishedFilter(ViewFilter):
    views = {"unfinished": gettext_lazy("Not finished"), "all": pgettext_lazy("payments", "All")}


@admin.register(Payment)
class PaymentAdmin(OfPromotionAdmin[Payment]):
    """Charges and refunds, at first those that are not finished."""

    list_display = [
        *("pk", "link", "sum", "variant", "status", "sent_at", "received_at"),
        *("refund_sum", "refund_status", "refund_sent_at", "is_disputed"),
    ]
    list_filter = [UnfinishedFilter, "status", "refund_status"]
    search_fields = ["reference", "promotion__sponsor__username"]
    search_help_text = gettext_lazy("Requester or reference")
    ordering = ["-pk"]
    fields = (
        *("link", "sum", "variant", "status", "sent_at", "received_at", "reference"),
        *("refund_sum", "refunded", "refund_status", "refund_sent_at", "is_disputed"),
    )
    readonly_fields = ("link", "sum", "refund_sum")

    @admin.display(description=gettext_lazy("amount"))
    def sum(self, obj: Payment) -> str:
        return format_amount(obj.amount, obj.currency)

    @admin.display(description=gettext_lazy("refund due"))
    def refund_sum(self, obj: Payment) -> str:
        return format_amount(obj.refund_left, obj.currency) if obj.refund_left else "–"


def finance_context(now: datetime) -> dict[str, Any]:
    """Return what the page of income and results shows."""
    days = results_by_day(now=now)
    return {
        "title": _("Income and results"),
        "income": income_by_month(now=now),
        "outstanding": outstanding(),
        "days": days,
        "charts": [
            chart(days, _("Impressions"), lambda day: day.impressions),
            chart(days, _("Clicks"), lambda day: day.clicks),
            chart(days, _("Views from promotions"), lambda day: day.views),
        ],
        "places": results_by_placement(now=now),
    }


def income_by_month(*, now: datetime) -> list[dict[str, Any]]:
    """Return the money that moved in the last years by month and currency, newest first, in minor units."""
    today = timezone.localdate(now)
    rows = (
        LedgerEntry.objects.filter(event__in=LedgerEntry.MOVES_MONEY)
        .filter(at__gte=day_start(date(today.year - YEARS, today.month, 1)))
        .annotate(month=TruncMonth("at"))
        .values("month", "currency")
        .annotate(
            received=Sum("amount", filter=Q(amount__gt=0), default=0),
            refunded=-Sum("amount", filter=Q(amount__lt=0), default=0),
            payments=Count("pk", filter=Q(amount__gt=0)),
            left=Sum("amount"),
        )
        .order_by("-month", "currency")
    )
    return [{**row, "month": timezone.localdate(row["month"])} for row in rows]


def outstanding() -> dict[str, list[str]]:
    """Return what sponsors have to pay and the site has to refund, one formatted sum per currency."""
    unpaid = Promotion.objects.filter(state=Promotion.State.AWAITING_PAYMENT).values_list("currency")
    due = Payment.objects.filter(refund_due__gt=F("refunded")).values_list("currency")
    sums = {
        "to_receive": unpaid.annotate(sum=Sum("price")).order_by("currency"),
        "to_refund": due.annotate(sum=Sum(F("refund_due") - F("refunded"))).order_by("currency"),
    }
    return {name: [format_amount(amount, currency) for currency, amount in rows] for name, rows in sums.items()}


def results_by_day(*, now: datetime) -> list[PromotionDay]:
    """Return the last 30 days of all promotions together, oldest first, including days without events."""
    days = _last_days(now)
    rows = PromotionDay.objects.filter(day__in=days).order_by().values("day").annotate(**DAY_SUMS)
    found = {row["day"]: row for row in rows}
    return [PromotionDay(**found.get(day, {"day": day})) for day in days]


def results_by_placement(*, now: datetime) -> list[dict[str, Any]]:
    """Return the same days by placement."""
    rows = PromotionDay.objects.filter(day__in=_last_days(now)).order_by().values("promotion__placement")
    found: dict[int, dict[str, Any]] = {row["promotion__placement"]: dict(row) for row in rows.annotate(**DAY_SUMS)}
    running = dict(Promotion.objects.running(now).order_by().values_list("placement").annotate(Count("pk")))
    results = []
    for placement in Placement.objects.all():
        sums = found.get(placement.pk) or dict.fromkeys(DAY_SUMS, 0)
        share = format_share(sums["clicks"], sums["impressions"])
        results.append(
            {**sums, "name": str(placement), "running": running.get(placement.pk, 0), "click_through": share}
        )
    return results


def format_share(part: int, whole: int) -> str:
    """Format a part of a whole as "3.4 %" in the notation of the active language; "–" if the whole is zero."""
    return f"{number_format(round(Decimal(100 * part) / whole, 1), 1)}\u00a0%" if whole else "–"


def _last_days(now: datetime) -> list[date]:
    today = timezone.localdate(now, timezone.get_default_timezone())
    return [today - timedelta(days=number) for number in reversed(range(DAYS))]
