"""Stores what the clock has decided."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from articles.promotion.transitions import close_ended


class Command(BaseCommand):
    help = "Records promotions whose time is over as ended. Nothing waits for it: pages see the clock themselves."

    def handle(self, *args: Any, **options: Any) -> None:
        """Record them and say how many there were."""
        self.stdout.write(f"{close_ended()} promotions ended.")
