"""Worker processes on the test database, with a mail server and a payment provider of their own."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.conf import settings as django_settings

from tests import smtp_server
from tests.production import database_url
from tests.promotion import stripe_server
from tests.promotion.stripe_events import SECRET
from tests.promotion.stripe_server import StripeServer
from tests.smtp_server import SmtpServer


class Workers:
    """Starts worker processes, one after the other."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def start(self, *call: Any, step: list[str] | None = None) -> None:
        """Start a process that calls a function of `tests.workers.process`, and is killed at the step."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps([call, step]) + "\n")
        self.process.stdin.flush()

    def is_running(self) -> bool:
        """Return whether the process that was started has not ended."""
        assert self.process.stdout
        return not select.select([self.process.stdout], [], [], 0)[0]

    def wait(self) -> int:
        """Wait for the end of the process, and return its exit code."""
        assert self.process.stdout
        return int(self.process.stdout.readline())

    def run(self, *call: Any) -> None:
        """Start a process and wait for it."""
        self.start(*call)
        assert self.wait() == 0

    def kill(self, step: str, when: str, *call: Any) -> None:
        """Start a process that is killed before or after a step."""
        self.start(*call, step=[step, when])
        assert self.wait() == -signal.SIGKILL, "the step was not reached"


@pytest.fixture(scope="session")
def mail_server() -> Iterator[SmtpServer]:
    with smtp_server.serve(SmtpServer()) as server:
        yield server


@pytest.fixture(scope="session")
def provider_server() -> Iterator[StripeServer]:
    with stripe_server.serve(StripeServer()) as server:
        yield server


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="session")
def worker_environment(django_db_setup: None, mail_server: SmtpServer, media: Path) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": database_url(),
        "DATA_DIR": str(django_settings.DATA_DIR),
        "MEDIA_ROOT": str(media),
        "EMAIL_URL": f"smtp://127.0.0.1:{mail_server.port}",
        "PAYMENTS": "stripe",
        "STRIPE_KEY": "sk_test",
        "STRIPE_ENDPOINT_SECRET": SECRET,
        "LOG_LEVEL": "ERROR",
    }


@pytest.fixture(scope="session")
def _process(worker_environment: dict[str, str], provider_server: StripeServer) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.workers.process", provider_server.url]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=worker_environment, cwd=django_settings.BASE_DIR, **pipes) as process:  # noqa: S603
        yield process
        assert process.stdin
        process.stdin.close()


@pytest.fixture
def workers(_process: subprocess.Popen[str], settings: LazySettings, media: Path) -> Workers:
    settings.MEDIA_ROOT = media
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    return Workers(_process)
