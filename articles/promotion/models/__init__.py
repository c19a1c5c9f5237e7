"""Promotions: plans, requests, payments, statistics and the ledger."""

from articles.promotion.models.ledger import LedgerEntry, LedgerHead
from articles.promotion.models.payment import Payment
from articles.promotion.models.plan import Placement, Plan
from articles.promotion.models.promotion import Promotion, PromotionQuerySet
from articles.promotion.models.stats import PendingPromotionCount, PromotionDay, PromotionEvent

__all__ = [
    "LedgerEntry",
    "LedgerHead",
    "Payment",
    "PendingPromotionCount",
    "Placement",
    "Plan",
    "Promotion",
    "PromotionDay",
    "PromotionEvent",
    "PromotionQuerySet",
]
