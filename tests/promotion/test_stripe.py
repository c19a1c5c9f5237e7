"""Stripe Checkout with real signatures, without network."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import stripe
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse
from payments import core

from articles.promotion.models import Payment, Promotion
from articles.promotion.services import decisions, payments
from tests.promotion import actions

pytestmark = pytest.mark.django_db
SECRET = "whsec_test"
State = Promotion.State


@pytest.fixture(autouse=True)
def _stripe(settings: LazySettings) -> Iterator[None]:
    settings.PAYMENTS = "stripe"
    settings.PAYMENT_VARIANTS = {
        **settings.PAYMENT_VARIANTS,
        "stripe": (
            "articles.promotion.payments.stripe_checkout.StripeProvider",
            {"api_key": "sk_test", "endpoint_secret": SECRET},
        ),
    }
    core.PROVIDER_CACHE.pop("stripe", None)
    yield
    core.PROVIDER_CACHE.pop("stripe", None)


@pytest.fixture
def payment() -> Payment:
    return payments.open_payment(promotion=actions.awaiting(), variant="stripe")


def event(payment: Payment | None, kind: str = "checkout.session.completed", **changes: Any) -> bytes:
    session = {
        "id": "cs_1",
        "object": "checkout.session",
        "client_reference_id": payment.token if payment else "nobody",
        "status": "complete",
        "payment_status": "paid",
        "payment_intent": "pi_1",
        "amount_total": 7000,
        "currency": "eur",
        **changes,
    }
    body = {"id": "evt_1", "object": "event", "api_version": "2025-01-01", "type": kind, "data": {"object": session}}
    return json.dumps(body).encode()


def signature(body: bytes, *, secret: str = SECRET, at: int | None = None) -> str:
    at = at or int(time.time())
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={signed}"


def send(body: bytes, sign: str | None = None) -> int:
    headers = {} if sign == "" else {"Stripe-Signature": sign or signature(body)}
    answer = Client(enforce_csrf_checks=True).post(
        "/payments/process/stripe/", body, content_type="application/json", headers=headers
    )
    return answer.status_code


def state(payment: Payment) -> str:
    return Promotion.objects.get(pk=payment.promotion_id).state


def test_webhook_url_has_no_language() -> None:
    assert reverse("static_process_payment", kwargs={"variant": "stripe"}) == "/payments/process/stripe/"


def test_signed_event_marks_paid(payment: Payment) -> None:
    for _ in range(2):
        assert send(event(payment)) == 200
    assert state(payment) == State.PAID
    assert payment.promotion.ledger.filter(event="paid").count() == 1


@pytest.mark.parametrize(
    "sign",
    [
        lambda _body: "",
        lambda _body: "nonsense",
        lambda _body: "t=x,v1=y",
        lambda body: signature(body, secret="whsec_other"),
        lambda body: signature(body, at=int(time.time()) - 3600),
        lambda body: signature(body + b" "),
    ],
)
def test_invalid_signature_is_400(payment: Payment, sign: Any) -> None:
    body = event(payment)
    assert send(body, sign(body)) == 400
    assert state(payment) == State.AWAITING_PAYMENT


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"not json",
        b"\xff\xfe",
        b'{"object": "event", "type": "checkout.session.completed"}',
        b'{"object": "event", "type": "checkout.session.completed", "data": {"object": {}}}',
        b'{"object": "event", "type": "checkout.session.completed", "data": null}',
    ],
)
def test_signed_invalid_body_is_400(body: bytes) -> None:
    assert send(body, signature(body)) == 400


def test_incomplete_session_is_400(payment: Payment) -> None:
    assert send(event(payment, amount_total=None)) == 400
    assert state(payment) == State.AWAITING_PAYMENT


@pytest.mark.parametrize("change", [{"amount_total": 6999}, {"amount_total": 70_000}, {"currency": "usd"}])
def test_event_with_wrong_amount_is_refused(payment: Payment, change: dict[str, Any]) -> None:
    assert send(event(payment, **change)) == 200
    assert state(payment) == State.AWAITING_PAYMENT
    assert payment.promotion.ledger.filter(event="payment_refused").count() == 1


def test_events_in_any_order(payment: Payment) -> None:
    assert send(event(payment, "checkout.session.expired", payment_status="unpaid", status="expired")) == 200
    assert state(payment) == State.AWAITING_PAYMENT
    assert send(event(payment, "checkout.session.async_payment_succeeded")) == 200
    assert send(event(payment, "checkout.session.completed", payment_status="unpaid")) == 200
    assert send(event(payment, "checkout.session.expired", payment_status="unpaid", status="expired")) == 200
    assert state(payment) == State.PAID
    payment.refresh_from_db()
    assert payment.status == "confirmed"


def test_completed_unpaid_session_is_not_paid(payment: Payment) -> None:
    assert send(event(payment, payment_status="unpaid")) == 200
    assert state(payment) == State.AWAITING_PAYMENT


def test_foreign_event_is_ignored() -> None:
    assert send(event(None)) == 200
    assert send(event(None, "customer.created")) == 200


def test_event_for_manual_payment_is_ignored(payment: Payment) -> None:
    Payment.objects.filter(pk=payment.pk).update(variant="manual")
    assert send(event(payment)) == 200
    assert state(payment) == State.AWAITING_PAYMENT


def test_payment_url_needs_signature(payment: Payment) -> None:
    client = Client(enforce_csrf_checks=True)
    address = reverse("process_payment", kwargs={"token": payment.token})
    assert client.get(address).status_code == 405
    assert client.post(address, event(payment), content_type="application/json").status_code == 400
    assert state(payment) == State.AWAITING_PAYMENT


def test_unknown_providers_and_methods_are_refused() -> None:
    client = Client()
    assert client.post("/payments/process/paypal/").status_code == 404
    assert client.post("/payments/process/manual/").status_code == 404
    assert client.get("/payments/process/stripe/").status_code == 405
    assert client.post("/payments/process/6f3f0d5e-0000-4000-8000-000000000000/").status_code == 404


def test_pay_redirects_to_stripe_with_price(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    made, asked = actions.awaiting(), []

    def create(**values: Any) -> dict[str, str]:
        asked.append(values)
        return {"id": "cs_9", "url": "https://checkout.stripe.com/c/cs_9"}

    monkeypatch.setattr(stripe.checkout.Session, "create", create)
    client.force_login(made.sponsor)
    for _ in range(2):
        answer = client.post(reverse("promotion_pay", kwargs={"pk": made.pk}), {"amount": "1"})
        assert (answer.status_code, answer["Location"]) == (302, "https://checkout.stripe.com/c/cs_9")
    payment = made.payments.get()
    price = asked[0]["line_items"][0]["price_data"]
    assert (price["unit_amount"], price["currency"], asked[0]["client_reference_id"]) == (7000, "eur", payment.token)
    assert asked[0]["idempotency_key"] == asked[1]["idempotency_key"]
    assert payment.transaction_id == "cs_9"


def test_unavailable_stripe_shows_error(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    made = actions.awaiting()

    def create(**values: Any) -> None:
        raise stripe.StripeError("away")

    monkeypatch.setattr(stripe.checkout.Session, "create", create)
    client.force_login(made.sponsor)
    answer = client.post(reverse("promotion_pay", kwargs={"pk": made.pk}), follow=True)
    assert "payment failed" in answer.content.decode()


def test_refund_is_requested_once(payment: Payment, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def create(**values: Any) -> dict[str, str]:
        asked.append(values)
        return {"id": "re_1", "status": "succeeded"}

    monkeypatch.setattr(stripe.Refund, "create", create)
    send(event(payment))
    made = decisions.decline(promotion=payment.promotion, moderator=actions.moderator(), reason="No.")
    assert [(one["payment_intent"], one["amount"]) for one in asked] == [("pi_1", 7000)]
    assert payment.token in asked[0]["idempotency_key"]
    assert made.ledger.filter(event="refunded", amount=-7000).count() == 1


@pytest.mark.parametrize("answer", [{"status": "failed"}, stripe.StripeError("no")])
def test_refused_refund_is_done_by_hand(payment: Payment, monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    def create(**values: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(stripe.Refund, "create", create)
    send(event(payment))
    made = decisions.decline(promotion=payment.promotion, moderator=actions.moderator(), reason="No.")
    assert made.ledger.filter(event="refund_failed").count() == 1
    assert Promotion.objects.refund_owed().get() == made
