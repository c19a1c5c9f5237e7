"""Stripe without network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import stripe
from django.conf import LazySettings
from payments import core

from articles.promotion.models import Payment
from articles.promotion.services import payments
from tests.promotion import actions
from tests.promotion.stripe_events import SECRET
from tests.promotion.stripe_server import StripeServer, serve


@pytest.fixture
def stripe_provider(settings: LazySettings) -> Iterator[None]:
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
def payment(db: None, stripe_provider: None) -> Payment:
    return payments.open_payment(promotion=actions.awaiting(), variant="stripe")


@pytest.fixture
def sent_refunds(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    def create(**values: Any) -> dict[str, str]:
        sent.append(values)
        return {"id": f"re_{len(sent)}", "status": "succeeded"}

    monkeypatch.setattr(stripe.Refund, "create", create)
    return sent


@pytest.fixture
def stripe_server(stripe_provider: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[StripeServer]:
    """A server for the real client of Stripe."""
    with serve(StripeServer()) as server:
        monkeypatch.setattr(stripe, "api_base", server.url)
        yield server
