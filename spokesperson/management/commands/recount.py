"""`manage.py recount [--check]`: every counter against its rows."""

from __future__ import annotations

from argparse import ArgumentParser
from itertools import chain
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from articles.promotion.services import tracking as promotion
from articles.readership import recount as readership
from articles.voting import recount as voting


class Command(BaseCommand):
    help = "Compares every counter with the rows that it is derived from, and mends what differs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; exit 1 where a counter differs")

    def handle(self, *args: Any, **options: Any) -> None:
        repair = not options["check"]
        found = 0
        rooms = (voting, readership, promotion)
        for difference in chain.from_iterable(room.recount(repair=repair) for room in rooms):
            found += 1
            self.stdout.write(str(difference))
        if not found:
            self.stdout.write(_("All counters are correct."))
        elif repair:
            self.stdout.write(ngettext("%d counter corrected.", "%d counters corrected.", found) % found)
        else:
            raise CommandError(ngettext("%d counter differs.", "%d counters differ.", found) % found, returncode=1)
