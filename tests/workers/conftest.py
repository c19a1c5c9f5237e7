"""Worker processes on the test database, with a mail server and a payment provider of their own."""

from __future__ import annotations

import json
import os
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

    def _run(self, *what: Any) -> int:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def run(self, function: str, *args: Any) -> None:
        """Run a function of `tests.workers.process`."""
        assert self._run([function, *args], None) == 0

    def kill(self, step: str, when: str, function: str, *args: Any) -> None:
        """Run a function in a process that is killed at a step."""
        assert self._run([function, *args], [step, when]) == -signal.SIGKILL, "the step was not reached"


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
