"""The page on which a moderator looks at one promotion and decides, and the form for an editorial pick."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from articles.models import Article
from articles.presenters import article_page_context
from articles.promotion.forms import Action, DecisionForm, EditorialPickForm
from articles.promotion.models import Promotion
from articles.promotion.models.payment import format_amount
from articles.promotion.services import decisions
from articles.promotion.services.capacity import first_free_start, wanted_start
from articles.promotion.services.payments import confirm_payment, record_refund, refund_amount
from articles.promotion.services.state_machine import DECIDE_PERMISSION
from core.exceptions import ActionNotAllowed
from core.http_cache import framed

Phase, State = Promotion.Phase, Promotion.State
_SUCCESS: dict[str, str] = {
    Action.APPROVE: gettext_noop("The promotion of “%(title)s” is approved."),
    Action.CONFIRM_PAYMENT: gettext_noop(
        "The payment for “%(title)s” is confirmed. You can now decide on the request."
    ),
    Action.REAPPROVE: gettext_noop("The promotion of “%(title)s” continues with the changed text."),
    Action.MOVE_START: gettext_noop("The promotion of “%(title)s” has a new start time."),
    Action.DECLINE: gettext_noop("The promotion of “%(title)s” is declined."),
    Action.REVOKE: gettext_noop("The promotion of “%(title)s” is revoked."),
    Action.RECORD_REFUND: gettext_noop("The refund for “%(title)s” is recorded."),
    Action.CORRECT: gettext_noop("The correction for “%(title)s” was added to the ledger."),
}
_SERVICES: dict[str, Callable[..., object]] = {
    Action.APPROVE: decisions.approve,
    Action.CONFIRM_PAYMENT: confirm_payment,
    Action.REAPPROVE: decisions.reapprove_after_edit,
    Action.MOVE_START: decisions.move_start,
    Action.DECLINE: decisions.decline,
    Action.REVOKE: decisions.revoke,
    Action.RECORD_REFUND: record_refund,
    Action.CORRECT: decisions.add_correction,
}


def possible_actions(promotion: Promotion, moderator: User) -> list[Action]:
    """Return what the page offers, the likeliest first. The services check it again."""
    phase, article = promotion.phase, promotion.article
    is_own = promotion.sponsor_id == moderator.pk and not promotion.is_editorial
    can_approve = phase in {Phase.REQUESTED, Phase.PAID} and article.is_public and decisions.author_allows(promotion)
    offers = {
        Action.CONFIRM_PAYMENT: phase == Phase.AWAITING_PAYMENT and not is_own,
        Action.APPROVE: can_approve and not is_own,
        Action.DECLINE: promotion.is_undecided and not is_own,
        Action.REAPPROVE: promotion.is_paused and article.is_public and not is_own,
        Action.MOVE_START: phase == Phase.SCHEDULED and not is_own,
        Action.RECORD_REFUND: any(payment.refund_left for payment in promotion.payments.all()) and not is_own,
        Action.REVOKE: phase in {Phase.SCHEDULED, Phase.RUNNING},
        Action.CORRECT: True,
    }
    return [action for action, is_offered in offers.items() if is_offered]


class DecisionMixin(admin.ModelAdmin[Promotion]):
    """An admin whose objects are looked at and decided on instead of edited. Adding one is an editorial pick."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(DECIDE_PERMISSION))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(DECIDE_PERMISSION))

    def get_urls(self) -> list[URLPattern]:
        preview: Callable[..., HttpResponse] = framed(self.admin_site.admin_view(self.preview_view))
        return [path("<path:object_id>/preview/", preview, name="promotion_promotion_preview"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the promotion; a POST decides."""
        assert isinstance(request.user, User)
        if not self.has_view_permission(request):
            raise PermissionDenied
        promotion = _get_promotion(object_id)
        if promotion is None:
            return super().change_view(request, object_id, form_url, extra_context)  # Says that it does not exist.
        form = DecisionForm(promotion=promotion, actions=possible_actions(promotion, request.user))
        refusal = ""
        if request.method == "POST":
            if not request.user.has_perm(DECIDE_PERMISSION):
                raise PermissionDenied
            # All actions, even if the page offers fewer by now: the service explains why one is not possible any more.
            form = DecisionForm(request.POST, promotion=promotion, actions=list(Action))
            if form.is_valid():
                action = Action(form.cleaned_data["action"])
                refusal = self._act(request, promotion, form)
                if not refusal:
                    if action in {Action.APPROVE, Action.DECLINE}:  # Back to the queue, for the next one.
                        return redirect("admin:promotion_promotion_changelist")
                    return redirect("admin:promotion_promotion_change", promotion.pk)
                promotion = _get_promotion(object_id) or promotion
                values = {name: form.cleaned_data[name] for name in ("action", "start", "reason")}
                actions = possible_actions(promotion, request.user)
                form = DecisionForm(promotion=promotion, actions=actions, values=values)
            else:
                form.offer(possible_actions(promotion, request.user))
        context = {
            **self.admin_site.each_context(request),
            **_decision_context(promotion, request.user),
            "opts": self.opts,
            "form": form,
            "refusal": refusal,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/promotion/decide.html", context, status=409 if refusal else 200)

    def _act(self, request: HttpRequest, promotion: Promotion, form: DecisionForm) -> str:
        """Carry out the decision; return why it was not possible, or ""."""
        action = Action(form.cleaned_data["action"])
        arguments = {"promotion": promotion, "moderator": request.user, "reason": form.cleaned_data["reason"]}
        if action in {Action.APPROVE, Action.MOVE_START}:
            arguments["start"] = form.cleaned_data["start"]
        if action in {Action.APPROVE, Action.REAPPROVE}:
            # The form has checked that the moderator has read this one; the service checks it again under its lock.
            arguments["revision_id"] = promotion.article.live_id
        try:
            _SERVICES[action](**arguments)
        except ActionNotAllowed as error:
            return str(error)
        self.log_change(request, promotion, action.label)
        messages.success(request, _(_SUCCESS[action]) % {"title": str(promotion.article)})
        return ""

    def preview_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the article as readers see it, for the frame on the page of decision."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        article = (
            Article.objects.filter(promotions=_parse_id(object_id))
            .select_related("author", "section", "live__section", "live__image")
            .first()
        )
        if article is None or article.live is None:
            raise Http404
        assert article.live is not None  # a published article has a live revision: a constraint
        return render(
            request, "articles/article.html", {**article_page_context(article, article.live), "preview": True}
        )

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Create an editorial pick; `?article=` fills in the article."""
        assert isinstance(request.user, User)
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = EditorialPickForm(request.POST or None, initial={"article": request.GET.get("article", "")[:400]})
        if form.is_valid():
            try:
                promotion = decisions.create_editorial_pick(moderator=request.user, **form.cleaned_data)
            except ActionNotAllowed as error:
                form.add_error(None, str(error))
            else:
                self.log_addition(request, promotion, _("Editors’ choice"))
                messages.success(
                    request, _("“%(title)s” is now promoted in this place.") % {"title": str(promotion.article)}
                )
                return redirect("admin:promotion_promotion_change", promotion.pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Editors’ choice"),
            "form": form,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/promotion/pick.html", context)


def _parse_id(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else 0


def _get_promotion(object_id: str) -> Promotion | None:
    """Return the promotion with all that its page shows, or None."""
    promotions = Promotion.objects.for_list().select_related("approved_revision", "decided_by")
    promotions = promotions.defer("approved_revision__body").prefetch_related("payments")
    return promotions.filter(pk=_parse_id(unquote(object_id))).first()


def _decision_context(promotion: Promotion, moderator: User) -> dict[str, Any]:
    now, phase, article = timezone.now(), promotion.phase, promotion.article
    others = Promotion.objects.filter(sponsor=promotion.sponsor_id).exclude(pk=promotion.pk)
    refundable = [payment for payment in promotion.payments.all() if payment.is_refundable]
    refund = sum(refund_amount(promotion, payment.amount, now=now) for payment in refundable)
    is_approved = phase in {Phase.SCHEDULED, Phase.RUNNING}
    free_from = None
    if promotion.is_undecided and article.is_public:
        free_from = first_free_start(
            placement=promotion.placement,
            section=article.section if promotion.placement.is_per_section else None,
            days=promotion.days,
            not_before=wanted_start(promotion) or now,
        )
    return {
        "title": str(article),
        "original": promotion,
        "promotion": promotion,
        "article": article,
        "phase": phase,
        "changed": article.live_id != promotion.approved_revision_id,
        "can_decide": moderator.has_perm(DECIDE_PERMISSION),
        "actions": possible_actions(promotion, moderator),
        "is_own": promotion.sponsor_id == moderator.pk and not promotion.is_editorial,
        "author_allows": decisions.author_allows(promotion),
        "free_from": free_from,
        "refund_now": format_amount(refund, promotion.currency) if is_approved and refundable else "",
        "refund_left": [
            format_amount(payment.refund_left, payment.currency)
            for payment in promotion.payments.all()
            if payment.refund_left
        ],
        "ledger": promotion.ledger.in_order().select_related("actor"),
        "counts": others.aggregate(
            ran=Count("pk", filter=Q(state__in=[State.APPROVED, State.ENDED])),
            declined=Count("pk", filter=Q(state=State.DECLINED)),
            revoked=Count("pk", filter=Q(state=State.REVOKED)),
            cancelled=Count("pk", filter=Q(state=State.CANCELLED)),
        ),
        "others": others.for_list().order_by("-requested_at", "-pk")[:10],
        "results": promotion.day_rows.aggregate(
            **{name: Sum(name, default=0) for name in ("impressions", "clicks", "views")}
        ),
    }
