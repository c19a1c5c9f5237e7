"""A site in processes of its own, which a test can kill."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bench.postgres import running_cluster
from bench.servers import Server, granian
from bench.system import process_env, run, temporary_folder
from tests.e2e.conftest import browser_type_launch_args

__all__ = ["browser_type_launch_args"]
collect_ignore_glob = [] if os.environ.get("SYSTEM_TESTS") else ["test_*.py"]
_FILL = "import django; django.setup(); from tests.system.content import create; create()"


@dataclass
class Site:
    """The web server and its database.

    Args:
        ask: runs SQL and returns its one value.
    """

    server: Server
    origin: str
    ask: Callable[[str], str]

    def kill(self) -> None:
        """Kill all processes of the web server at once, as when the power fails."""
        os.killpg(self.server.pid, signal.SIGKILL)
        assert self.server.process
        self.server.process.wait()

    def start(self) -> None:
        self.server.start()
        self.server.wait_for_response("/ready/")


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    with temporary_folder() as folder, ExitStack() as stack:
        env = process_env(SECRET_KEY="k" * 60, DJANGO_SETTINGS_MODULE="spokesperson.settings", DATA_DIR=str(folder))
        ask = partial(_ask_sqlite, folder / "spokesperson.sqlite3")
        if request.param == "postgresql":
            cluster = stack.enter_context(running_cluster(folder / "postgres"))
            cluster.create("site")
            env["DATABASE_URL"] = cluster.url("site")
            ask = partial(cluster.sql, database="site")
        server = granian("site", "spokesperson.wsgi:application", env=env, log=folder / "site.log")
        env["ORIGIN"] = f"http://127.0.0.1:{server.port}"
        server.env = {**server.env, **env}
        for command in ("migrate", "collectstatic"):
            run([sys.executable, "manage.py", command, "--verbosity", "0", "--no-input"], env=env)
        run([sys.executable, "-c", _FILL], env=env)
        found = Site(server, env["ORIGIN"], lambda statement: ask(statement).strip())
        found.start()
        stack.callback(server.stop)
        yield found


def _ask_sqlite(path: Path, statement: str) -> str:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return str(connection.execute(statement).fetchone()[0])


@pytest.fixture
def browser_context_args(site: Site) -> dict[str, Any]:
    """Relative URLs are those of the site."""
    return {"base_url": site.origin, "locale": "en-GB"}
