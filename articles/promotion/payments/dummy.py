"""A provider that only pretends: for demonstrations and tests. Settings refuse it on a public site."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from payments import PaymentError, RedirectNeeded
from payments.dummy import DummyProvider as PlainDummyProvider

from articles.promotion.billing import payment_failed, payment_received
from articles.promotion.models import Payment


class OutcomeForm(forms.Form):
    """What the pretended bank shall answer."""

    outcome = forms.ChoiceField(
        label=_("What the bank answers"),
        choices=[("paid", _("Paid")), ("declined", _("Declined"))],
        initial="paid",
        widget=forms.RadioSelect,
    )

    @property
    def helper(self) -> FormHelper:
        helper = FormHelper()
        helper.form_tag = False
        helper.disable_csrf = True
        return helper


class DummyProvider(PlainDummyProvider):  # type: ignore[misc]
    """The library's pretending provider with a form for people, which reports like a real one."""

    outcome_form = OutcomeForm

    def get_form(self, payment: Payment, data: Any = None) -> OutcomeForm:
        """The form, or the way on once it is filled in.

        Raises:
            RedirectNeeded: paid.
            PaymentError: declined.
        """
        form = OutcomeForm(data)
        if form.is_valid():
            if form.cleaned_data["outcome"] == "declined":
                payment_failed(payment=payment)
                raise PaymentError("Declined")
            payment_received(payment=payment, amount=payment.amount, currency=payment.currency)
            raise RedirectNeeded(payment.get_success_url())
        return form

    def process_data(self, payment: Payment, request: HttpRequest) -> HttpResponse:
        """Nobody calls back; who comes here is sent on, and nothing that they say counts."""
        return HttpResponseRedirect(payment.get_success_url())

    def refund(self, payment: Payment, amount: Decimal | None = None) -> Decimal:
        return payment.total if amount is None else amount
