"""Promotions in the Django admin: the queue and its decisions, the calendar, the results, the ledger and the offer."""

from articles.promotion.admin.offers import PlacementAdmin, PlanAdmin, PromotionSettingsAdmin
from articles.promotion.admin.queue import PromotionAdmin
from articles.promotion.admin.record import LedgerAdmin

__all__ = ["LedgerAdmin", "PlacementAdmin", "PlanAdmin", "PromotionAdmin", "PromotionSettingsAdmin"]
