"""Charges by Stripe Checkout, without network."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import requests
import stripe
import time_machine
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from articles.promotion.models import Payment, Promotion
from articles.promotion.services import payments
from tests.promotion import actions
from tests.promotion.stripe_events import (
    UNREACHABLE,
    event,
    send,
    state,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stripe_provider")]
State = Promotion.State


@pytest.mark.parametrize("change", [{"amount_total": 6999}, {"amount_total": 70_000}, {"currency": "usd"}])
def test_event_with_wrong_amount_is_refused_and_refunded(
    payment: Payment, change: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stripe.Refund, "create", lambda **_: {"id": "re_1", "status": "succeeded"})
    for _ in range(2):
        assert send(event(payment, **change)) == 200
    assert state(payment) == State.AWAITING_PAYMENT
    assert payment.promotion.ledger.filter(event="payment_refused").count() == 1
    payment.refresh_from_db()
    assert (payment.amount, payment.refund_due, payment.refunded) == (change.get("amount_total", 7000),) * 3


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


class Sessions:
    """Checkout of Stripe: a key that was used gives the same session, but not for another request."""

    def __init__(self) -> None:
        self.made: dict[str, dict[str, Any]] = {}

    def create(self, *, api_key: str, idempotency_key: str, **request: Any) -> dict[str, str]:
        if self.made.setdefault(idempotency_key, request) != request:
            raise stripe.IdempotencyError("Keys for idempotent requests can only be used with the same parameters.")
        number = list(self.made).index(idempotency_key)
        return {"id": f"cs_{number}", "url": f"https://checkout.stripe.com/c/cs_{number}"}


@pytest.fixture
def sessions(monkeypatch: pytest.MonkeyPatch) -> Sessions:
    sessions = Sessions()
    monkeypatch.setattr(stripe.checkout.Session, "create", sessions.create)
    return sessions


def test_pay_go_back_and_pay_in_another_language(client: Client, sessions: Sessions) -> None:
    made = actions.awaiting()
    client.force_login(made.sponsor)
    for prefix, number in (("", 0), ("/ru", 1), ("", 0)):
        answer = client.post(f"{prefix}/promotions/{made.pk}/pay/")
        assert answer["Location"] == f"https://checkout.stripe.com/c/cs_{number}"
    payment = made.payments.get()
    assert (payment.status, payment.attrs.sessions) == ("sent", ["cs_0", "cs_1"])


def test_paid_on_two_pages_refunds_the_second(payment: Payment, sent_refunds: list[dict[str, Any]]) -> None:
    assert send(event(payment)) == 200
    for _ in range(2):
        assert send(event(payment, id="cs_2", payment_intent="pi_2")) == 200
    assert state(payment) == State.PAID
    assert [(one["payment_intent"], one["amount"]) for one in sent_refunds] == [("pi_2", 7000)]


def test_lost_event_of_a_charge_is_asked_for(
    client: Client, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = actions.awaiting()
    client.force_login(made.sponsor)
    client.post(f"/promotions/{made.pk}/pay/")
    payment = made.payments.get()
    paid = json.loads(event(payment))["data"]["object"]
    monkeypatch.setattr(stripe.checkout.Session, "retrieve", lambda session_id, **_: {**paid, "id": session_id})
    payments.reconcile()
    assert state(payment) == State.AWAITING_PAYMENT  # The sponsor may still be paying.
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        payments.reconcile()
    assert state(payment) == State.PAID


@pytest.mark.parametrize("error", [UNREACHABLE, stripe.StripeError("no")])
def test_sponsor_is_told_that_stripe_is_away(client: Client, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    made = actions.awaiting()

    def create(**_: Any) -> None:
        raise error

    monkeypatch.setattr(stripe.checkout.Session, "create", create)
    client.force_login(made.sponsor)
    assert "payment failed" in client.post(f"/promotions/{made.pk}/pay/", follow=True).text


def test_hanging_stripe_is_given_up_and_the_sponsor_told(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    made = actions.awaiting()
    timeouts, depth = [], len(connection.savepoint_ids)

    def request(*_: Any, timeout: float, **__: Any) -> None:
        timeouts.append(timeout)
        assert len(connection.savepoint_ids) == depth  # Outside of transactions.
        raise requests.exceptions.ReadTimeout

    monkeypatch.setattr(requests.Session, "request", request)
    client.force_login(made.sponsor)
    assert "payment failed" in client.post(f"/promotions/{made.pk}/pay/", follow=True).text
    assert timeouts == [10]
