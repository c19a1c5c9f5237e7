"""Promotions in the Django admin: queue and decisions, timeline, plans, ledger, payments and finance."""

from articles.promotion.admin.finance import LedgerAdmin, PaymentAdmin, PlacementAdmin, PlanAdmin
from articles.promotion.admin.queue import PromotionAdmin

__all__ = ["LedgerAdmin", "PaymentAdmin", "PlacementAdmin", "PlanAdmin", "PromotionAdmin"]
