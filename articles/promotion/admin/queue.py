"""The lists of promotions, the page on which a moderator decides on one, and the pages beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, pgettext_lazy
from django.views.decorators.http import require_safe

from accounts.models import User
from articles.models import Revision
from articles.presenters import article_page_context
from articles.promotion.admin.finance import DAY_SUMS, finance_context, format_share
from articles.promotion.admin.timeline import timeline_context
from articles.promotion.forms import Action, DecisionForm, EditorialPickForm
from articles.promotion.models import Promotion
from articles.promotion.public_ledger import with_results
from articles.promotion.services import decisions
from articles.promotion.services.capacity import first_free_start, wanted_start
from articles.promotion.services.payments import confirm_payment
from articles.promotion.services.refunds import record_refund, refund_if_closed
from articles.promotion.services.state_machine import DECIDE_PERMISSION
from core.admin import KeysetModelAdmin, ViewFilter
from core.exceptions import ActionNotAllowed
from core.http_cache import framed

State = Promotion.State
OLDEST = ("requested_at", "pk")
RESULTS = ("from_until", "impressions", "clicks", "click_through")
# List → order and columns. The urgent ones first: the oldest requests, what starts or ends next. Of what is over, the
# newest first.
VIEWS: dict[str, tuple[tuple[str, str], tuple[str, ...]]] = {
    "waiting": (OLDEST, ("age", "wanted", "author_answer", "before")),
    "unpaid": (OLDEST, ("age", "before")),
    "paused": (("ends_at", "pk"), ("state_column", "from_until")),
    "refunds": (OLDEST, ("state_column", "closed")),
    "scheduled": (("starts_at", "pk"), ("from_until", "before")),
    "running": (("ends_at", "pk"), RESULTS),
    "over": (("-starts_at", "-pk"), ("state_column", *RESULTS)),
    "all": (("-requested_at", "-pk"), ("state_column", "age", "before")),
}


class PromotionFilter(ViewFilter):
    views = {
        "waiting": gettext_lazy("Waiting for a decision"),
        "unpaid": gettext_lazy("Awaiting payment"),
        "paused": gettext_lazy("Paused: text changed"),
        "refunds": gettext_lazy("Refunds due"),
        "scheduled": pgettext_lazy("state of promotions", "Scheduled"),
        "running": pgettext_lazy("state of promotions", "Running"),
        "over": pgettext_lazy("state of promotions", "Ended"),
        "all": pgettext_lazy("state of promotions", "All"),
    }


# Action → the service, and the message after it.
_SERVICES: dict[str, tuple[Callable[..., object], str]] = {
    Action.APPROVE: (decisions.approve, gettext_noop("The promotion of “%(title)s” is approved.")),
    Action.CONFIRM_PAYMENT: (
        confirm_payment,
        gettext_noop("The payment for “%(title)s” is confirmed. You can now decide on the request."),
    ),
    Action.REAPPROVE: (
        decisions.reapprove_after_edit,
        gettext_noop("The promotion of “%(title)s” continues with the changed text."),
    ),
    Action.MOVE_START: (decisions.move_start, gettext_noop("The promotion of “%(title)s” has a new start time.")),
    Action.DECLINE: (decisions.decline, gettext_noop("The promotion of “%(title)s” is declined.")),
    Action.REVOKE: (decisions.revoke, gettext_noop("The promotion of “%(title)s” is revoked.")),
    Action.RECORD_REFUND: (record_refund, gettext_noop("The refund for “%(title)s” is recorded.")),
    Action.CORRECT: (
        decisions.add_correction,
        gettext_noop("The correction for “%(title)s” was added to the ledger."),
    ),
}


def possible_actions(promotion: Promotion, moderator: User) -> list[Action]:
    """Return what the page offers, the likeliest first. The services check it again."""
    phase, is_public = promotion.phase, promotion.article.is_public
    is_others = not promotion.is_own_of(moderator)
    can_approve = phase in {State.REQUESTED, State.PAID} and is_public and promotion.author_allows
    offers = {
        Action.CONFIRM_PAYMENT: is_others and phase == State.AWAITING_PAYMENT,
        Action.APPROVE: is_others and can_approve,
        Action.DECLINE: is_others and promotion.is_undecided,
        Action.REAPPROVE: is_others and promotion.is_paused and is_public,
        Action.MOVE_START: is_others and phase == State.SCHEDULED,
        Action.RECORD_REFUND: is_others and any(payment.is_refunded_by_hand for payment in promotion.payments.all()),
        Action.REVOKE: phase in {State.SCHEDULED, State.RUNNING},
        Action.CORRECT: True,
    }
    return [action for action, is_offered in offers.items() if is_offered]


@admin.register(Promotion)
class PromotionAdmin(KeysetModelAdmin[Promotion]):
    """Promotions are looked at and decided on instead of edited. Adding one is an editorial pick."""

    list_display = ["article", "offer", "sponsor_name"]
    list_filter = [PromotionFilter, "placement", "kind"]
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
        return with_results(rows).annotate(
            ran_before=_count(others.filter(state__in=[State.APPROVED, State.ENDED])),
            refused_before=_count(others.filter(state__in=[State.DECLINED, State.REVOKED])),
        )

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        title = f"{self.opts.verbose_name_plural} – {PromotionFilter.views[PromotionFilter.selected(request)]}"
        return super().changelist_view(request, {"title": capfirst(title), **(extra_context or {})})

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return VIEWS[PromotionFilter.selected(request)][0]

    def get_list_display(self, request: HttpRequest) -> Any:
        return [*self.list_display, *VIEWS[PromotionFilter.selected(request)][1]]

    def get_urls(self) -> list[URLPattern]:
        timeline = require_safe(self.admin_site.admin_view(self.timeline_view))
        results = require_safe(self.admin_site.admin_view(self.results_view))
        preview = framed(self.admin_site.admin_view(self.preview_view))
        return [
            path("<path:object_id>/preview/", preview, name="promotion_promotion_preview"),
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

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(DECIDE_PERMISSION))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the promotion; a POST decides."""
        assert isinstance(request.user, User)
        if not self.has_view_permission(request):
            raise PermissionDenied
        promotion = self.get_object(request, unquote(object_id))
        if promotion is None:
            return super().change_view(request, object_id, form_url, extra_context)  # Says that it does not exist.
        # All actions, even if the page offers fewer by now: the service explains why one is not possible any more.
        form, status = DecisionForm(request.POST or None), 200
        if form.is_valid():
            try:
                return self._act(request, promotion, form)
            except ActionNotAllowed as error:
                form.add_error(error.field, str(error))
                status = 200 if error.field else 409
                promotion = self.get_object(request, unquote(object_id)) or promotion
        form.offer(possible_actions(promotion, request.user))
        context = {**_decision_context(promotion, request.user), "form": form, **(extra_context or {})}
        return self.render_page(request, "admin/promotion/decide.html", context, status=status)

    def _act(self, request: HttpRequest, promotion: Promotion, form: DecisionForm) -> HttpResponse:
        """Carry out the decision; return the redirect to the next page."""
        action = Action(form.cleaned_data["action"])
        arguments = {"promotion": promotion, "moderator": request.user, "reason": form.cleaned_data["reason"]}
        if action in {Action.APPROVE, Action.MOVE_START}:
            arguments["start"] = form.cleaned_data["start"]
        if action in {Action.APPROVE, Action.REAPPROVE}:
            # The article can be edited after the moderator has read it. Zero is no revision.
            arguments["revision_id"] = form.cleaned_data["revision"] or 0
        service, message = _SERVICES[action]
        service(**arguments)
        self.log_change(request, promotion, action.label)
        messages.success(request, _(message) % {"title": str(promotion.article)})
        if action in {Action.APPROVE, Action.DECLINE}:  # Back to the queue, for the next one.
            return redirect("admin:promotion_promotion_changelist")
        return redirect("admin:promotion_promotion_change", promotion.pk)

    def preview_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the article as readers see it, for the frame on the page of decision."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        promotion = self.get_object(request, unquote(object_id))
        revisions = Revision.objects.select_related("article__author", "article__section", "section", "image")
        live = get_object_or_404(revisions, pk=promotion.article.live_id if promotion else None)
        context = {**article_page_context(live.article, live), "preview": True}
        return render(request, "admin/article_preview.html", context)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Create an editorial pick; `?article=` fills in the article."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = EditorialPickForm(request.POST or None, initial={"article": request.GET.get("article", "")[:400]})
        if form.is_valid():
            assert isinstance(request.user, User)
            try:
                promotion = decisions.create_editorial_pick(moderator=request.user, **form.cleaned_data)
            except ActionNotAllowed as error:
                form.add_error(None, str(error))
            else:
                self.log_addition(request, promotion, _("Editors’ choice"))
                message = _("“%(title)s” is now promoted in this place.")
                messages.success(request, message % {"title": str(promotion.article)})
                return redirect("admin:promotion_promotion_change", promotion.pk)
        context = {"title": _("Editors’ choice"), "form": form, **(extra_context or {})}
        return self.render_page(request, "admin/promotion/pick.html", context)

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
        return timesince(obj.requested_at)

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
        return timesince(obj.closed_at, depth=1) if obj.closed_at else "–"

    @admin.display(description=gettext_lazy("previous promotions"))
    def before(self, obj: Any) -> str:
        if not (obj.ran_before or obj.refused_before):
            return "–"
        return _("%(ran)d completed, %(refused)d refused") % {"ran": obj.ran_before, "refused": obj.refused_before}

    @admin.display(description=gettext_lazy("impressions"))
    def impressions(self, obj: Any) -> int:
        return obj.impressions  # type: ignore[no-any-return]

    @admin.display(description=gettext_lazy("clicks"))
    def clicks(self, obj: Any) -> int:
        return obj.clicks  # type: ignore[no-any-return]

    @admin.display(description=gettext_lazy("click-through rate"))
    def click_through(self, obj: Any) -> str:
        return format_share(obj.clicks, obj.impressions)


def _decision_context(promotion: Promotion, moderator: User) -> dict[str, Any]:
    article = promotion.article
    others = Promotion.objects.filter(sponsor=promotion.sponsor_id).exclude(pk=promotion.pk)
    refund = refund_if_closed(promotion) if promotion.phase in {State.SCHEDULED, State.RUNNING} else 0
    free_from = None
    if promotion.is_undecided and article.is_public:
        not_before = wanted_start(promotion) or timezone.now()
        free_from = first_free_start(promotion, section=article.section, not_before=not_before)
    return {
        "title": str(article),
        "promotion": promotion,
        "article": article,
        "is_own": promotion.is_own_of(moderator),
        "free_from": free_from,
        "refund_now": refund,
        "ledger": promotion.ledger.select_related("actor"),
        "counts": others.aggregate(
            ran=Count("pk", filter=Q(state__in=[State.APPROVED, State.ENDED])),
            declined=Count("pk", filter=Q(state=State.DECLINED)),
            revoked=Count("pk", filter=Q(state=State.REVOKED)),
            cancelled=Count("pk", filter=Q(state=State.CANCELLED)),
        ),
        "others": others.for_list().order_by("-requested_at", "-pk")[:10],
        "results": promotion.day_rows.aggregate(**DAY_SUMS),
    }


def _count(promotions: QuerySet[Promotion]) -> Coalesce:
    counted = promotions.order_by().values("sponsor").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted), 0)
