"""Pages of sponsors and of authors, results, the beacon, and the callbacks of payment providers."""

from __future__ import annotations

import re
import uuid

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from payments import PaymentError, RedirectNeeded
from payments.core import provider_factory

from accounts.models import User
from articles.promotion.forms import AnswerForm, CancelForm, OutcomeForm, RequestForm
from articles.promotion.models import Payment, Plan, Promotion
from articles.promotion.models.payment import format_amount
from articles.promotion.selectors import (
    own_promotion,
    promotion_of_own_article,
    promotion_results,
    promotion_with_results,
)
from articles.promotion.services.capacity import next_free_starts
from articles.promotion.services.payments import open_payment
from articles.promotion.services.refunds import refund_if_closed
from articles.promotion.services.requests import author_agrees, author_refuses, cancel, request_promotion
from articles.promotion.services.tracking import record
from articles.readership.visitors import is_prefetch, is_same_origin, visitor_of
from articles.selectors import published_article
from core.charts import chart
from core.csv_files import csv_response
from core.exceptions import ActionNotAllowed
from core.ratelimit import check_rate_limit

MAX_REQUESTS_PER_HOUR = 10
MAX_PAYMENTS_PER_HOUR = 30
# Up to 20 ids, more than any page shows, that fit their column.
_IDS = re.compile(r"(?:[0-9]{1,18}(?:,[0-9]{1,18}){0,19})?")

read_or_post = require_http_methods(["GET", "HEAD", "POST"])


@read_or_post
def promote(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the article's card and the plans with their first possible starts; a POST requests a promotion."""
    article = published_article(pk)
    assert article.section is not None  # guaranteed by a constraint
    user = request.user
    if not isinstance(user, User):
        return redirect_to_login(request.path)
    if request.method == "POST":
        check_rate_limit(request, "promote", limit=MAX_REQUESTS_PER_HOUR, seconds=3600)
    free = next_free_starts(Plan.objects.offered(), section=article.section, now=timezone.now())
    form = RequestForm(request.POST if request.method == "POST" else None, free=free)
    if form.is_valid():
        try:
            values = {name: form.cleaned_data[name] for name in ("plan", "wanted_start", "message", "form_key")}
            promotion = request_promotion(article=article, sponsor=user, **values)
        except ActionNotAllowed as error:
            form.add_error(error.field, str(error))
        else:
            if promotion.state == Promotion.State.AWAITING_PAYMENT:
                return redirect("promotion_pay", pk=promotion.pk)
            messages.success(request, _("Thank you. Your request has been sent to the moderators."))
            return redirect(promotion)
    is_others = article.author_id != user.pk
    context = {
        "form": form,
        "article": article,
        "own": Promotion.objects.open().filter(sponsor=user, article=article).select_related("placement"),
        "author_is_asked": is_others,
        "author_is_against": is_others and not article.author.allows_promotion_by_others,
    }
    return render(request, "promotion/promote.html", context)


@login_required
@require_safe
def promotion_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the sponsor where a promotion stands, its history, and what can be done."""
    return _promotion_page(request, own_promotion(request.user, pk), CancelForm())


@login_required
@require_POST
def cancel_promotion(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel a promotion as its sponsor."""
    assert isinstance(request.user, User)
    promotion = own_promotion(request.user, pk)
    form = CancelForm(request.POST)
    if not form.is_valid():
        return _promotion_page(request, promotion, form)
    try:
        cancel(promotion=promotion, sponsor=request.user, reason=form.cleaned_data["reason"])
    except ActionNotAllowed as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The promotion is cancelled."))
    return redirect(promotion)


def _promotion_page(request: HttpRequest, promotion: Promotion, form: CancelForm) -> HttpResponse:
    refund = refund_if_closed(promotion)
    context = {
        "promotion": promotion,
        "article": promotion.article,
        "history": promotion.ledger.all(),
        "can_cancel": promotion.is_open and not promotion.is_editorial,
        "cancel_form": form,
        "refund": format_amount(refund, promotion.currency) if refund else "",
    }
    return render(request, "promotion/promotion.html", context)


@login_required
@read_or_post
def pay(request: HttpRequest, pk: int) -> HttpResponse:
    """Pay for a promotion with the provider of this site: a transfer, the dummy's form, or Stripe."""
    promotion = own_promotion(request.user, pk)
    if promotion.state != Promotion.State.AWAITING_PAYMENT:
        return redirect(promotion)
    form = None
    if request.method == "POST" and settings.PAYMENTS != "manual":
        check_rate_limit(request, "promotion-pay", limit=MAX_PAYMENTS_PER_HOUR, seconds=3600)
        try:
            form = open_payment(promotion=promotion, variant=settings.PAYMENTS).get_form(data=request.POST)
        except RedirectNeeded as error:
            return redirect(str(error))
        except ActionNotAllowed as error:
            messages.error(request, str(error))
        except (PaymentError, OSError):
            messages.error(request, _("The payment failed and you have not been charged. Try again."))
        if form is None:
            return redirect("promotion_pay", pk=pk)
    context = {
        "promotion": promotion,
        "article": promotion.article,
        "form": form or (OutcomeForm() if settings.PAYMENTS == "dummy" else None),
        "provider": settings.PAYMENTS,
        "instructions": settings.PAYMENT_INSTRUCTIONS,
    }
    return render(request, "promotion/pay.html", context)


@login_required
@read_or_post
def author_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask an author about another sponsor's promotion of their article: agree or refuse."""
    assert isinstance(request.user, User)
    promotion = promotion_of_own_article(request.user, pk)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            if form.cleaned_data["answer"] == "agree":
                author_agrees(promotion=promotion, author=request.user)
                text = _("Thank you. A moderator will now decide.")
            else:
                author_refuses(promotion=promotion, author=request.user, reason=form.cleaned_data["reason"])
                text = _("You refused the promotion. Your article will not be promoted and we will tell the requester.")
        except ActionNotAllowed as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, text)
            return redirect("promotion_author", pk=pk)
    until = promotion.author_can_refuse_until
    context = {
        "form": form,
        "promotion": promotion,
        "article": promotion.article,
        "can_agree": promotion.is_undecided and promotion.author_agreed_at is None,
        "can_refuse": promotion.is_undecided and until is not None and timezone.now() < until,
    }
    return render(request, "promotion/author.html", context)


@login_required
@require_safe
def results(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the results of a promotion to its sponsor and to moderators."""
    promotion = promotion_with_results(request.user, pk)
    found = promotion_results(promotion)
    charts = [
        chart(found.days, _("Impressions"), lambda day: day.impressions),
        chart(found.days, _("Clicks"), lambda day: day.clicks),
        chart(found.days, _("Views of the article"), lambda day: day.article_views, lambda day: day.views),
    ]
    context = {"promotion": promotion, "article": promotion.article, "results": found, "charts": charts}
    return render(request, "promotion/results.html", context)


@login_required
@require_safe
def results_csv(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the days of a promotion as CSV."""
    rows: list[list[object]] = [
        ["day", "impressions", "clicks", "click_through_percent", "views_from_promotion", "article_views"]
    ]
    for day in promotion_results(promotion_with_results(request.user, pk)).days:
        click_through = "" if day.click_through is None else f"{day.click_through:.2f}"
        rows.append([day.day.isoformat(), day.impressions, day.clicks, click_through, day.views, day.article_views])
    return csv_response(f"promotion-{pk}.csv", rows)


@csrf_exempt  # The headers show which page sends it: a cached page has no token.
@require_POST
@cache_control(no_store=True)
def promotion_beacon(request: HttpRequest) -> HttpResponse:
    """Count what a page reports: `impressions`, `clicks` and `visits`, each a list of promotions such as "3,14".

    Return 204 after the commit, 400 for an invalid list, 403 for another site's page.
    """
    plain_text = "text/plain; charset=utf-8"
    if not is_same_origin(request.META, origin=settings.ORIGIN):
        text = _("Only pages of this site can record impressions and clicks.")
        return HttpResponse(text, status=403, content_type=plain_text)
    lists = {name: request.POST.get(name, "") for name in ("impressions", "clicks", "visits")}
    if not all(_IDS.fullmatch(ids) for ids in lists.values()):
        return HttpResponse(_("These are not valid promotion numbers."), status=400, content_type=plain_text)
    if any(lists.values()) and not is_prefetch(request.META):
        ids = {name: set(map(int, value.split(","))) if value else set() for name, value in lists.items()}
        record(**ids, visitor=visitor_of(request))
    return HttpResponse(status=204)


@csrf_exempt
@require_POST
def static_process_payment(request: HttpRequest, variant: str) -> HttpResponse:
    """Handle a callback to the one URL that a provider has for all payments.

    Return 400 if it proves nothing, and 503 if the provider has to send it again later.
    """
    if variant not in settings.PAYMENT_VARIANTS:
        raise Http404
    receive = getattr(provider_factory(variant), "receive", None)
    if receive is None:
        raise Http404
    try:
        return receive(request)  # type: ignore[no-any-return]
    except PaymentError as error:
        return JsonResponse({"error": str(error)}, status=400)
    except OSError as error:
        return JsonResponse({"error": str(error)}, status=503)


@csrf_exempt
def process_payment(request: HttpRequest, token: uuid.UUID) -> HttpResponse:
    """Handle a callback to the URL of one payment. The payment is the one that a signed event names."""
    payment = get_object_or_404(Payment, token=str(token))
    return static_process_payment(request, payment.variant)
