"""Run tests on the production stack: TEST_STACK=production.

A worker process runs tasks from the database queue, the cache is that of production, static files are hashed, and
emails are written to files. Without the variable, tasks run immediately and the cache is in memory.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.tasks import TaskResultStatus
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

IS_PRODUCTION = os.environ.get("TEST_STACK") == "production"
# Seconds until the queue must be empty, also on a busy machine.
QUEUE_TIMEOUT = 60
# How the task table marks a task without a time.
NEVER = datetime(9000, 1, 1, tzinfo=UTC)
_SEPARATOR = b"\n" + b"-" * 79 + b"\n"


@dataclass(frozen=True)
class ReceivedEmail:
    """A sent email, with the attributes of Django's EmailMessage that tests use."""

    to: list[str]
    subject: str
    body: str


class FileOutbox:
    """Emails in the folder of the file-based email backend; reading waits until the task queue is empty."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)

    def __iter__(self) -> Iterator[ReceivedEmail]:
        return iter(self._received())

    def __getitem__(self, index: int) -> ReceivedEmail:
        return self._received()[index]

    def __len__(self) -> int:
        return len(self._received())

    def clear(self) -> None:
        """Delete all emails."""
        wait_for_empty_queue()
        for file in self.folder.iterdir():
            file.unlink()

    def _received(self) -> list[ReceivedEmail]:
        wait_for_empty_queue()
        files = sorted(self.folder.iterdir(), key=lambda file: file.stat().st_mtime_ns)
        return [_parse(part) for file in files for part in file.read_bytes().split(_SEPARATOR) if part.strip()]


def _parse(raw: bytes) -> ReceivedEmail:
    message = message_from_bytes(raw, policy=policy.default)
    text = message.get_body(("plain",))
    addresses = [address.addr_spec for address in message["To"].addresses]
    return ReceivedEmail(to=addresses, subject=str(message["Subject"]), body=text.get_content() if text else "")


def wait_for_tasks() -> None:
    """On the production stack, wait until the worker has done what the last requests enqueued.

    Elsewhere tasks run at once.
    """
    if IS_PRODUCTION:
        wait_for_empty_queue(ahead=timedelta(seconds=30))


def wait_for_empty_queue(ahead: timedelta = timedelta()) -> None:
    """Wait until no task is due or running.

    Args:
        ahead: tasks that are scheduled for this time from now count as due.

    Raises:
        AssertionError: after `QUEUE_TIMEOUT` seconds.
    """
    deadline = time.monotonic() + QUEUE_TIMEOUT
    due = Q(status=TaskResultStatus.READY) & (Q(run_after__lte=timezone.now() + ahead) | Q(run_after__gte=NEVER))
    while DBTaskResult.objects.filter(due | Q(status=TaskResultStatus.RUNNING)).exists():
        assert time.monotonic() < deadline, (
            f"Tasks are waiting: {list(DBTaskResult.objects.values_list('task_path', 'status'))}"
        )
        time.sleep(0.05)


def start_worker(origin: str) -> subprocess.Popen[bytes]:
    """Start a task worker on the test database."""
    environment = {
        **os.environ,
        "ORIGIN": origin,
        "DATABASE_URL": database_url(),
        "DATA_DIR": str(settings.DATA_DIR),
        "LOG_LEVEL": "ERROR",
        # Also knows manual payments, and refunds those of the tests.
        "PAYMENTS": "dummy",
    }
    command = [
        sys.executable,
        "manage.py",
        "db_worker",
        "--queue-name",
        "*",
        "--no-reload",
        "--interval",
        "0.1",
        "--no-periodic",
    ]
    return subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR)  # noqa: S603 - a fixed command


def database_url() -> str:
    """Return the URL of the test database."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))
