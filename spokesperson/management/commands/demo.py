"""`manage.py demo`: the site on this machine, with demonstration content. `make demo` calls it."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from spokesperson.demo import filling, ground, people, serving
from spokesperson.demo.progress import Progress


class Command(BaseCommand):
    """Prepare what is missing, say how to log in, and serve until Ctrl-C."""

    help = "Runs the site on this machine with demonstration content, in one foreground command."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--prepare-only", action="store_true", help="prepare the content and leave")

    def handle(self, *args: Any, prepare_only: bool, **options: Any) -> None:
        address = urlsplit(settings.ORIGIN)
        if address.scheme != "http" or address.hostname not in {ground.HOST, "localhost"}:
            raise CommandError("The demonstration's passwords are public: it runs on http://127.0.0.1 alone.")
        port = address.port or 80
        serving.exit_on_signals()
        try:
            if not prepare_only:
                ground.check_port(port)
            ground.check_folder(settings.DATA_DIR)
            progress = Progress(sys.stdout)
            filling.prepare(say=progress)
            progress.clear()
            if not prepare_only:
                serving.serve(host=ground.HOST, port=port, ready=self._banner)
        except (ground.NotReady, filling.NotADemonstration, serving.Stopped) as error:
            raise CommandError(str(error)) from error

    def _banner(self) -> None:
        width = max(len(one.username) for one in people.LOG_INS)
        lines = [
            "",
            f"  Spokesperson runs on {settings.ORIGIN}/",
            "",
            f"  Log in there as one of these; the password is always  {people.PASSWORD}",
            *(f"    {one.username:<{width}}  {one.what}" for one in people.LOG_INS),
            "",
            "  Mail is printed here, not sent: whoever signs up finds the confirmation link in this window.",
            f"  All data is in {settings.DATA_DIR}/. Ctrl-C stops it.",
            "",
        ]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()
