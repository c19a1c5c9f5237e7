"""`manage.py db_worker`: the command of django-tasks-db, which also runs the periodic jobs."""

from __future__ import annotations

import threading
from argparse import ArgumentParser
from typing import Any

from django_tasks_db.management.commands import db_worker

from core import periodic
from spokesperson import observe


class Command(db_worker.Command):
    help = "Runs the tasks in the queue, and the periodic jobs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--no-periodic", action="store_true", help="run the tasks only")

    def execute(self, *args: Any, **options: Any) -> Any:
        # Before the system checks, which import all middleware.
        observe.prepare("worker")
        return super().execute(*args, **options)

    def handle(self, **options: Any) -> None:
        observe.start("worker")
        if not options["batch"] and not options["no_periodic"]:
            threading.Thread(target=periodic.run_forever, daemon=True).start()
        super().handle(**options)
