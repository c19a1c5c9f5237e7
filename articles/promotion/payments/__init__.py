"""Payment providers for django-payments: the dummy here, Stripe in its own module.

Settings name the one that is used; for transfers there is none. Providers report to
`articles.promotion.services`, which call these methods outside of transactions:

- `get_form(payment, data)`: let the sponsor pay; see django-payments.
- `check_payment(payment)`: ask for the result of a charge, and report it.
- `check_refunds(payment)`: ask how much of a payment was refunded, and report it. Return whether a refund was made that
  waits for the sponsor.
- `send_refund(payment)`: refund `payment.refund_left`, and report the result.

They raise `PaymentError` if the provider refuses, `ConnectionError` or `TimeoutError` if it is away, and another
`OSError` if the result is not known.
"""

from __future__ import annotations

from typing import Any

from payments import PaymentError, RedirectNeeded
from payments.core import BasicProvider

from articles.promotion.forms import OutcomeForm
from articles.promotion.models import Payment
from articles.promotion.services.payments import record_payment, record_payment_failure
from articles.promotion.services.refunds import record_provider_refund


class DummyProvider(BasicProvider):  # type: ignore[misc]
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

    def check_payment(self, payment: Payment) -> None:
        """Do nothing: the outcome is always known."""

    def check_refunds(self, payment: Payment) -> bool:
        return False

    def send_refund(self, payment: Payment) -> None:
        record_provider_refund(payment=payment, total=payment.refund_due)
