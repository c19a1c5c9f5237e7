"""A transfer that a moderator confirms, and gives back by hand."""

from __future__ import annotations

from typing import Any, NoReturn

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from payments import PaymentError
from payments.core import BasicProvider

from articles.promotion.models import Payment


class ManualProvider(BasicProvider):  # type: ignore[misc]
    """Nothing can be asked of it: people do it."""

    def get_form(self, payment: Payment, data: Any = None) -> NoReturn:
        raise PaymentError("Transfers are confirmed by a moderator.")

    def process_data(self, payment: Payment, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(payment.get_success_url())

    def refund(self, payment: Payment, amount: Any = None) -> NoReturn:
        raise PaymentError("Transfers are given back by hand.")
