"""The page on which a moderator looks at one promotion and decides, and the form for an editorial pick."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from articles.models import Revision
from articles.presenters import article_page_context
from articles.promotion.admin.finance import DAY_SUMS
from articles.promotion.forms import Action, DecisionForm, EditorialPickForm
from articles.promotion.models import Promotion
from articles.promotion.services import decisions
from articles.promotion.services.capacity import first_free_start, wanted_start
from articles.promotion.services.payments import confirm_payment
from articles.promotion.services.refunds import record_refund, refund_if_closed
from articles.promotion.services.state_machine import DECIDE_PERMISSION
from core.admin import KeysetModelAdmin
from core.exceptions import ActionNotAllowed
from core.http_cache import framed

State = Promotion.State
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


class DecisionMixin(KeysetModelAdmin[Promotion]):
    """An admin whose objects are looked at and decided on instead of edited. Adding one is an editorial pick."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(DECIDE_PERMISSION))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request)

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
        promotion = self.get_object(request, unquote(object_id))
        if promotion is None:
            return super().change_view(request, object_id, form_url, extra_context)  # Says that it does not exist.
        form, status = DecisionForm(), 200
        if request.method == "POST":
            # All actions, even if the page offers fewer by now: the service explains why one is not possible any more.
            form = DecisionForm(request.POST)
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
        return render(request, "articles/article.html", {**article_page_context(live.article, live), "preview": True})

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
        "changed": article.live_id != promotion.approved_revision_id,
        "can_decide": moderator.has_perm(DECIDE_PERMISSION),
        "is_own": promotion.is_own_of(moderator),
        "free_from": free_from,
        "refund_now": refund,
        "payments": promotion.payments.all(),
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
