"""Stripe Checkout. Imported only if settings name it (needs the extra `stripe`)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NoReturn

import stripe
from django.http import HttpRequest, HttpResponse, JsonResponse
from payments import PaymentError, RedirectNeeded
from payments.stripe import StripeProviderV3
from payments.stripe.providers import stripe_enabled_events

from articles.promotion.models import Payment
from articles.promotion.models.payment import to_minor
from articles.promotion.services.payments import record_payment, record_payment_failure


class StripeProvider(StripeProviderV3):  # type: ignore[misc]
    """The library's provider, with three differences.

    An invalid signature is refused without an exception; what Stripe reports is compared with what was requested; a
    repeated refund of the same total is refunded once.
    """

    def get_form(self, payment: Payment, data: Any = None) -> NoReturn:
        """Redirect the sponsor to Stripe's page, which is the same one after a second call.

        Raises:
            RedirectNeeded: Stripe has created the page.
            PaymentError: Stripe refused.
        """
        price: Any = {
            "currency": payment.currency.lower(),
            "unit_amount": payment.amount,
            "product_data": {"name": payment.description},
        }
        try:
            session = stripe.checkout.Session.create(
                api_key=self.api_key,
                idempotency_key=f"session-{payment.token}",
                mode="payment",
                line_items=[{"quantity": 1, "price_data": price}],
                success_url=payment.get_success_url(),
                cancel_url=payment.get_failure_url(),
                client_reference_id=payment.token,
            )
        except stripe.StripeError as error:
            raise PaymentError(str(error)) from error
        if not payment.transaction_id:
            payment.transaction_id = session["id"]
            # Not the whole row: Stripe may have reported in the meantime.
            payment.save(update_fields=["transaction_id"])
        raise RedirectNeeded(session["url"])

    def refund(self, payment: Payment, amount: Decimal | None = None) -> Decimal:
        """Refund a part or all of a payment.

        Raises:
            PaymentError: Stripe refused, or does not know the payment.
        """
        refund = payment.total if amount is None else amount
        intent = getattr(payment.attrs, "payment_intent", None)
        if not intent:
            raise PaymentError("The payment has no payment intent.")
        try:
            created = stripe.Refund.create(
                api_key=self.api_key,
                # If the worker is killed and the task runs again, it is the same refund.
                idempotency_key=f"refund-{payment.token}-{payment.refund_due}",
                payment_intent=intent,
                amount=to_minor(refund, payment.currency),
                reason="requested_by_customer",
            )
        except stripe.StripeError as error:
            raise PaymentError(str(error)) from error
        if created["status"] in {"failed", "canceled"}:
            raise PaymentError(f"The refund is {created['status']}.")
        return refund

    def return_event_payload(self, request: HttpRequest) -> Any:
        """Return the event after verifying its signature.

        Raises:
            PaymentError: no signature, an invalid one, or no event.
        """
        try:
            return stripe.Webhook.construct_event(  # type: ignore[no-untyped-call]
                request.body, request.headers.get("Stripe-Signature", ""), self.endpoint_secret
            )
        except stripe.SignatureVerificationError as error:
            raise PaymentError("The signature does not fit.", code=400) from error
        except (ValueError, TypeError, AttributeError) as error:  # Signed, but not an event.
            raise PaymentError("This is no event.", code=400) from error

    def receive(self, request: HttpRequest) -> HttpResponse:
        """Handle an event, which can be repeated or out of order.

        Raises:
            PaymentError: the signature or the event is invalid.
        """
        event = self.return_event_payload(request)
        try:
            if event["type"] not in stripe_enabled_events:
                return JsonResponse({"status": "ignored"})
            session = event["data"]["object"]
            payment = Payment.objects.filter(token=str(session["client_reference_id"] or ""), variant="stripe").first()
            if payment is None:  # It belongs to another shop of the same account.
                return JsonResponse({"status": "ignored"})
            self._settle(payment, event["type"], session)
        except (KeyError, TypeError, AttributeError) as error:
            raise PaymentError("This is no event of a checkout.", code=400) from error
        return JsonResponse({"status": "OK"})

    def _settle(self, payment: Payment, kind: str, session: Any) -> None:
        if session["payment_status"] == "paid":
            if session["payment_intent"] and payment.received_at is None:
                payment.attrs.payment_intent = str(session["payment_intent"])
                payment.save(update_fields=["extra_data"])
            record_payment(payment=payment, amount=int(session["amount_total"]), currency=str(session["currency"]))
        elif kind in {"checkout.session.expired", "checkout.session.async_payment_failed"}:
            record_payment_failure(payment=payment)
