"""Stripe Checkout with real signatures, without network."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
import stripe
import time_machine
from django.conf import LazySettings
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from payments import core

from articles.promotion.models import LedgerEntry, Payment, Promotion
from articles.promotion.models.ledger import verify_ledger
from articles.promotion.payments.stripe_checkout import IGNORED, StripeProvider
from articles.promotion.services import decisions, payments, refunds
from core.exceptions import ActionNotAllowed
from tests.promotion import actions

pytestmark = pytest.mark.django_db
SECRET = "whsec_test"
State = Promotion.State
UNREACHABLE = stripe.APIConnectionError("timeout")  # type: ignore[no-untyped-call]


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
    return signed_event(kind, session)


def signed_event(kind: Any, thing: Any) -> bytes:
    body = {"id": "evt_1", "object": "event", "api_version": "2025-01-01", "type": kind, "data": {"object": thing}}
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
    assert Promotion.objects.refunds().get() == made


# --- Charges -------------------------------------------------------------------------------------------------------


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


# --- Refunds and disputes ------------------------------------------------------------------------------------------


@pytest.fixture
def sent_refunds(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    def create(**values: Any) -> dict[str, str]:
        sent.append(values)
        return {"id": f"re_{len(sent)}", "status": "succeeded"}

    monkeypatch.setattr(stripe.Refund, "create", create)
    return sent


def refunded_event(total: int) -> bytes:
    return signed_event("charge.refunded", {"payment_intent": "pi_1", "amount_refunded": total})


def dispute_event(kind: str, status: str) -> bytes:
    return signed_event(
        f"charge.dispute.{kind}", {"id": "dp_1", "payment_intent": "pi_1", "amount": 7000, "status": status}
    )


def failed_event(kind: str = "refund.failed", **changes: Any) -> bytes:
    refund = {"id": "re_1", "payment_intent": "pi_1", "amount": 7000, "status": "failed"}
    return signed_event(kind, {**refund, "failure_reason": "lost_or_stolen_card", **changes})


def events_of(payment: Payment) -> list[str]:
    return list(payment.promotion.ledger.values_list("event", flat=True))


def decline(payment: Payment) -> Promotion:
    return decisions.decline(promotion=payment.promotion, moderator=actions.moderator(), reason="No.")


def test_refund_in_the_dashboard_is_recorded_and_not_made_again(
    payment: Payment, sent_refunds: list[dict[str, Any]]
) -> None:
    moderator = actions.moderator()
    send(event(payment))
    mail.outbox.clear()
    for total in (3000, 7000, 7000, 3000):
        assert send(refunded_event(total)) == 200
    assert [row.amount for row in payment.promotion.ledger.filter(event="refunded")] == [-3000, -4000]
    assert any(moderator.email in email.to for email in mail.outbox)
    made = decline(payment)
    assert sent_refunds == []
    assert not Promotion.objects.refunds().exists()
    with pytest.raises(ActionNotAllowed, match="No refund is due"):
        refunds.record_refund(promotion=made, moderator=moderator)
    assert verify_ledger() is None


def test_rest_after_a_partial_refund_in_the_dashboard_is_refunded(
    payment: Payment, sent_refunds: list[dict[str, Any]]
) -> None:
    send(event(payment))
    send(refunded_event(3000))
    decline(payment)
    assert [one["amount"] for one in sent_refunds] == [4000]
    payment.refresh_from_db()
    assert (payment.refund_due, payment.refunded, payment.refund_status) == (7000, 7000, "confirmed")


def test_event_about_own_refund_changes_nothing(payment: Payment, sent_refunds: list[dict[str, Any]]) -> None:
    send(event(payment))
    decline(payment)
    before = events_of(payment)
    assert send(refunded_event(7000)) == 200
    assert send(failed_event("refund.updated", status="succeeded")) == 200
    assert events_of(payment) == before


def test_already_refunded_counts_as_refunded(payment: Payment, monkeypatch: pytest.MonkeyPatch) -> None:
    def create(**_: Any) -> None:
        text = "Charge has already been refunded."
        raise stripe.InvalidRequestError(text, None, code="charge_already_refunded")  # type: ignore[no-untyped-call]

    monkeypatch.setattr(stripe.Refund, "create", create)
    send(event(payment))
    decline(payment)
    assert events_of(payment)[-1] == "refunded"


@pytest.mark.parametrize("kind", ["refund.failed", "refund.updated", "charge.refund.updated"])
def test_failed_refund_is_recorded_once_and_done_by_hand(
    payment: Payment, sent_refunds: list[dict[str, Any]], kind: str
) -> None:
    moderator = actions.moderator()
    send(event(payment))
    made = decline(payment)
    mail.outbox.clear()
    for _ in range(2):
        assert send(failed_event(kind)) == 200
    assert events_of(payment)[-2:] == ["refunded", "refund_failed"]
    assert [email.subject for email in mail.outbox if moderator.email in email.to] == [
        f"Refund due: promotion no. {made.pk}"
    ]
    refunds.record_refund(promotion=made, moderator=moderator)
    assert send(failed_event(kind)) == 200  # Late, and repeated.
    assert events_of(payment)[-1] == "refunded"
    assert sum(row.amount for row in made.ledger.filter(event__in=LedgerEntry.MOVES_MONEY)) == 0


def test_refund_without_answer_is_asked_for_before_it_is_sent_again(
    payment: Payment, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, refunded = [], [0]

    def create(*, idempotency_key: str, **_: Any) -> dict[str, str]:
        keys.append(idempotency_key)
        if len(keys) == 1:
            raise UNREACHABLE
        return {"id": "re_1", "status": "succeeded"}

    monkeypatch.setattr(stripe.Refund, "create", create)
    monkeypatch.setattr(
        stripe.PaymentIntent, "retrieve", lambda *_, **__: {"latest_charge": {"amount_refunded": refunded[0]}}
    )
    send(event(payment))
    decline(payment)
    assert Payment.objects.get(pk=payment.pk).refund_status == "sent"
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        payments.reconcile()
    assert events_of(payment)[-1] == "refunded"
    assert keys[0] == keys[1]


@pytest.mark.parametrize(("status", "refunded"), [("won", 7000), ("lost", 7000), ("warning_closed", 7000)])
def test_nothing_is_refunded_during_a_dispute(
    payment: Payment, sent_refunds: list[dict[str, Any]], status: str, refunded: int
) -> None:
    moderator = actions.moderator()
    send(event(payment))
    mail.outbox.clear()
    for _ in range(2):
        assert send(dispute_event("created", "needs_response")) == 200
    assert [email.subject for email in mail.outbox if moderator.email in email.to] == [
        f"Payment disputed: promotion no. {payment.promotion_id}"
    ]
    decline(payment)
    payments.reconcile()
    assert sent_refunds == []
    for _ in range(2):
        assert send(dispute_event("closed", status)) == 200
    # The bank has returned the money of a lost dispute to the sponsor.
    assert len(sent_refunds) == (0 if status == "lost" else 1)
    payment.refresh_from_db()
    assert (payment.refunded, payment.is_disputed) == (refunded, False)
    assert send(dispute_event("created", "needs_response")) == 200  # Late.
    payment.refresh_from_db()
    assert not payment.is_disputed


# --- All events ----------------------------------------------------------------------------------------------------


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
    before = events_of(payment)
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
    assert {*events_of(payment)[len(before) :]} <= {"refund_failed", "disputed", "paid_late", "refund_due", "refunded"}


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"type": ' + b"9" * 5000 + b"}", b'"x"', b"null"])
def test_odd_signed_json_is_400(body: bytes) -> None:
    assert send(body) == 400
