"""`manage.py rebuild_search`: the index anew while the site serves, or only a look at whether it is true."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from articles.search import rebuilding
from articles.search.indexing import silent


class Command(BaseCommand):
    """Write every article's entry anew, and take away what does not belong."""

    help = (
        "Writes the search index anew, batch by batch, while the site serves: needed after a change of SEARCH_URL. "
        "With --check it changes nothing, says what differs and ends with 1 where anything does."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="only compare")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        if check:
            wrong = rebuilding.compare()
            if wrong.missing or wrong.surplus:
                raise CommandError(
                    f"{wrong.missing} published articles are not in the index, and {wrong.surplus} entries belong to "
                    "nothing that is published."
                )
            self.stdout.write(f"Every published article is in the index, and nothing else: {wrong.right}.")
            return
        count = rebuilding.rebuild(say=self._say if options["verbosity"] > 1 else silent)
        self.stdout.write(f"{count} articles are in the index.")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
