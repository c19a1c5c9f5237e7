"""`manage.py db_worker`: the command of django-tasks-db, which also runs the periodic jobs and waits in maintenance."""

from __future__ import annotations

import os
import signal
import threading
import time
from argparse import ArgumentParser
from typing import Any

from django.db import Error, close_old_connections
from django_tasks_db.management.commands import db_worker

from core import maintenance, periodic
from spokesperson import observe

# Seconds between two looks at whether maintenance is on.
POLL_INTERVAL = 0.5


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
        if options["batch"]:
            super().handle(**options)
            return
        if not options["no_periodic"]:
            threading.Thread(target=periodic.run_forever, daemon=True).start()
        has_paused = threading.Event()
        while True:
            _wait_for_maintenance(on=False)
            has_paused.clear()
            threading.Thread(target=_stop_for_maintenance, args=[has_paused], daemon=True).start()
            try:
                super().handle(**options)
            except SystemExit:
                if not has_paused.is_set():
                    raise
            if not has_paused.is_set():
                return
            # Those of the worker that has ended count a second signal as an emergency.
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
                signal.signal(number, signal.SIG_DFL)


def _stop_for_maintenance(has_paused: threading.Event) -> None:
    """Have the worker end its task, and then itself, as soon as maintenance begins."""
    _wait_for_maintenance(on=True)
    has_paused.set()
    os.kill(os.getpid(), signal.SIGTERM)


def _wait_for_maintenance(*, on: bool) -> None:
    """Wait until maintenance begins or ends. Without a database the worker itself ends, with the reason."""
    while True:
        try:
            if maintenance.is_on() is on:
                return
        except Error:
            if not on:
                return
        finally:
            close_old_connections()
        time.sleep(POLL_INTERVAL)
