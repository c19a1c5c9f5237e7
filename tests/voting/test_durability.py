"""A vote that was answered is on disk: the server and the database are killed right after the response."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings

from bench import processes
from bench.postgres import Cluster, running_cluster
from bench.servers import Server, granian
from bench.system import process_env
from tests import production

pytestmark = [
    pytest.mark.production,
    pytest.mark.skipif(not production.IS_PRODUCTION, reason="starts a database server of its own, so once is enough"),
]
TOKEN = "x" * 32
# Creates the tables, an article and a reader who is logged in.
SETUP = """
import json
import django
django.setup()
from django.core.management import call_command
from django.test import Client
call_command("migrate", verbosity=0)
from tests import factories
article, client = factories.published(), Client()
client.force_login(factories.UserFactory.create())
print(json.dumps({"path": f"/articles/{article.pk}/vote/", "session": client.cookies["session"].value}))
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder that PostgreSQL's user can enter."""
    path = Path(tempfile.mkdtemp(dir="/var/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def server_for(cluster: Cluster, folder: Path) -> Server:
    server = granian("granian", "spokesperson.wsgi:application", env={}, log=folder / "granian.log", workers=1)
    server.env = {
        **process_env(),
        **server.env,
        "ORIGIN": f"http://127.0.0.1:{server.port}",
        "DJANGO_SETTINGS_MODULE": "spokesperson.settings",
        "SECRET_KEY": settings.SECRET_KEY,
        "DATABASE_URL": cluster.url("site"),
        "DATA_DIR": str(folder / "data"),
        "STATIC_ROOT": str(settings.STATIC_ROOT),
    }
    return server


def vote(server: Server, site: dict[str, Any]) -> HTTPResponse:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
    form = urlencode({"vote": "1", "csrfmiddlewaretoken": TOKEN})
    cookies = f"session={site['session']}; csrf={TOKEN}"
    connection.request(
        "POST", site["path"], form, {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
    )
    return connection.getresponse()


def stop_at_once(cluster: Cluster, postmaster: int) -> None:
    """Stop PostgreSQL without a checkpoint, as `pg_ctl stop --mode immediate`."""
    os.kill(postmaster, signal.SIGQUIT)
    deadline = time.monotonic() + 30
    while (cluster.folder / "postmaster.pid").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_vote_is_on_disk_before_the_response(folder: Path) -> None:
    with running_cluster(folder / "postgres") as cluster:
        cluster.create("site")
        server = server_for(cluster, folder)
        setup = subprocess.run(  # noqa: S603 - our own script
            [sys.executable, "-c", SETUP], env=server.env, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, check=True
        )
        site = json.loads(setup.stdout.splitlines()[-1])
        server.start()
        try:
            server.wait_for_response("/health/")
            pids, postmaster = processes.tree(server.pid), cluster.pid
            response = vote(server, site)
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            stop_at_once(cluster, postmaster)
        finally:
            server.stop()
    assert response.status == 303
    assert (response.getheader("Server"), response.getheader("X-Powered-By")) == ("granian", None)  # without versions
    with running_cluster(folder / "postgres") as cluster:
        assert cluster.sql("SELECT value FROM voting_vote", "site").split() == ["1"]
