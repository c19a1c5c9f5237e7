"""The queue: what waits for a decision, for money, for a look; what is scheduled and runs; what is over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from articles.promotion.admin.accounts import share
from articles.promotion.admin.decision import DecisionPage
from articles.promotion.admin.overview import Overview
from articles.promotion.lifecycle import author_has_spoken
from articles.promotion.models import Promotion, PromotionDay, PromotionQuerySet
from core.admin import KeysetModelAdmin

State = Promotion.State
WAITING = "waiting"
WITH_RESULTS = {"running", "over"}
HISTORY = ["before"]
RESULTS = ["impressions", "clicks", "click_through"]
# What is urgent stands first: what waits the longest, what starts or ends soonest; what is done, newest first.
ORDERS = {
    "paused": ("ends_at", "pk"),
    "refunds": ("closed_at", "pk"),
    "scheduled": ("starts_at", "pk"),
    "running": ("ends_at", "pk"),
    "over": ("-starts_at", "-pk"),
    "all": ("-requested_at", "-pk"),
}


def view_of(promotions: PromotionQuerySet, name: str) -> PromotionQuerySet:
    """One of the lists by its name; what waits for any other name."""
    match name:
        case "unpaid":
            return promotions.unpaid()
        case "paused":
            return promotions.paused()
        case "refunds":
            return promotions.refund_owed()
        case "scheduled":
            return promotions.scheduled()
        case "running":
            return promotions.running()
        case "over":
            now = timezone.now()
            return promotions.filter(starts_at__lte=now).exclude(state=State.APPROVED, ends_at__gt=now)
        case "all":
            return promotions
        case _:
            return promotions.waiting()


class ViewFilter(admin.SimpleListFilter):
    """Which of the lists; what waits for a decision is the one that opens."""

    title = gettext_lazy("list")
    parameter_name = "view"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            (WAITING, _("To decide")),
            ("unpaid", _("Awaiting payment")),
            ("paused", _("Paused: the text changed")),
            ("refunds", _("Money to give back")),
            ("scheduled", pgettext("promotions", "Scheduled")),
            ("running", pgettext("promotions", "Running")),
            ("over", pgettext("promotions", "Over")),
            ("all", pgettext("promotions", "All")),
        ]

    def value(self) -> str:
        value = super().value()
        return value if value in dict(self.lookup_choices) else WAITING

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        for value, title in self.lookup_choices:
            yield {
                "selected": self.value() == value,
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": title,
            }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Promotion]) -> QuerySet[Promotion]:
        return view_of(cast("PromotionQuerySet", queryset), self.value())


@admin.register(Promotion)
class PromotionAdmin(Overview, DecisionPage, KeysetModelAdmin[Promotion]):
    """Promotions. The first column leads to the page where one is looked at and decided on."""

    list_display = ["title", "offer", "sponsor_name"]
    list_display_links = ["title"]
    list_filter = [ViewFilter, "placement", "kind"]
    search_fields = ["article__live__title", "sponsor__username", "sponsor__display_name", "message"]
    search_users = ("sponsor",)
    search_help_text = gettext_lazy("Title, sponsor or message")
    change_list_template = "admin/promotion/queue.html"
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Promotion]:
        promotions = Promotion.objects.for_list()
        if request.GET.get("view") in WITH_RESULTS:
            return with_results(promotions)
        return with_sponsors_history(promotions)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        titles = {
            "unpaid": _("Promotions awaiting payment"),
            "paused": _("Promotions paused: the text changed"),
            "refunds": _("Promotions with money to give back"),
            "scheduled": _("Scheduled promotions"),
            "running": _("Running promotions"),
            "over": _("Promotions that are over"),
            "all": _("All promotions"),
        }
        title = titles.get(request.GET.get("view", ""), _("Promotions to decide, longest first"))
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ORDERS.get(request.GET.get("view", ""), ("requested_at", "pk"))

    def get_list_display(self, request: HttpRequest) -> Any:
        """The columns that matter for the list that is shown."""
        columns = {
            "unpaid": ["age", *HISTORY],
            "paused": ["state_column", "from_until"],
            "refunds": ["state_column", "closed"],
            "scheduled": ["from_until", *HISTORY],
            "running": ["from_until", *RESULTS],
            "over": ["state_column", "from_until", *RESULTS],
            "all": ["state_column", "age", *HISTORY],
        }.get(request.GET.get("view", ""), ["age", "wanted", "authors_word", *HISTORY])
        return ["title", "offer", "sponsor_name", *columns]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("article"))
    def title(self, obj: Promotion) -> str:
        return obj.article.live.title if obj.article.live else f"#{obj.article_id}"

    @admin.display(description=gettext_lazy("offer"))
    def offer(self, obj: Promotion) -> str:
        place = f"{obj.placement}: {obj.section}" if obj.section else str(obj.placement)
        price = obj.get_kind_display() if obj.kind == Promotion.Kind.EDITORIAL else obj.price_shown
        return _("%(place)s, %(days)d d, %(price)s") % {"place": place, "days": obj.days, "price": price}

    @admin.display(description=gettext_lazy("sponsor"))
    def sponsor_name(self, obj: Promotion) -> str:
        if obj.sponsor_id == obj.article.author_id:
            return _("%(name)s, the author") % {"name": obj.sponsor.name}
        return obj.sponsor.name

    @admin.display(description=pgettext_lazy("of a request", "since"))
    def age(self, obj: Promotion) -> str:
        now = timezone.now()
        if now - obj.requested_at < timedelta(minutes=1):
            return _("less than a minute")
        return timesince(obj.requested_at, now, depth=2)

    @admin.display(description=gettext_lazy("wanted start"))
    def wanted(self, obj: Promotion) -> str:
        return date_format(obj.wanted_start, "j M Y") if obj.wanted_start else _("soon")

    @admin.display(description=gettext_lazy("author’s word"))
    def authors_word(self, obj: Promotion) -> str:
        if obj.author_may_refuse_until is None:
            return "–"
        if obj.author_agreed_at is not None:
            return _("agreed")
        if author_has_spoken(obj):
            return _("no answer in time")
        return _("may refuse until %(time)s") % {
            "time": date_format(timezone.localtime(obj.author_may_refuse_until), "j M, H:i")
        }

    @admin.display(description=gettext_lazy("state"))
    def state_column(self, obj: Promotion) -> str:
        return str(obj.phase.label)

    @admin.display(description=gettext_lazy("from – until"))
    def from_until(self, obj: Promotion) -> str:
        start, end = obj.starts_at, obj.ran_until
        if start is None or end is None:
            return "–"
        return " – ".join(date_format(timezone.localtime(one), "j M Y, H:i") for one in (start, end))

    @admin.display(description=gettext_lazy("closed"))
    def closed(self, obj: Promotion) -> str:
        return timesince(obj.closed_at, timezone.now(), depth=1) if obj.closed_at else "–"

    @admin.display(description=gettext_lazy("before"))
    def before(self, obj: Any) -> str:
        if not (obj.ran_before or obj.refused_before):
            return "–"
        return _("%(ran)d ran, %(refused)d refused") % {"ran": obj.ran_before, "refused": obj.refused_before}

    @admin.display(description=gettext_lazy("impressions"))
    def impressions(self, obj: Any) -> int:
        return int(obj.impressions)

    @admin.display(description=gettext_lazy("clicks"))
    def clicks(self, obj: Any) -> int:
        return int(obj.clicks)

    @admin.display(description=gettext_lazy("click-through"))
    def click_through(self, obj: Any) -> str:
        return share(obj.clicks, obj.impressions)


def with_results(promotions: PromotionQuerySet) -> PromotionQuerySet:
    """With `impressions` and `clicks`, in all."""
    days = PromotionDay.objects.filter(promotion=OuterRef("pk")).order_by().values("promotion")
    return promotions.annotate(
        **{
            name: Coalesce(Subquery(days.annotate(sum=Sum(name)).values("sum")), 0)
            for name in ("impressions", "clicks")
        }
    )


def with_sponsors_history(promotions: PromotionQuerySet) -> PromotionQuerySet:
    """With `ran_before` and `refused_before`: what became of the sponsor's other promotions."""
    others = Promotion.objects.filter(sponsor=OuterRef("sponsor")).exclude(pk=OuterRef("pk"))
    return promotions.annotate(
        ran_before=_count(others.filter(state__in=[State.APPROVED, State.ENDED])),
        refused_before=_count(others.filter(state__in=[State.DECLINED, State.REVOKED])),
    )


def _count(promotions: QuerySet[Promotion]) -> Coalesce:
    counted = promotions.order_by().values("sponsor").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted), 0)
