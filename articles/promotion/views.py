"""The pages of sponsors, and of authors whose articles others put forward."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django.views.generic import FormView, TemplateView
from django.views.generic.base import View
from payments import PaymentError, RedirectNeeded
from payments.core import provider_factory

from accounts.models import User
from articles.models import Article
from articles.promotion import lifecycle
from articles.promotion.access import own_promotion, promotion_of_own_article
from articles.promotion.billing import open_payment
from articles.promotion.forms import AnswerForm, CancelForm, RequestForm
from articles.promotion.models import Plan, Promotion
from articles.promotion.money import exact
from articles.promotion.refunds import refund_of
from articles.promotion.requesting import WrongDay, WrongPlan
from articles.promotion.schedule import next_free_starts
from articles.selectors import published_article
from core.exceptions import ActionNotAllowed
from core.ratelimit import check_rate_limit

REQUESTS_AN_HOUR = 10
PAYMENTS_AN_HOUR = 30


class PromoteView(FormView[RequestForm]):
    """The article's card as it will look, the plans with their next free date, and what else a request holds."""

    template_name = "promotion/promote.html"
    form_class = RequestForm
    http_method_names = ["get", "head", "post", "options"]
    article: Article

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.article = published_article(kwargs["pk"])
        if not request.user.is_authenticated:
            return redirect_to_login(reverse("promote", kwargs={"pk": self.article.pk}))
        lifecycle.close_ended()
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        check_rate_limit(request, "promote", limit=REQUESTS_AN_HOUR, seconds=3600)
        return super().post(request, *args, **kwargs)

    def get_form(self, form_class: type[RequestForm] | None = None) -> RequestForm:
        plans = list(Plan.objects.offered())
        free = next_free_starts(plans, section=self.article.section, now=timezone.now())
        return RequestForm(self.request.POST if self.request.method == "POST" else None, plans=plans, free=free)

    def form_valid(self, form: RequestForm) -> HttpResponse:
        assert isinstance(self.request.user, User)
        asked = form.cleaned_data
        try:
            promotion = lifecycle.request_promotion(
                article=self.article,
                sponsor=self.request.user,
                plan=asked["plan"],
                wanted_start=asked["wanted_start"],
                message=asked["message"],
                form_key=asked["form_key"],
            )
        except ActionNotAllowed as error:
            form.add_error(_field_of(error), str(error))
            return self.form_invalid(form)
        if promotion.state == Promotion.State.AWAITING_PAYMENT:
            return redirect("promotion_pay", pk=promotion.pk)
        messages.success(self.request, _("Thank you: the moderators have your request."))
        return redirect(promotion)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        assert isinstance(self.request.user, User)
        user = self.request.user
        own = Promotion.objects.open().by(user).filter(article=self.article).select_related("placement", "plan")
        is_others = self.article.author_id != user.pk
        return super().get_context_data(
            article=self.article,
            own=list(own),
            author_is_asked=is_others,
            author_is_against=is_others and not self.article.author.allows_promotion_by_others,
            **kwargs,
        )


class PromotionView(LoginRequiredMixin, TemplateView):
    """Where a promotion stands, for its sponsor: its story, and what can be done."""

    template_name = "promotion/promotion.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        lifecycle.close_ended()
        return super().get_context_data(**about(own_promotion(self.request.user, kwargs["pk"])), **kwargs)


class PayView(LoginRequiredMixin, View):
    """Paying for a promotion, by whatever the site has: a transfer, a form that pretends, or Stripe."""

    http_method_names = ["get", "head", "post", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        self.promotion = own_promotion(request.user, kwargs["pk"])
        if self.promotion.state != Promotion.State.AWAITING_PAYMENT:
            return redirect(self.promotion)
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        form_class = getattr(provider_factory(settings.PAYMENTS), "outcome_form", None)
        return self.page(form_class() if form_class else None)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        check_rate_limit(request, "promotion-pay", limit=PAYMENTS_AN_HOUR, seconds=3600)
        try:
            payment = open_payment(promotion=self.promotion, variant=settings.PAYMENTS)
            return self.page(payment.get_form(data=request.POST))
        except RedirectNeeded as elsewhere:
            return redirect(str(elsewhere))
        except ActionNotAllowed as error:
            messages.error(request, str(error))
        except (PaymentError, OSError):
            messages.error(request, _("The payment did not go through, and nothing was taken. Please try again."))
        return redirect("promotion_pay", pk=pk)

    def page(self, form: Any) -> HttpResponse:
        """The page with the provider's form, which is None where it has none."""
        context = {
            "promotion": self.promotion,
            "article": self.promotion.article,
            "form": form,
            "provider": settings.PAYMENTS,
            "instructions": settings.PAYMENT_INSTRUCTIONS,
        }
        return render(self.request, "promotion/pay.html", context)


@login_required
@require_POST
def cancel_promotion(request: HttpRequest, pk: int) -> HttpResponse:
    """The sponsor takes it back."""
    assert isinstance(request.user, User)
    promotion = own_promotion(request.user, pk)
    form = CancelForm(request.POST)
    if form.is_valid():
        try:
            lifecycle.cancel(promotion=promotion, sponsor=request.user, reason=form.cleaned_data["reason"])
        except ActionNotAllowed as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("The promotion is cancelled."))
        return redirect(promotion)
    return render(request, "promotion/promotion.html", {**about(promotion), "cancel_form": form})


class AuthorView(LoginRequiredMixin, FormView[AnswerForm]):
    """An author is asked about somebody else's promotion of their article: agree or refuse."""

    template_name = "promotion/author.html"
    form_class = AnswerForm
    http_method_names = ["get", "head", "post", "options"]
    promotion: Promotion

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        self.promotion = promotion_of_own_article(request.user, kwargs["pk"])
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: AnswerForm) -> HttpResponse:
        assert isinstance(self.request.user, User)
        try:
            if form.cleaned_data["answer"] == "agree":
                lifecycle.agree(promotion=self.promotion, author=self.request.user)
                messages.success(self.request, _("Thank you: a moderator decides next."))
            else:
                reason = form.cleaned_data["reason"]
                lifecycle.refuse(promotion=self.promotion, author=self.request.user, reason=reason)
                messages.success(self.request, _("You refused. Your article is not promoted, and the sponsor is told."))
        except ActionNotAllowed as error:
            form.add_error(None, str(error))
            return self.form_invalid(form)
        return redirect("promotion_author", pk=self.promotion.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        promotion = self.promotion
        undecided = promotion.state in {Promotion.State.REQUESTED, Promotion.State.AWAITING_PAYMENT, "paid"}
        until = promotion.author_may_refuse_until
        return super().get_context_data(
            promotion=promotion,
            article=promotion.article,
            may_agree=undecided and promotion.author_agreed_at is None,
            may_refuse=undecided and until is not None and timezone.now() < until,
            **kwargs,
        )


def about(promotion: Promotion) -> dict[str, Any]:
    """What the sponsor's page of a promotion shows."""
    received = [one for one in promotion.payments.all() if one.received_at is not None and not one.refund_due]
    back = sum(refund_of(promotion, one.amount, now=timezone.now()) for one in received)
    return {
        "promotion": promotion,
        "article": promotion.article,
        "story": list(promotion.ledger.in_order()),
        "may_cancel": promotion.is_open and promotion.kind != Promotion.Kind.EDITORIAL,
        "cancel_form": CancelForm(),
        "refund": exact(back, promotion.currency) if back else "",
    }


def _field_of(error: ActionNotAllowed) -> str | None:
    """Which field a refusal stands beside."""
    if isinstance(error, WrongDay):
        return "wanted_start"
    return "plan" if isinstance(error, WrongPlan) else None
