"""Stripe Checkout. Imported only if settings name it (needs the extra `stripe`)."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import stripe
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from payments import PaymentError, RedirectNeeded
from payments.core import BasicProvider

from articles.promotion.models import Payment
from articles.promotion.services.payments import record_payment, record_payment_failure, record_sent
from articles.promotion.services.refunds import record_dispute, record_provider_refund, record_refund_failure

# Seconds. A sponsor waits no longer for Stripe; what has no answer is asked again by `services.payments.reconcile`.
TIMEOUT = 10
MAX_AMOUNT = 2**31 - 1
# Events that change nothing here: the beginning of their type → why. All that are neither here nor handled belong to
# products of Stripe that are not used.
IGNORED = {
    "charge.dispute.": "Only the beginning and the end of a dispute matter.",
    "charge.": "The checkout session reports the same.",
    "payment_intent.": "The checkout session reports the same.",
    "radar.early_fraud_warning.": "The operator decides whether to refund, and the refund is reported.",
    "review.": "The operator decides whether to refund, and the refund is reported.",
    "payout.": "Payouts to the operator's bank are not part of a promotion.",
    "balance.": "The operator's balance is not part of a promotion.",
    "account.": "Settings of the operator's account are not part of a promotion.",
    "customer.": "Customers are not stored.",
    "payment_method.": "Payment methods are not stored.",
}
# Errors after which a call may have been carried out, or which the operator can correct.
UNKNOWN_RESULT = (
    *(stripe.APIError, stripe.RateLimitError, stripe.IdempotencyError),
    *(stripe.AuthenticationError, stripe.PermissionError),
)
# What code raises that reads something else than it expects.
UNEXPECTED = (LookupError, TypeError, AttributeError, ValueError, RecursionError)
logger = logging.getLogger(__name__)
stripe.default_http_client = stripe.RequestsClient(timeout=TIMEOUT)
stripe.max_network_retries = 0


class StripeProvider(BasicProvider):  # type: ignore[misc]
    """Charges by Checkout sessions, refunds, and the events that Stripe sends about both."""

    def __init__(self, api_key: str, endpoint_secret: str) -> None:
        super().__init__()
        self.api_key, self.endpoint_secret = api_key, endpoint_secret

    def get_form(self, payment: Payment, data: Any = None) -> NoReturn:
        """Redirect the sponsor to Stripe's page, which is the same one after a second call in the same language.

        Raises:
            RedirectNeeded: Stripe has created the page.
            PaymentError, OSError: it has not.
        """
        price = {
            "currency": payment.currency.lower(),
            "unit_amount": payment.amount,
            "product_data": {"name": payment.description},
        }
        request: dict[str, Any] = {
            "mode": "payment",
            "line_items": [{"quantity": 1, "price_data": price}],
            "success_url": payment.get_success_url(),
            "cancel_url": payment.get_failure_url(),
            "client_reference_id": payment.token,
        }
        # Stripe refuses a key that was used with another content.
        digest = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
        record_sent(payment=payment)
        with _errors():
            session = stripe.checkout.Session.create(
                api_key=self.api_key, idempotency_key=f"session-{payment.token}-{digest[:16]}", **request
            )
            session_id, url = _text(session["id"]), _text(session["url"], max_length=2000)
        sessions = getattr(payment.attrs, "sessions", [])
        if session_id not in sessions:
            payment.attrs.sessions = [*sessions, session_id]
            payment.transaction_id = session_id
            # Not the whole row: Stripe may have reported in the meantime.
            payment.save(update_fields=["extra_data", "transaction_id"])
        raise RedirectNeeded(url)

    def check_payment(self, payment: Payment) -> None:
        """Ask for the results of all sessions of a payment, and record them."""
        for session_id in getattr(payment.attrs, "sessions", []):
            with _errors():
                self._settle(stripe.checkout.Session.retrieve(session_id, api_key=self.api_key))

    def check_refunds(self, payment: Payment) -> bool:
        """Record how much of a payment was refunded, here or in Stripe's dashboard.

        Returns whether one of the last refunds waits until the sponsor has stated an account, which can take weeks.
        """
        with _errors():
            intent = stripe.PaymentIntent.retrieve(
                payment.reference, api_key=self.api_key, expand=["latest_charge.refunds"]
            )
            charge = intent["latest_charge"]
            total = _refunded(charge, payment)
            waits = any(refund["status"] == "requires_action" for refund in charge["refunds"]["data"])
        record_provider_refund(payment=payment, total=total)
        return waits

    def send_refund(self, payment: Payment) -> None:
        """Refund what is left of the refund of a payment, and record the result."""
        try:
            with _errors():
                refund = stripe.Refund.create(
                    api_key=self.api_key,
                    idempotency_key=f"refund-{payment.token}-{payment.refunded}-{payment.refund_due}",
                    payment_intent=payment.reference,
                    amount=payment.refund_left,
                    reason="requested_by_customer",
                )
                _record_result(payment, {"amount": payment.refund_left, **refund}, before=payment.paid_back)
        except PaymentError as error:
            if error.code == "charge_already_refunded":
                record_provider_refund(payment=payment, total=payment.amount)
            elif error.code != "charge_disputed":  # The event about the dispute follows.
                raise

    def receive(self, request: HttpRequest) -> HttpResponse:
        """Handle an event, which can be repeated or out of order.

        Raises:
            PaymentError: it has no valid signature, or is not an event.
            OSError: it can be about a charge that Stripe has not reported yet.
        """
        try:
            stripe.Webhook.construct_event(  # type: ignore[no-untyped-call]
                request.body, request.headers.get("Stripe-Signature", ""), self.endpoint_secret
            )
            event = json.loads(request.body)
            kind, handle = event["type"], self.handlers.get(event["type"])
            if handle is not None:
                handle(self, event["data"]["object"])
            elif not kind.startswith(tuple(IGNORED)):
                logger.warning("Stripe has sent an event of an unknown type: %.100r", kind)
        except stripe.SignatureVerificationError as error:
            raise PaymentError("The signature does not fit.", code=400) from error
        except UNEXPECTED as error:  # Signed, but odd.
            logger.warning("An event of Stripe is not as expected: %s", type(error).__name__)
            raise PaymentError("This is no event of a payment.", code=400) from error
        return JsonResponse({"status": "OK" if handle else "ignored"})

    def _settle(self, session: Any) -> None:
        """Record the result of a checkout session."""
        payment = _payment(token=session["client_reference_id"])
        if payment is None:
            return
        if session["payment_status"] == "paid" and (amount := _amount(session["amount_total"])):
            currency, intent = _text(session["currency"], max_length=3), _text(session["payment_intent"])
            record_payment(payment=payment, amount=amount, currency=currency, reference=intent)
        elif session["status"] == "expired":
            record_payment_failure(payment=payment)
        elif session["status"] not in {"open", "complete"}:
            raise ValueError("This is not the status of a session.")

    def _fail(self, session: Any) -> None:
        """Record that a session was completed, but its delayed payment, such as a debit, has failed."""
        if payment := _payment(token=session["client_reference_id"]):
            record_payment_failure(payment=payment)

    def _record_refunded(self, charge: Any) -> None:
        if payment := _payment(reference=charge["payment_intent"]):
            record_provider_refund(payment=payment, total=_refunded(charge, payment))

    def _record_refund(self, refund: Any) -> None:
        if payment := _payment(reference=refund["payment_intent"]):
            _record_result(payment, refund)

    def _record_dispute(self, dispute: Any) -> None:
        if payment := _payment(reference=dispute["payment_intent"]):
            is_open = dispute["status"] not in {"won", "lost", "warning_closed", "prevented"}
            lost = _amount(dispute["amount"]) if dispute["status"] == "lost" else 0
            record_dispute(payment=payment, reference=_text(dispute["id"]), is_open=is_open, lost=lost)

    handlers: dict[str, Callable[[StripeProvider, Any], None]] = {
        "checkout.session.completed": _settle,
        "checkout.session.async_payment_succeeded": _settle,
        "checkout.session.async_payment_failed": _fail,
        "checkout.session.expired": _settle,
        "charge.refunded": _record_refunded,
        "charge.refund.updated": _record_refund,
        "refund.created": _record_refund,
        "refund.updated": _record_refund,
        "refund.failed": _record_refund,
        "charge.dispute.created": _record_dispute,
        "charge.dispute.closed": _record_dispute,
    }


@contextmanager
def _errors() -> Iterator[None]:
    """Translate the errors of Stripe and unexpected answers into those of `articles.promotion.payments`."""
    try:
        yield
    except stripe.APIConnectionError as error:
        raise ConnectionError(str(error)) from error
    except UNKNOWN_RESULT as error:
        raise OSError(str(error)) from error
    except stripe.StripeError as error:
        raise PaymentError(str(error), code=error.code) from error
    except UNEXPECTED as error:
        raise OSError(f"The answer is not as expected: {type(error).__name__}") from error


def _payment(**found_by: Any) -> Payment | None:
    """Return the payment that an event is about; None if it belongs to another shop of the same account.

    Raises:
        OSError: it can be about a charge whose own event comes later, so Stripe has to send it again.
    """
    [(name, value)] = found_by.items()
    payments = Payment.objects.filter(variant="stripe")
    payment = payments.filter(**{name: _text(value)}).first() if value else None
    if payment is None and name == "reference" and payments.unfinished_charges(timezone.now()).exists():
        raise OSError("The payment is not known yet.")
    return payment


def _record_result(payment: Payment, refund: Any, *, before: int | None = None) -> None:
    """Record what Stripe says about a refund.

    Args:
        before: the total of the refunds before this one, if it is known.
    """
    _check_currency(refund, payment)
    reference, amount, status = _text(refund["id"]), _amount(refund["amount"]), refund["status"]
    if status in {"succeeded", "pending"}:
        total = 0 if before is None else before + amount
        record_provider_refund(payment=payment, total=total, reference=reference, amount=amount)
    elif status in {"failed", "canceled"}:
        reason = _text(refund.get("failure_reason") or status)
        record_refund_failure(payment=payment, reason=reason, reference=reference, amount=amount)
    elif status != "requires_action":  # The sponsor has to state an account first.
        raise ValueError("This is not the status of a refund.")


def _refunded(charge: Any, payment: Payment) -> int:
    _check_currency(charge, payment)
    return _amount(charge["amount_refunded"])


def _check_currency(thing: Any, payment: Payment) -> None:
    currency = payment.currency.lower()
    if thing.get("currency", currency) != currency:
        raise ValueError("This is another currency.")


def _amount(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_AMOUNT:
        raise ValueError("This is not an amount.")
    return value


def _text(value: Any, *, max_length: int = 255) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= max_length or not (value.isascii() and value.isprintable()):
        raise ValueError("This is not an id.")
    return value
