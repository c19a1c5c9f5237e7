"""Signed events of Stripe, and what they have changed."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any

import stripe
from django.test import Client

from articles.promotion.models import Payment, Promotion
from articles.promotion.services import decisions
from tests.promotion import actions

SECRET = "whsec_test"
_client = Client(enforce_csrf_checks=True)
UNREACHABLE = stripe.APIConnectionError("timeout")  # type: ignore[no-untyped-call]


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
    answer = _client.post("/payments/process/stripe/", body, content_type="application/json", headers=headers)
    return answer.status_code


def state(payment: Payment) -> str:
    return Promotion.objects.get(pk=payment.promotion_id).state


def refunded_event(total: int) -> bytes:
    return signed_event("charge.refunded", {"payment_intent": "pi_1", "amount_refunded": total})


def dispute_event(kind: str, status: str, **changes: Any) -> bytes:
    dispute = {"id": "dp_1", "payment_intent": "pi_1", "amount": 7000, "status": status}
    return signed_event(f"charge.dispute.{kind}", {**dispute, **changes})


def failed_event(kind: str = "refund.failed", **changes: Any) -> bytes:
    refund = {"id": "re_1", "payment_intent": "pi_1", "amount": 7000, "status": "failed"}
    return signed_event(kind, {**refund, "failure_reason": "lost_or_stolen_card", **changes})


def decline(payment: Payment) -> Promotion:
    return decisions.decline(promotion=payment.promotion, moderator=actions.moderator(), reason="No.")
