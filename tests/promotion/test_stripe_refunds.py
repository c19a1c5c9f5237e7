"""Refunds and disputes by Stripe, without network."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import stripe
import time_machine
from django.core import mail
from django.utils import timezone

from articles.promotion.models import LedgerEntry, Payment, Promotion
from articles.promotion.models.ledger import verify_ledger
from articles.promotion.services import decisions, payments, refunds
from core.exceptions import ActionNotAllowed
from tests.promotion import actions
from tests.promotion.actions import events
from tests.promotion.stripe_events import (
    UNREACHABLE,
    decline,
    dispute_event,
    event,
    failed_event,
    refunded_event,
    send,
)
from tests.promotion.stripe_server import StripeServer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stripe_provider")]
State = Promotion.State


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


@pytest.mark.parametrize("answer", [{"id": "re_1", "amount": 7000, "status": "failed"}, stripe.StripeError("no")])
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
    before = events(payment.promotion)
    assert send(refunded_event(7000)) == 200
    assert send(failed_event("refund.updated", status="succeeded")) == 200
    assert events(payment.promotion) == before


def test_already_refunded_counts_as_refunded(payment: Payment, monkeypatch: pytest.MonkeyPatch) -> None:
    def create(**_: Any) -> None:
        text = "Charge has already been refunded."
        raise stripe.InvalidRequestError(text, None, code="charge_already_refunded")  # type: ignore[no-untyped-call]

    monkeypatch.setattr(stripe.Refund, "create", create)
    send(event(payment))
    decline(payment)
    assert events(payment.promotion)[-1] == "refunded"


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
    assert events(payment.promotion)[-2:] == ["refunded", "refund_failed"]
    assert [email.subject for email in mail.outbox if moderator.email in email.to] == [
        f"Refund due: promotion no. {made.pk}"
    ]
    refunds.record_refund(promotion=made, moderator=moderator)
    assert send(failed_event(kind)) == 200  # Late, and repeated.
    assert events(payment.promotion)[-1] == "refunded"
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
        stripe.PaymentIntent,
        "retrieve",
        lambda *_, **__: {"latest_charge": {"amount_refunded": refunded[0], "refunds": {"data": []}}},
    )
    send(event(payment))
    decline(payment)
    assert Payment.objects.get(pk=payment.pk).refund_status == "sent"
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        payments.reconcile()
    assert events(payment.promotion)[-1] == "refunded"
    assert keys[0] == keys[1]


def test_refund_that_waits_for_the_sponsor_is_not_sent_again_under_an_expired_key(
    payment: Payment, stripe_server: StripeServer
) -> None:
    stripe_server.refund_status = "requires_action"
    send(event(payment))
    decline(payment)
    stripe_server.forget_keys()
    for days in (1, 2, 30):
        with time_machine.travel(timezone.now() + timedelta(days=days)):
            payments.reconcile()
    [refund] = stripe_server.refunds.values()
    payment.refresh_from_db()
    assert (payment.refund_status, payment.refunded) == ("sent", 0)
    refund["status"] = "succeeded"
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        payments.reconcile()
    payment.refresh_from_db()
    assert (payment.refund_status, payment.refunded) == ("confirmed", 7000)
    assert len(stripe_server.refunds) == 1


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
