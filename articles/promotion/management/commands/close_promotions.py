"""Complete what is over or was interrupted."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from articles.promotion.tasks import finish_promotions


class Command(BaseCommand):
    help = "Stores promotions whose time is over as ended, and completes payments and refunds that were interrupted."

    def handle(self, *args: Any, **options: Any) -> None:
        finish_promotions()
