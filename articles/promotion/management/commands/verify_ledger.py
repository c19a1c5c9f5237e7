"""Verify the ledger of promotions."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from articles.promotion.models import LedgerEntry
from articles.promotion.models.ledger import verify_ledger


class Command(BaseCommand):
    help = "Verifies the hash chain of the ledger of promotions; names the first row that is not as it was written."

    def handle(self, *args: Any, **options: Any) -> None:
        if error := verify_ledger():
            raise CommandError(error)
        self.stdout.write(f"The ledger is valid: {LedgerEntry.objects.count()} rows.")
