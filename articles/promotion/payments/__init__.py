"""Payment providers for django-payments: the dummy here, Stripe in its own module.

Settings name the one that is used; for transfers there is none. Providers report to
`articles.promotion.services.payments`.
"""

from __future__ import annotations

from typing import Any

from payments import PaymentError, RedirectNeeded
from payments.dummy import DummyProvider as BaseDummyProvider

from articles.promotion.forms import OutcomeForm
from articles.promotion.models import Payment
from articles.promotion.services.payments import record_payment, record_payment_failure


class DummyProvider(BaseDummyProvider):  # type: ignore[misc]
    """A provider without money, for demonstrations and tests. Settings refuse it on a public site."""

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
