"""`manage.py db_worker`: the command of django-tasks-db, which also runs the periodic jobs and waits in maintenance."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from argparse import ArgumentParser
from typing import Any

from django.db import Error, InterfaceError, OperationalError, close_old_connections
from django_tasks_db.management.commands import db_worker

from core import maintenance, periodic
from spokesperson import observe

# Seconds between two looks at whether maintenance is on.
POLL_INTERVAL = 0.5
# Seconds that a worker waits for a database that is away, before it ends with the reason. To start again takes longer.
DATABASE_TIMEOUT = 60

logger = logging.getLogger(__name__)


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
        has_paused.set()
        while True:
            has_database = _wait_for_maintenance(on=False)
            if has_paused.is_set():
                has_paused.clear()
                threading.Thread(target=_stop_for_maintenance, args=[has_paused], daemon=True).start()
            try:
                if self._run_until_paused(has_paused, options):
                    return
            except (InterfaceError, OperationalError) as error:
                if not has_database:
                    raise
                logger.warning("The worker waits for the database: %s", error)
            # Those of the worker that has ended count a second signal as an emergency.
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
                signal.signal(number, signal.SIG_DFL)
            time.sleep(POLL_INTERVAL)

    def _run_until_paused(self, has_paused: threading.Event, options: dict[str, Any]) -> bool:
        """Run the tasks; return False if maintenance ended that."""
        try:
            super().handle(**options)
        except SystemExit:
            if not has_paused.is_set():
                raise
        return not has_paused.is_set()


def _stop_for_maintenance(has_paused: threading.Event) -> None:
    """Have the worker end its task, and then itself, as soon as maintenance begins."""
    _wait_for_maintenance(on=True)
    has_paused.set()
    os.kill(os.getpid(), signal.SIGTERM)


def _wait_for_maintenance(*, on: bool) -> bool:
    """Wait until maintenance begins or ends; return False if the database was away for `DATABASE_TIMEOUT`."""
    deadline = time.monotonic() + DATABASE_TIMEOUT
    while True:
        try:
            if maintenance.is_on() is on:
                return True
        except Error:
            if not on and time.monotonic() >= deadline:
                return False
        finally:
            close_old_connections()
        time.sleep(POLL_INTERVAL)
