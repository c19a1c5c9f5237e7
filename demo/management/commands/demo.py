"""`manage.py demo`: run the site on this machine with demonstration content. `make demo` calls it."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from demo import preflight, seed, server
from demo.users import LOGINS, PASSWORD
from spokesperson.operations.progress import Progress


class Command(BaseCommand):
    """Create what is missing, print how to log in, and serve until Ctrl-C."""

    help = "Runs the site on this machine with demonstration content, in one foreground command."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--prepare-only", action="store_true", help="create the content and exit")

    def handle(self, *args: Any, prepare_only: bool, **options: Any) -> None:
        origin = urlsplit(settings.ORIGIN)
        if origin.scheme != "http" or origin.hostname not in {preflight.HOST, "localhost"}:
            raise CommandError("The demonstration's passwords are public: it runs on http://127.0.0.1 only.")
        port = origin.port or 80
        server.exit_on_signals()
        try:
            if not prepare_only:
                preflight.check_port(port)
            preflight.check_folder(settings.DATA_DIR)
            progress = Progress(sys.stdout)
            seed.prepare(progress=progress)
            progress.clear()
            if not prepare_only:
                server.serve(host=preflight.HOST, port=port, on_ready=self._print_banner)
        except (preflight.PreflightError, seed.PreparationFailed, server.ServerStopped) as error:
            raise CommandError(str(error)) from error

    def _print_banner(self) -> None:
        width = max(len(user.username) for user in LOGINS)
        lines = [
            "",
            f"  Spokesperson runs on {settings.ORIGIN}/",
            "",
            f"  Log in as one of these users; the password is always  {PASSWORD}",
            *(f"    {user.username:<{width}}  {user.description}" for user in LOGINS),
            "",
            "  Email is printed here, not sent: the confirmation link of a sign-up appears in this window.",
            f"  All data is in {settings.DATA_DIR}. Ctrl-C stops the server.",
            "",
        ]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()
