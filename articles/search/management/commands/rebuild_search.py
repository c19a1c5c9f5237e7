"""`manage.py rebuild_search`: write the search index again, or check it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from articles.search import services


class Command(BaseCommand):
    help = (
        "Writes the search index again, batch by batch, while the site serves. With --check it changes nothing, says "
        "what differs, and exits with 1 if anything does."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="only compare")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        if check:
            missing, surplus = services.check()
            if missing or surplus:
                raise CommandError(
                    f"{missing} published articles are not in the index, and {surplus} entries belong to nothing that "
                    "is published."
                )
            self.stdout.write("Every published article is in the index, and nothing else.")
            return
        count = services.rebuild(report=self.stdout.write if options["verbosity"] > 1 else str)
        self.stdout.write(f"{count} articles are in the index.")
