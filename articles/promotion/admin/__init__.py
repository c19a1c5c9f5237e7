"""Promotions in the Django admin: queue and decisions, timeline, plans, ledger and finance."""

from articles.promotion.admin.finance import LedgerAdmin, PlacementAdmin, PlanAdmin
from articles.promotion.admin.queue import PromotionAdmin

__all__ = ["LedgerAdmin", "PlacementAdmin", "PlanAdmin", "PromotionAdmin"]
