"""Promotions: what is offered, what was asked for, what was paid, and what happened, for ever."""

from articles.promotion.models.ledger import LedgerEntry, LedgerHead
from articles.promotion.models.letters import Notice
from articles.promotion.models.payment import Payment
from articles.promotion.models.plans import Placement, Plan
from articles.promotion.models.promotion import Promotion, PromotionQuerySet
from articles.promotion.models.results import PromotionDay, PromotionEvent, PromotionSettings

__all__ = [
    "LedgerEntry",
    "LedgerHead",
    "Notice",
    "Payment",
    "Placement",
    "Plan",
    "Promotion",
    "PromotionDay",
    "PromotionEvent",
    "PromotionQuerySet",
    "PromotionSettings",
]
