"""The web processes share two sessions of PostgreSQL through PgBouncer, in its transaction mode."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from bench.servers import Server, granian, task_worker
from bench.system import is_root, process_env, run
from tests.e2e.conftest import skip_or_fail
from tests.system.nodes.journey import ADDRESS, journey, log_in
from tests.system.nodes.load import Load, Site, figures
from tests.system.nodes.pgbouncer import PgBouncer
from tests.system.nodes.stack import FILL
from tests.system.nodes.verification import lost_writes
from tests.system.replicas.servers import PostgreSQL, wait_until
from tests.system.visitor import Visitor

pytestmark = pytest.mark.system
# Seconds.
LOAD_TIME = 20
BACK_WITHIN = 5
MAX_WAIT = 12


@dataclass
class Stack:
    site: Site
    database: PostgreSQL
    pgbouncer: PgBouncer
    web: Server
    env: dict[str, str]
    folder: Path


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    if not is_root():
        skip_or_fail("Only root can run PostgreSQL and PgBouncer as another user.")
    # PostgreSQL's user must be able to enter the folder.
    folder = Path(tempfile.mkdtemp(prefix="pgbouncer-", dir="/var/tmp"))
    folder.chmod(0o777)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        database = PostgreSQL(folder / "database")
        database.start()
        stack.callback(database.stop)
        pgbouncer = PgBouncer(folder / "pgbouncer", database)
        pgbouncer.start()
        stack.callback(pgbouncer.stop)
        env = process_env(
            DJANGO_SETTINGS_MODULE="spokesperson.settings",
            PYTHONPATH=os.pathsep.join(sys.path),
            SECRET_KEY="k" * 60,
            DATA_DIR=str(folder / "data"),
            DATABASE_URL=database.url(),
            PGBOUNCER_URL=pgbouncer.url,
            EMAIL_URL=f"filemail://{folder}/emails",
            TRUSTED_PROXY_COUNT="1",
        )
        web = granian("web", "spokesperson.wsgi:application", env=env, log=folder / "web.log")
        env["ORIGIN"] = f"http://127.0.0.1:{web.port}"
        web.env = {**web.env, **env}
        for command in (["migrate", "--verbosity", "0"], ["collectstatic", "--no-input", "--verbosity", "0"]):
            run([sys.executable, "manage.py", *command], env=env)
        site = Site(origin=env["ORIGIN"], **json.loads(run([sys.executable, "-c", FILL], env=env).splitlines()[-1]))
        worker = task_worker(env=env, log=folder / "worker.log")
        for server in (web, worker):
            server.start()
            stack.callback(server.stop)
        web.wait_for_response()
        yield Stack(site, database, pgbouncer, web, env, folder)


def test_journey_and_load_through_two_sessions(stack: Stack) -> None:
    load = Load(stack.site)
    began = time.monotonic()
    load.start()
    most = 0
    while time.monotonic() - began < LOAD_TIME:
        journey(stack.site, stack.site.origin)
        most = max(most, len(stack.pgbouncer.show("SERVERS")))
        clients = len(stack.pgbouncer.show("CLIENTS"))
    load.stop()
    found = figures(load.attempts, began, time.monotonic())
    print(f"\n{found}")
    assert 1 <= most <= 2 < clients
    assert found.failed_reads == found.refused_writes == 0
    assert found.writes > 100
    assert lost_writes(load, stack.database.url()) == []
    # The worker has added the views up, by sessions of its own.
    waiting = "SELECT count(*) FROM readership_pendingcount"
    wait_until(lambda: stack.database.sql(waiting) == "0", seconds=20, what="the rollup")
    assert "All counters are correct." in run([sys.executable, "manage.py", "recount", "--check"], env=stack.env)


def test_requests_leave_nothing_in_a_session(stack: Stack) -> None:
    """Both sessions have the timeouts of deploy/pgbouncer.ini, and what a search sets for itself is gone."""
    for _ in range(4):
        assert Visitor(stack.site.origin, ADDRESS).get("/search/?q=lamp").status == 200
    with psycopg.connect(stack.pgbouncer.url) as one, psycopg.connect(stack.pgbouncer.url) as other:
        for session in (one, other):  # Each in a transaction, so both sessions are in use.
            names = (
                "statement_timeout",
                "lock_timeout",
                "idle_in_transaction_session_timeout",
                "enable_seqscan",
                "jit",
            )
            values = [session.execute(f"SHOW {name}".encode()).fetchone() for name in names]
            assert values == [("30s",), ("10s",), ("1min",), ("on",), ("on",)]
            assert session.execute("SELECT count(*) FROM pg_prepared_statements").fetchone() == (0,)


def test_health_reports_a_pgbouncer_without_timeouts(stack: Stack) -> None:
    health = Visitor(stack.site.origin, ADDRESS).get("/health/")
    assert json.loads(health.text)["pgbouncer"] == "ok"
    other = PgBouncer(stack.folder / "other", stack.database, {r" connect_query='.*'": ""})
    other.start()
    try:
        env = {**stack.env, "PGBOUNCER_URL": other.url}
        code = "import django; django.setup(); from spokesperson.checks import pgbouncer; print(pgbouncer())"
        sentence = run([sys.executable, "-c", code], env=env)
    finally:
        other.stop()
    assert "statement_timeout" in sentence
    assert "connect_query" in sentence


def test_requests_while_postgresql_is_away_and_after_its_restart(stack: Stack) -> None:
    user = log_in(stack.site, "reader")
    assert user.get("/my/articles/").status == 200
    stack.database.stop()
    answers = [user.get("/my/articles/") for _ in range(3)]
    stack.database.start()
    assert {answer.status for answer in answers} == {503}
    assert max(answer.seconds for answer in answers) < MAX_WAIT
    wait_until(lambda: user.get("/my/articles/").status == 200, seconds=BACK_WITHIN, what="the site works again")


def test_requests_after_a_restart_of_pgbouncer(stack: Stack) -> None:
    user = log_in(stack.site, "reader")
    stack.pgbouncer.stop()
    assert user.get("/my/articles/").status == 503
    stack.pgbouncer.start()
    wait_until(lambda: user.get("/my/articles/").status == 200, seconds=BACK_WITHIN, what="the site works again")
