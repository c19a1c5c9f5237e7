"""Store the end of promotions."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from articles.promotion.services.state_machine import close_ended


class Command(BaseCommand):
    help = "Stores promotions whose time is over as ended. Pages do not depend on it."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{close_ended()} promotions ended.")
