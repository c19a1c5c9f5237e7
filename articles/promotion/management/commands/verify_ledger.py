"""Proves the ledger of promotions."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from articles.promotion.ledger import first_fault
from articles.promotion.models import LedgerEntry


class Command(BaseCommand):
    help = "Checks each row of the ledger of promotions against the one before; names the first that is not as written."

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit with an error that names the first row at fault."""
        if fault := first_fault():
            raise CommandError(fault)
        self.stdout.write(f"The ledger stands: {LedgerEntry.objects.count()} rows, each bound to the one before.")
