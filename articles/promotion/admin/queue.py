"""The list of promotions by what is to be done, and the pages beside it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_safe

from articles.promotion.admin.decisions import DecisionMixin
from articles.promotion.admin.finance import finance_context, format_share
from articles.promotion.admin.timeline import timeline_context
from articles.promotion.models import Promotion, PromotionQuerySet
from articles.promotion.public_ledger import with_results
from core.admin import RequiredListFilter

State = Promotion.State


class View(NamedTuple):
    """One list: its name, promotions, order and columns."""

    label: Any
    select: Callable[[PromotionQuerySet], PromotionQuerySet]
    ordering: tuple[str, ...]
    columns: tuple[str, ...]


OLDEST = ("requested_at", "pk")
RESULTS = ("from_until", "impressions", "clicks", "click_through")
# The urgent ones first: the oldest requests, what starts or ends next. Of what is over, the newest first.
VIEWS = {
    "waiting": View(
        gettext_lazy("Waiting for a decision"),
        *(PromotionQuerySet.waiting, OLDEST, ("age", "wanted", "author_answer", "before")),
    ),
    "unpaid": View(gettext_lazy("Awaiting payment"), PromotionQuerySet.unpaid, OLDEST, ("age", "before")),
    "paused": View(
        gettext_lazy("Paused: text changed"),
        *(PromotionQuerySet.paused, ("ends_at", "pk"), ("state_column", "from_until")),
    ),
    "refunds": View(gettext_lazy("Refunds due"), PromotionQuerySet.refund_owed, OLDEST, ("state_column", "closed")),
    "scheduled": View(
        pgettext_lazy("state of promotions", "Scheduled"),
        *(PromotionQuerySet.scheduled, ("starts_at", "pk"), ("from_until", "before")),
    ),
    "running": View(
        pgettext_lazy("state of promotions", "Running"), PromotionQuerySet.running, ("ends_at", "pk"), RESULTS
    ),
    "over": View(
        pgettext_lazy("state of promotions", "Ended"),
        *(PromotionQuerySet.over, ("-starts_at", "-pk"), ("state_column", *RESULTS)),
    ),
    "all": View(
        pgettext_lazy("state of promotions", "All"),
        *(PromotionQuerySet.all, ("-requested_at", "-pk"), ("state_column", "age", "before")),
    ),
}


def view_of(request: HttpRequest) -> View:
    """Return the list that is shown; at first, what waits for a decision."""
    return VIEWS.get(request.GET.get("view", ""), VIEWS["waiting"])


class ListFilter(RequiredListFilter):
    """Which list is shown."""

    title = gettext_lazy("list")
    parameter_name = "view"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, view.label) for name, view in VIEWS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Promotion]) -> QuerySet[Promotion]:
        return view_of(request).select(cast("PromotionQuerySet", queryset))


@admin.register(Promotion)
class PromotionAdmin(DecisionMixin):
    """Promotions. The first column links to the page of decision."""

    list_display = ["title", "offer", "sponsor_name"]
    list_filter = [ListFilter, "placement", "kind"]
    search_fields = ["article__live__title", "sponsor__username", "sponsor__display_name", "message"]
    search_users = ("sponsor",)
    search_help_text = gettext_lazy("Title, requester or message")
    change_list_template = "admin/promotion/queue.html"
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Promotion]:
        return Promotion.objects.for_list()

    def with_columns(self, rows: QuerySet[Promotion]) -> QuerySet[Promotion]:
        """Annotate results, and how many of the sponsor's other promotions ran or were refused."""
        others = Promotion.objects.filter(sponsor=OuterRef("sponsor")).exclude(pk=OuterRef("pk"))
        return with_results(cast("PromotionQuerySet", rows)).annotate(
            ran_before=_count(others.filter(state__in=[State.APPROVED, State.ENDED])),
            refused_before=_count(others.filter(state__in=[State.DECLINED, State.REVOKED])),
        )

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        title = f"{self.opts.verbose_name_plural} – {view_of(request).label}"
        return super().changelist_view(request, {"title": capfirst(title), **(extra_context or {})})

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return view_of(request).ordering

    def get_list_display(self, request: HttpRequest) -> Any:
        return [*self.list_display, *view_of(request).columns]

    def get_urls(self) -> list[URLPattern]:
        timeline = require_safe(self.admin_site.admin_view(self.timeline_view))
        results = require_safe(self.admin_site.admin_view(self.results_view))
        return [
            path("timeline/", timeline, name="promotion_promotion_timeline"),
            path("results/", results, name="promotion_promotion_results"),
            *super().get_urls(),
        ]

    def timeline_view(self, request: HttpRequest) -> HttpResponse:
        """Show what runs where in two weeks; `?from=` is the first day."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = timeline_context(request.GET.get("from", ""), now=timezone.now())
        return self.render_page(request, "admin/promotion/timeline.html", context)

    def results_view(self, request: HttpRequest) -> HttpResponse:
        """Show the income by month and currency, what is due, and the results of all promotions."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self.render_page(request, "admin/promotion/results.html", finance_context(timezone.now()))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("article"))
    def title(self, obj: Promotion) -> str:
        return obj.article.live.title if obj.article.live else f"#{obj.article_id}"

    @admin.display(description=gettext_lazy("plan"))
    def offer(self, obj: Promotion) -> str:
        place = f"{obj.placement}: {obj.section}" if obj.section else str(obj.placement)
        price = obj.get_kind_display() if obj.is_editorial else obj.price_shown
        return _("%(place)s, %(days)d-day plan, %(price)s") % {"place": place, "days": obj.days, "price": price}

    @admin.display(description=gettext_lazy("requester"))
    def sponsor_name(self, obj: Promotion) -> str:
        if obj.sponsor_id == obj.article.author_id:
            return _("%(name)s, the author") % {"name": obj.sponsor.name}
        return obj.sponsor.name

    @admin.display(description=pgettext_lazy("of a request", "waiting"))
    def age(self, obj: Promotion) -> str:
        now = timezone.now()
        if now - obj.requested_at < timedelta(minutes=1):
            return _("less than a minute")
        return timesince(obj.requested_at, now, depth=2)

    @admin.display(description=gettext_lazy("requested start"))
    def wanted(self, obj: Promotion) -> str:
        return date_format(obj.wanted_start, "j M Y") if obj.wanted_start else _("as soon as possible")

    @admin.display(description=gettext_lazy("author’s answer"))
    def author_answer(self, obj: Promotion) -> str:
        if obj.author_can_refuse_until is None:
            return "–"
        if obj.author_agreed_at is not None:
            return _("agreed")
        if obj.author_allows:
            return _("no answer before the deadline")
        time = date_format(timezone.localtime(obj.author_can_refuse_until), "j M, H:i")
        return _("can refuse until %(time)s") % {"time": time}

    @admin.display(description=gettext_lazy("state"))
    def state_column(self, obj: Promotion) -> str:
        return str(obj.phase.label)

    @admin.display(description=gettext_lazy("start – end"))
    def from_until(self, obj: Promotion) -> str:
        start, end = obj.starts_at, obj.ran_until
        if start is None or end is None:
            return "–"
        return " – ".join(date_format(timezone.localtime(moment), "j M Y, H:i") for moment in (start, end))

    @admin.display(description=gettext_lazy("closed"))
    def closed(self, obj: Promotion) -> str:
        return timesince(obj.closed_at, timezone.now(), depth=1) if obj.closed_at else "–"

    @admin.display(description=gettext_lazy("previous promotions"))
    def before(self, obj: Any) -> str:
        if not (obj.ran_before or obj.refused_before):
            return "–"
        return _("%(ran)d completed, %(refused)d refused") % {"ran": obj.ran_before, "refused": obj.refused_before}

    @admin.display(description=gettext_lazy("impressions"))
    def impressions(self, obj: Any) -> int:
        return int(obj.impressions)

    @admin.display(description=gettext_lazy("clicks"))
    def clicks(self, obj: Any) -> int:
        return int(obj.clicks)

    @admin.display(description=gettext_lazy("click-through rate"))
    def click_through(self, obj: Any) -> str:
        return format_share(obj.clicks, obj.impressions)


def _count(promotions: QuerySet[Promotion]) -> Coalesce:
    counted = promotions.order_by().values("sponsor").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted), 0)
