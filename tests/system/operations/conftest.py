"""Whole sites in processes of their own; `make test-system` runs these tests, they take minutes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.conf import settings

from spokesperson.operations.dump import scratch_database

collect_ignore_glob = [] if os.environ.get("SYSTEM_TESTS") else ["test_*.py"]
ROOT = Path(settings.BASE_DIR)
SNAPSHOT = """
import django, hashlib, json
django.setup()
from tests.operations.backup.snapshot import files, rows
def digest(values):
    # PostgreSQL sorts the keys of JSON values.
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=repr).encode()).hexdigest()
print(json.dumps({name: digest(values) for name, values in {**rows(), **files()}.items()}))
"""


@dataclass(frozen=True)
class Site:
    """A folder for data and a database; the environment of its commands has nothing else."""

    data: Path
    database_url: str = ""
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "ORIGIN": "http://127.0.0.1:8000",
            "SECRET_KEY": "for system tests " * 5,
            "DATA_DIR": str(self.data),
            "DATABASE_URL": self.database_url,
            "PAYMENTS": "dummy",
            "LOG_LEVEL": "ERROR",
            **self.variables,
        }

    def run(self, *arguments: str, python: tuple[str, ...] = ("-m", "spokesperson")) -> str:
        """Run a command that must succeed; return what it prints."""
        done = self.attempt(*arguments, python=python)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def attempt(
        self, *arguments: str, python: tuple[str, ...] = ("-m", "spokesperson")
    ) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *python, *arguments]
        return subprocess.run(  # noqa: S603 - our own command
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )

    def snapshot(self) -> str:
        """Return digests of all rows and images, as JSON."""
        environment = {**self.environment, "DJANGO_SETTINGS_MODULE": "spokesperson.settings"}
        command = [sys.executable, "-c", SNAPSHOT]
        done = subprocess.run(  # noqa: S603 - our own script
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def make_database(tmp_path: Path) -> Iterator[object]:
    """Return a function that makes an empty database of an engine and returns its URL."""
    count = 0
    with ExitStack() as stack:

        def make(engine: str) -> str:
            nonlocal count
            count += 1
            if engine == "sqlite":
                return f"sqlite:///{tmp_path}/{count}.sqlite3"
            if not os.environ["DATABASE_URL"].startswith("postgres"):
                pytest.skip("DATABASE_URL is not PostgreSQL.")
            name = os.environ["DATABASE_URL"].rpartition("/")[2]
            return stack.enter_context(scratch_database(os.environ["DATABASE_URL"], f"{name}_system_{count}"))

        yield make


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a site with the content of the demonstration, on SQLite."""
    folder = tmp_path_factory.mktemp("demonstration") / "data"
    command = [sys.executable, "-m", "spokesperson", "demo", "--prepare-only", "--data", str(folder)]
    environment = {"PATH": os.environ["PATH"]}
    done = subprocess.run(  # noqa: S603 - our own command
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder
