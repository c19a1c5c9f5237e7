"""Jobs that run periodically in the task worker: `settings.PERIODIC_JOBS` names each with its interval.

A job is a management command with its options, or the dotted path of a function without arguments. It can be killed at
any point, and run twice at the same time.
"""

from __future__ import annotations

import logging
import shlex
import time
from collections.abc import Callable
from datetime import timedelta
from io import StringIO

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import close_old_connections, transaction
from django.db.models import Q
from django.tasks import TaskResultStatus
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks_db.models import DBTaskResult

from core import maintenance
from core.logs import work
from core.models import PeriodicRun

logger = logging.getLogger(__name__)

# Seconds between two looks at what is due.
POLL_INTERVAL = 5
# A job or task that runs for longer was killed.
RUN_TIMEOUT = timedelta(minutes=15)
MAX_TASK_STARTS = 3


def run_forever() -> None:
    """Run what is due, until the process ends."""
    while True:
        try:
            run_due()
        except Exception:  # The database is away: the next round tries again.
            logger.exception("Periodic jobs could not run")
        close_old_connections()
        time.sleep(POLL_INTERVAL)


def run_due() -> None:
    """Run the jobs whose interval has passed since they last started, each in one process only; none in maintenance."""
    for job, interval in settings.PERIODIC_JOBS.items():
        if not maintenance.is_on() and _claim(job, interval):
            with work(job=job.partition(" ")[0]):
                _run(job)


def _claim(job: str, interval: timedelta) -> bool:
    now = timezone.now()
    is_due = Q(started_at__lte=now - interval, finished_at__isnull=False) | Q(started_at__lte=now - RUN_TIMEOUT)
    if PeriodicRun.objects.filter(is_due, pk=job, started_at__lte=now - interval).update(
        started_at=now, finished_at=None
    ):
        return True
    return PeriodicRun.objects.get_or_create(pk=job, defaults={"started_at": now})[1]


def _run(job: str) -> None:
    has_failed = False
    try:
        outcome = _function(job)()
    except Exception as error:
        has_failed = True
        logger.exception("Periodic job failed: %s", job)
        # The text of other exceptions can contain what users wrote.
        outcome = str(error) if isinstance(error, CommandError) else type(error).__name__
    PeriodicRun.objects.filter(pk=job).update(
        finished_at=timezone.now(), outcome="" if outcome is None else str(outcome)[:200], has_failed=has_failed
    )


def _function(job: str) -> Callable[[], object]:
    if " " not in job and "." in job:
        return import_string(job)  # type: ignore[no-any-return]

    def run_command() -> str:
        name, *options = shlex.split(job)
        output = StringIO()
        call_command(name, *options, stdout=output)
        return output.getvalue().strip()

    return run_command


class TaskLost(Exception):
    """The workers that started a task were killed before it ended."""


def requeue_lost_tasks() -> int:
    """Enqueue tasks again that a killed worker left running; after `MAX_TASK_STARTS` they fail. Return how many."""
    with transaction.atomic():
        lost = DBTaskResult.objects.running().filter(started_at__lt=timezone.now() - RUN_TIMEOUT)
        tasks = list(lost.select_for_update(skip_locked=True))
        for task in tasks:
            logger.warning("Task %s of %s was lost", task.pk, task.task_path)
            if len(task.worker_ids) < MAX_TASK_STARTS:
                task.status = TaskResultStatus.READY
                task.save(update_fields=["status"])
            else:
                task.set_failed(TaskLost())
    return len(tasks)
