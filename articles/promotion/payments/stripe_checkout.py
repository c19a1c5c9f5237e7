"""Stripe Checkout. Loaded only where settings ask for it (the extra `stripe`)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NoReturn

import stripe
from django.http import HttpRequest, HttpResponse, JsonResponse
from payments import PaymentError, RedirectNeeded
from payments.stripe import StripeProviderV3
from payments.stripe.providers import stripe_enabled_events

from articles.promotion.billing import payment_failed, payment_received
from articles.promotion.models import Payment
from articles.promotion.money import to_minor


class StripeProvider(StripeProviderV3):  # type: ignore[misc]
    """The library's provider with what it leaves out.

    A signature that does not fit is a refusal and no crash; what Stripe took is compared with what was asked for; one
    sum is given back once, however often it is asked for.
    """

    def get_form(self, payment: Payment, data: Any = None) -> NoReturn:
        """Send the sponsor to Stripe's page.

        Raises:
            RedirectNeeded: always, where Stripe has made the page.
            PaymentError: Stripe refused.
        """
        session = self.create_session(payment)
        if not payment.transaction_id:
            payment.transaction_id = session["id"]
            # Never the whole row: Stripe may have reported meanwhile.
            payment.save(update_fields=["transaction_id"])
        raise RedirectNeeded(session["url"])

    def create_session(self, payment: Payment) -> Any:
        """The page at Stripe where the sponsor pays; the same one when it is asked for again.

        Raises:
            PaymentError: Stripe refused.
        """
        try:
            return stripe.checkout.Session.create(
                api_key=self.api_key,
                idempotency_key=f"session-{payment.token}",
                mode="payment",
                line_items=[
                    {
                        "quantity": 1,
                        "price_data": {
                            "currency": payment.currency.lower(),
                            "unit_amount": payment.amount,
                            "product_data": {"name": payment.description},
                        },
                    }
                ],
                success_url=payment.get_success_url(),
                cancel_url=payment.get_failure_url(),
                client_reference_id=payment.token,
            )
        except stripe.StripeError as error:
            raise PaymentError(str(error)) from error

    def refund(self, payment: Payment, amount: Decimal | None = None) -> Decimal:
        """Give back a part or all of a payment.

        Raises:
            PaymentError: Stripe refused, or the payment is not known there.
        """
        back = payment.total if amount is None else amount
        intent = getattr(payment.attrs, "payment_intent", None)
        if not intent:
            raise PaymentError("The payment has no payment intent.")
        try:
            made = stripe.Refund.create(
                api_key=self.api_key,
                # Asked again after a worker died: the same refund.
                idempotency_key=f"refund-{payment.token}-{payment.refund_due}",
                payment_intent=intent,
                amount=to_minor(back, payment.currency),
                reason="requested_by_customer",
            )
        except stripe.StripeError as error:
            raise PaymentError(str(error)) from error
        if made["status"] in {"failed", "canceled"}:
            raise PaymentError(f"The refund is {made['status']}.")
        return back

    def return_event_payload(self, request: HttpRequest) -> Any:
        """The event, once its signature is proved.

        Raises:
            PaymentError: no signature, another one, or no event at all.
        """
        try:
            return stripe.Webhook.construct_event(  # type: ignore[no-untyped-call]
                request.body, request.headers.get("Stripe-Signature", ""), self.endpoint_secret
            )
        except stripe.SignatureVerificationError as error:
            raise PaymentError("The signature does not fit.", code=400) from error
        except (ValueError, TypeError, AttributeError) as error:  # Signed, and no event.
            raise PaymentError("This is no event.", code=400) from error

    def receive(self, request: HttpRequest) -> HttpResponse:
        """Stripe reports something, perhaps again, perhaps out of order.

        Raises:
            PaymentError: the signature does not fit, or the event is not what it says.
        """
        event = self.return_event_payload(request)
        try:
            if event["type"] not in stripe_enabled_events:
                return JsonResponse({"status": "ignored"})
            session = event["data"]["object"]
            payment = Payment.objects.filter(token=str(session["client_reference_id"] or ""), variant="stripe").first()
            if payment is None:  # Another shop on the same account.
                return JsonResponse({"status": "ignored"})
            self._settle(payment, event["type"], session)
        except (KeyError, TypeError, AttributeError) as error:
            raise PaymentError("This is no event of a checkout.", code=400) from error
        return JsonResponse({"status": "OK"})

    def process_data(self, payment: Payment, request: HttpRequest) -> HttpResponse:
        """The payment is the one that the signed event names, whatever the address says."""
        return self.receive(request)

    def _settle(self, payment: Payment, kind: str, session: Any) -> None:
        if session["payment_status"] == "paid":
            if session["payment_intent"] and payment.received_at is None:
                payment.attrs.payment_intent = str(session["payment_intent"])
                payment.save(update_fields=["extra_data"])
            payment_received(payment=payment, amount=int(session["amount_total"]), currency=str(session["currency"]))
        elif kind in {"checkout.session.expired", "checkout.session.async_payment_failed"}:
            payment_failed(payment=payment)
