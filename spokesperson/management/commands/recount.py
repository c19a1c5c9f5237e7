"""`manage.py recount [--check]`: compare every counter with its rows."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from articles.promotion.services import tracking as promotion
from articles.readership import recount as readership
from articles.services import coauthors
from articles.voting import recount as voting


class Command(BaseCommand):
    help = "Compares every counter with the rows that it is derived from, and corrects those that differ."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 if a counter differs")

    def handle(self, *args: Any, **options: Any) -> None:
        repair = not options["check"]
        count = 0
        for app in (coauthors, voting, readership, promotion):
            for mismatch in app.recount(repair=repair):
                self.stdout.write(str(mismatch))
                count += 1
        if not count:
            self.stdout.write(_("All counters are correct."))
        elif repair:
            self.stdout.write(ngettext("%d counter corrected.", "%d counters corrected.", count) % count)
        else:
            raise CommandError(ngettext("%d counter differs.", "%d counters differ.", count) % count, returncode=1)
