"""Where payment providers call back: outside of languages, without a session; a signature is what proves them."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST
from payments import PaymentError
from payments.core import BasicProvider, provider_factory

from articles.promotion.models import Payment


def _provider(variant: str) -> BasicProvider:
    if variant not in settings.PAYMENT_VARIANTS:
        raise Http404
    return provider_factory(variant)


def _refusal(error: PaymentError) -> JsonResponse:
    return JsonResponse({"error": str(error)}, status=400)


@csrf_exempt
@require_POST
def static_process_payment(request: HttpRequest, variant: str) -> HttpResponse:
    """The address that a provider is told once for all payments. What cannot be proved is a 400."""
    receive = getattr(_provider(variant), "receive", None)
    if receive is None:
        raise Http404
    try:
        answer: HttpResponse = receive(request)
    except PaymentError as error:
        return _refusal(error)
    return answer


@csrf_exempt
@require_http_methods(["GET", "POST"])
def process_payment(request: HttpRequest, token: uuid.UUID) -> HttpResponse:
    """The address of one payment, for providers that call back to each by itself."""
    payment = get_object_or_404(Payment.objects.select_related("promotion"), token=str(token))
    try:
        answer: HttpResponse = _provider(payment.variant).process_data(payment, request)
    except PaymentError as error:
        return _refusal(error)
    return answer
