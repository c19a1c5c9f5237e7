"""Payment providers for django-payments: transfers and a dummy here, Stripe in its own module.

Settings name the one that is used. Providers report to `articles.promotion.services.payments`.
"""

from __future__ import annotations

from typing import Any, NoReturn

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from payments import PaymentError, RedirectNeeded
from payments.core import BasicProvider
from payments.dummy import DummyProvider as BaseDummyProvider

from articles.promotion.models import Payment
from articles.promotion.services.payments import record_payment, record_payment_failure


class ManualProvider(BasicProvider):  # type: ignore[misc]
    """A transfer that a moderator confirms, and refunds by hand."""

    def get_form(self, payment: Payment, data: Any = None) -> NoReturn:
        raise PaymentError("Transfers are confirmed by a moderator.")

    def process_data(self, payment: Payment, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(payment.get_success_url())

    def refund(self, payment: Payment, amount: Any = None) -> NoReturn:
        raise PaymentError("Transfers are given back by hand.")


class OutcomeForm(forms.Form):
    """The answer of the dummy's bank."""

    outcome = forms.ChoiceField(
        label=_("Simulated bank response"),
        choices=[("paid", _("Paid")), ("declined", _("Declined"))],
        initial="paid",
        widget=forms.RadioSelect,
    )


class DummyProvider(BaseDummyProvider):  # type: ignore[misc]
    """A provider without money, for demonstrations and tests. Settings refuse it on a public site."""

    outcome_form = OutcomeForm

    def get_form(self, payment: Payment, data: Any = None) -> OutcomeForm:
        """Return the form that asks for the outcome, or act on it.

        Raises:
            RedirectNeeded: paid.
            PaymentError: declined.
        """
        form = OutcomeForm(data)
        if form.is_valid():
            if form.cleaned_data["outcome"] == "declined":
                record_payment_failure(payment=payment)
                raise PaymentError("Declined")
            record_payment(payment=payment, amount=payment.amount, currency=payment.currency)
            raise RedirectNeeded(payment.get_success_url())
        return form

    def process_data(self, payment: Payment, request: HttpRequest) -> HttpResponse:
        """Redirect: this provider has no callbacks, and what a request here says does not count."""
        return HttpResponseRedirect(payment.get_success_url())
