"""Events of Stripe with real signatures: which are accepted, and which change nothing."""

from __future__ import annotations

import time
from collections.abc import Iterable
from itertools import permutations
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from articles.promotion.models import LedgerEntry, Payment, Promotion
from articles.promotion.models.ledger import verify_ledger
from articles.promotion.payments.stripe_checkout import IGNORED, StripeProvider
from articles.promotion.services import payments
from tests.promotion.actions import events
from tests.promotion.stripe_events import (
    decline,
    dispute_event,
    event,
    failed_event,
    refunded_event,
    send,
    signature,
    signed_event,
    state,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stripe_provider")]
State = Promotion.State


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


@pytest.mark.parametrize("kind", ["charge.succeeded", "payment_intent.succeeded", "customer.created", "payout.paid"])
def test_ignored_events_have_a_reason(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    assert send(signed_event(kind, {})) == 200
    assert [reason for prefix, reason in IGNORED.items() if kind.startswith(prefix)]
    assert "unknown type" not in caplog.text


def test_unknown_event_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert send(signed_event("weather.changed", {})) == 200
    assert "unknown type" in caplog.text


ODD: list[Any] = [None, True, {}, "\0", "\ud800", 10**30, -1]


@pytest.mark.parametrize("value", ODD, ids=repr)
@pytest.mark.parametrize("kind", sorted(StripeProvider.handlers))
def test_odd_signed_event_is_not_a_500(
    payment: Payment, sent_refunds: list[dict[str, Any]], kind: str, value: Any
) -> None:
    assert send(event(payment)) == 200
    before = events(payment.promotion)
    whole = {
        "id": "x",
        "object": "x",
        "client_reference_id": payment.token,
        "payment_status": "paid",
        "status": "failed",
        "payment_intent": "pi_1",
        "amount_total": 7000,
        "currency": "eur",
        "amount": 1,
        "amount_refunded": 0,
        "failure_reason": "unknown",
    }
    for name in whole:
        assert send(signed_event(kind, {**whole, name: value})) in {200, 400}
        assert send(signed_event(kind, {key: one for key, one in whole.items() if key != name})) in {200, 400}
    for thing in (value, [value]):
        assert send(signed_event(kind, thing)) in {200, 400}
    assert send(signed_event(value, whole)) in {200, 400}
    assert {*events(payment.promotion)[len(before) :]} <= {
        "refund_failed",
        "disputed",
        "paid_late",
        "refund_due",
        "refunded",
    }


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"type": ' + b"9" * 5000 + b"}", b'"x"', b"null"])
def test_odd_signed_json_is_400(body: bytes) -> None:
    assert send(body) == 400


# --- The order of events -------------------------------------------------------------------------------------------


def refund_event(kind: str, reference: str, amount: int, status: str = "succeeded") -> bytes:
    refund = {"id": reference, "payment_intent": "pi_1", "amount": amount, "currency": "eur", "status": status}
    return signed_event(f"refund.{kind}", refund)


CREATED, FAILED = refund_event("created", "re_1", 7000), failed_event(id="re_1")
# Name → events of one payment, and what is recorded after all of them: (due, refunded, status, disputed).
HISTORIES: dict[str, tuple[list[bytes], tuple[int, int, str, bool]]] = {
    "a refund that failed": ([CREATED, refunded_event(7000), FAILED], (7000, 0, "failed", False)),
    "a refund that failed, and another one": (
        [CREATED, FAILED, refund_event("created", "re_2", 7000)],
        (7000, 7000, "confirmed", False),
    ),
    "two parts of which one failed, and its total": (
        [refund_event("created", "re_1", 3000), refunded_event(3000), failed_event(id="re_2", amount=2000)],
        (3000, 3000, "confirmed", False),
    ),
    "a part that failed, and a larger one": (
        [
            refund_event("created", "re_1", 3000),
            failed_event(id="re_1", amount=3000),
            refund_event("created", "re_2", 4000),
        ],
        (4000, 4000, "confirmed", False),
    ),
    "a dispute that was lost": (
        [dispute_event("created", "needs_response"), dispute_event("closed", "lost")],
        (7000, 7000, "confirmed", False),
    ),
    "a dispute that was won after a refund": (
        [dispute_event("created", "needs_response"), dispute_event("closed", "won"), refunded_event(3000)],
        (3000, 3000, "confirmed", False),
    ),
    "two disputes of which one is open": (
        [
            dispute_event("created", "needs_response"),
            dispute_event("closed", "won"),
            dispute_event("created", "needs_response", id="dp_2"),
        ],
        (0, 0, "", True),
    ),
    "a refund, and a dispute that was lost about the rest": (
        [
            refunded_event(3000),
            dispute_event("created", "needs_response"),
            dispute_event("closed", "lost", amount=4000),
        ],
        (7000, 7000, "confirmed", False),
    ),
}


def deliver(bodies: Iterable[bytes]) -> None:
    """Send events as Stripe does: those that are not accepted again, after the others."""
    waiting = [body for body in bodies if send(body) != 200]
    assert all(send(body) == 200 for body in waiting)


@pytest.mark.parametrize("history", HISTORIES)
def test_state_of_a_payment_does_not_depend_on_the_order_of_its_events(
    payment: Payment, history: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("articles.promotion.services.notifications.enqueue_email", lambda **_: None)
    payments.record_sent(payment=payment)
    about_refunds, expected = HISTORIES[history]
    found = {}
    paid = event(payment)
    orders = [bodies for some in permutations(about_refunds) for bodies in ((paid, *some), (*some, paid))]
    for order in [*orders, orders[0] * 2, orders[-1] * 2]:
        with transaction.atomic():
            deliver(order)
            payment.refresh_from_db()
            money = sum(row.amount for row in payment.promotion.ledger.filter(event__in=LedgerEntry.MOVES_MONEY))
            assert money == 7000 - payment.refunded
            assert state(payment) == State.PAID
            assert verify_ledger() is None
            found[order] = (payment.refund_due, payment.refunded, payment.refund_status, payment.is_disputed)
            transaction.set_rollback(True)
    assert set(found.values()) == {expected}


def test_failed_refund_stays_failed_if_the_event_about_the_refund_comes_late(
    payment: Payment, sent_refunds: list[dict[str, Any]]
) -> None:
    assert send(event(payment)) == 200
    made = decline(payment)
    for body in (FAILED, CREATED, refunded_event(7000), CREATED, FAILED):
        assert send(body) == 200
    payment.refresh_from_db()
    assert (payment.refunded, payment.refund_status) == (0, "failed")
    assert Promotion.objects.refunds().get() == made


def test_event_about_a_charge_that_is_not_known_yet_is_sent_again(payment: Payment) -> None:
    assert send(CREATED) == 200, "no payment is open, so it belongs to another shop"
    payments.record_sent(payment=payment)
    assert send(CREATED) == 503
    assert send(event(payment)) == 200
    assert send(CREATED) == 200
    payment.refresh_from_db()
    assert payment.refunded == 7000
    assert send(refund_event("created", "re_1", 7000).replace(b"pi_1", b"pi_unknown")) == 200


@pytest.mark.parametrize("kind", sorted(StripeProvider.handlers))
def test_event_about_an_unknown_object_changes_nothing(payment: Payment, kind: str) -> None:
    thing = {
        "id": "x", "client_reference_id": "x", "payment_intent": "pi_x", "status": "lost", "payment_status": "paid",
        "amount": 1, "amount_total": 1, "amount_refunded": 1, "currency": "eur",
    }  # fmt: skip
    assert send(signed_event(kind, thing)) == 200
    payment.refresh_from_db()
    assert (payment.status, payment.reports) == ("requested", {})
