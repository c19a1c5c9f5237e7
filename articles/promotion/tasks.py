"""Periodic work."""

from __future__ import annotations

from articles.promotion.services.payments import reconcile
from articles.promotion.services.state_machine import close_ended


def finish_promotions() -> None:
    """Store promotions whose time is over as ended, and complete payments and refunds that were interrupted."""
    close_ended()
    reconcile()
