"""A site in a fresh folder, set up by `spokesperson init` in processes of their own."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from unittest import mock

import pytest
from django.conf import settings
from django.db import connection

from spokesperson.operations import site_requests
from tests.operations.findings import REFUSED

ROOT = Path(settings.BASE_DIR)
PASSWORD = "correct horse battery"
ADMINISTRATOR = ("--admin-username", "chief", "--admin-email", "chief@example.org")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


class Site:
    """A data folder and an environment file; the environment of its commands has nothing else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env_file = folder / "site.env"
        self.data = folder / "data"
        self.environ = {"PATH": os.environ["PATH"], "SPOKESPERSON_ENV_FILE": str(self.env_file)}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "spokesperson", *arguments]

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run `spokesperson` without a terminal."""
        return subprocess.run(  # noqa: S603 - our own command
            self.command(*arguments),
            cwd=ROOT,
            env=self.environ | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Query the database, which is SQLite."""
        with closing(sqlite3.connect(self.data / "spokesperson.sqlite3")) as database:
            return database.execute(query).fetchall()

    def init(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        # The tests can run as root.
        user = ["--user", "root"] if os.geteuid() == 0 else []
        return self.run("init", *user, "--data-dir", str(self.data), *arguments, **variables)


@pytest.fixture(scope="session")
def unfinished(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site without administrator and section, made once for all test processes."""
    if connection.vendor != "sqlite":
        pytest.skip("The site of these tests is on SQLite, whatever DATABASE_URL is.")
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    site = Site(shared / "unfinished-site")
    with (shared / "unfinished-site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not site.folder.exists():
            site.folder.mkdir()
            run = site.init("--origin", f"http://127.0.0.1:{free_port()}")
            assert run.returncode == 2, run.stderr
    return site


@pytest.fixture
def site(unfinished: Site, tmp_path: Path) -> Site:
    """A copy of that site in another folder."""
    copy = Site(tmp_path / "copy")
    # Other processes can read its database meanwhile. Their empty logs come and go.
    shutil.copytree(unfinished.folder, copy.folder, ignore=shutil.ignore_patterns("*-wal", "*-shm"))
    text = copy.env_file.read_text(encoding="utf-8").replace(str(unfinished.data), str(copy.data))
    copy.env_file.write_text(text, encoding="utf-8")
    return copy


@pytest.fixture
def without_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the site refuse every connection of `spokesperson doctor`."""
    monkeypatch.setattr(site_requests, "_get", mock.Mock(side_effect=REFUSED))
