"""Answers of Stripe's API that are not as documented: one payment has no result, all others go on."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import stripe
import time_machine
from django.test import Client
from django.utils import timezone

from articles.promotion.models import Payment
from articles.promotion.services import payments
from tests.moderation.users import moderator
from tests.promotion import actions
from tests.promotion.actions import events
from tests.promotion.stripe_events import decline, event, send
from tests.promotion.stripe_server import Answer, StripeServer

pytestmark = pytest.mark.django_db

HTML = "<html><body>Bad gateway</body></html>"
ERROR = json.dumps({"error": {"type": "api_error", "message": "We are sorry."}})
KEY = json.dumps({"error": {"type": "invalid_request_error", "message": "This key has expired."}})
# Of any call.
ANSWERS = {
    "HTML": Answer(HTML, content_type="text/html"),
    "HTML of a gateway": Answer(HTML, 502, "text/html"),
    "500": Answer(ERROR, 500),
    "too many requests": Answer(ERROR, 429),
    "expired key": Answer(KEY, 401),
    "error without fields": Answer("{}", 400),
    "no content": Answer(""),
    "list": Answer("[]"),
    "text": Answer('"ok"'),
    "null": Answer("null"),
    "no fields": Answer("{}"),
}


def session(payment: Payment, **changes: Any) -> Answer:
    return Answer(json.dumps({**json.loads(event(payment))["data"]["object"], **changes}))


def without(name: str, **fields: Any) -> Answer:
    return Answer(json.dumps({key: value for key, value in fields.items() if key != name}))


CHARGE: dict[str, dict[str, Any]] = {
    "unexpected status": {"status": "weird", "payment_status": "weird"},
    "no amount": {"amount_total": None},
    "amount as text": {"amount_total": "7000"},
    "currency as number": {"currency": 978},
    "no payment intent": {"payment_intent": None},
}
REFUND = {"id": "re_0", "amount": 7000, "currency": "eur", "status": "succeeded"}
REFUNDS = {
    "no id": without("id", **REFUND),
    "no status": without("status", **REFUND),
    "unexpected status": Answer(json.dumps({**REFUND, "status": "weird"})),
    "wrong currency": Answer(json.dumps({**REFUND, "currency": "usd"})),
    "negative amount": Answer(json.dumps({**REFUND, "amount": -7000})),
}
TOTALS = {
    "no charge": Answer('{"latest_charge": null}'),
    "charge not expanded": Answer('{"latest_charge": "ch_1"}'),
    "no amount": Answer('{"latest_charge": {}}'),
    "no refunds": Answer('{"latest_charge": {"amount_refunded": 0, "currency": "eur"}}'),
    "wrong currency": Answer('{"latest_charge": {"amount_refunded": 7000, "currency": "usd"}}'),
}


def later() -> time_machine.travel:
    return time_machine.travel(timezone.now() + timedelta(minutes=11))


def check_listed(*listed: Payment) -> None:
    """Check that the list of what is not finished shows these payments and no others."""
    client = Client()
    client.force_login(moderator())
    page = client.get("/admin/promotion/payment/").text
    for payment in Payment.objects.all():
        assert (f"/admin/promotion/payment/{payment.pk}/change/" in page) == (payment in listed)


def started(number: int) -> Payment:
    payment = payments.open_payment(promotion=actions.awaiting(), variant="stripe")
    payments.record_sent(payment=payment)
    payment.attrs.sessions = [f"cs_{number}"]
    payment.save(update_fields=["extra_data"])
    return payment


@pytest.mark.parametrize("name", [*ANSWERS, *CHARGE])
def test_odd_answer_about_a_charge_does_not_stop_the_others(
    stripe_server: StripeServer, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    odd, paid = started(1), started(2)
    stripe_server.odd["cs_1"] = ANSWERS.get(name) or session(odd, **CHARGE[name])
    stripe_server.odd["cs_2"] = session(paid, payment_intent="pi_2")
    with later():
        payments.reconcile()
    odd.refresh_from_db()
    paid.refresh_from_db()
    assert (odd.status, paid.status) == ("sent", "confirmed")
    assert f"payment {odd.pk}" in caplog.text
    check_listed(odd)
    with time_machine.travel(timezone.now() + timedelta(days=3)):
        payments.reconcile()
    odd.refresh_from_db()
    assert odd.status == "sent", "it can have been paid"
    stripe_server.odd["cs_1"] = session(odd)
    with time_machine.travel(timezone.now() + timedelta(days=3, minutes=11)):
        payments.reconcile()
    odd.refresh_from_db()
    assert odd.status == "confirmed"


@pytest.mark.parametrize("name", ["HTML", "500", "no fields"])
def test_sponsor_is_told_of_an_odd_answer(client: Client, stripe_server: StripeServer, name: str) -> None:
    made = actions.awaiting()
    stripe_server.odd["/checkout/sessions"] = ANSWERS[name]
    client.force_login(made.sponsor)
    assert "payment failed" in client.post(f"/promotions/{made.pk}/pay/", follow=True).text
    assert made.payments.get().status == "sent"


def refundable(monkeypatch: pytest.MonkeyPatch) -> list[Payment]:
    """Return two payments whose refunds are due and were not sent."""
    made = [payments.open_payment(promotion=actions.awaiting(), variant="stripe") for _ in range(2)]
    with monkeypatch.context() as patch:
        patch.setattr("articles.promotion.services.refunds.refund", lambda _: None)
        for number, payment in enumerate(made, 1):
            send(event(payment, payment_intent=f"pi_{number}"))
            decline(payment)
    return made


@pytest.mark.parametrize("name", [*ANSWERS, *REFUNDS])
def test_odd_answer_to_a_refund_does_not_stop_the_others(
    stripe_server: StripeServer, name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    odd, other = refundable(monkeypatch)
    stripe_server.odd["pi_1"] = ANSWERS.get(name) or REFUNDS[name]
    payments.reconcile()
    odd.refresh_from_db()
    other.refresh_from_db()
    assert (odd.refund_status, odd.refunded) == ("sent", 0), "nobody may refund it by hand: it can have been made"
    assert (other.refund_status, other.refunded) == ("confirmed", 7000)
    assert f"payment {odd.pk}" in caplog.text
    check_listed(odd)
    stripe_server.odd.clear()
    with later():
        payments.reconcile()
    odd.refresh_from_db()
    assert (odd.refund_status, odd.refunded) == ("confirmed", 7000)
    assert events(odd.promotion).count("refunded") == 1


@pytest.mark.parametrize("name", [*ANSWERS, *TOTALS])
def test_odd_answer_about_earlier_refunds_sends_none_and_does_not_stop_the_others(
    stripe_server: StripeServer, name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    odd, other = refundable(monkeypatch)
    Payment.objects.update(refund_status="sent", refund_sent_at=timezone.now() - timedelta(hours=1))
    stripe_server.odd["payment_intents/pi_1"] = ANSWERS.get(name) or TOTALS[name]
    payments.reconcile()
    odd.refresh_from_db()
    other.refresh_from_db()
    assert (odd.refund_status, other.refund_status) == ("sent", "confirmed")
    assert [refund["payment_intent"] for refund in stripe_server.refunds.values()] == ["pi_2"]
    assert f"payment {odd.pk}" in caplog.text
    check_listed(odd)


def test_hanging_payment_does_not_hold_up_the_others_for_ever(
    stripe_server: StripeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A round ends at the first call without an answer, and the next one begins with the others."""
    first, second = started(1), started(2)
    asked: list[str] = []

    def retrieve(session_id: str, **_: Any) -> Any:
        asked.append(session_id)
        if session_id == "cs_1":
            raise stripe.APIConnectionError("timeout")  # type: ignore[no-untyped-call]
        return json.loads(session(second, payment_intent="pi_2").body)

    monkeypatch.setattr(stripe.checkout.Session, "retrieve", retrieve)
    for minutes in (11, 22):
        with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
            payments.reconcile()
    assert asked == ["cs_1", "cs_2", "cs_1"]
    second.refresh_from_db()
    assert second.status == "confirmed"
    check_listed(first)
