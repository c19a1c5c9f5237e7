"""Public pages read from a replica with real streaming replication (core/replicas.py)."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.system.replicas.servers import Browser, PostgreSQL, Site, wait_until

pytestmark = pytest.mark.system

MAX_LAG = 2  # seconds
PUBLISH = """
from tests import factories
article = factories.published(title="Read from the replica")
factories.UserFactory.create(username="reader")
from articles.search.services import rebuild
rebuild()
print(article.get_absolute_url())
"""


@dataclass
class Stack:
    """A site with a primary, a replica and one published article."""

    site: Site
    browser: Browser
    primary: PostgreSQL
    replica: PostgreSQL
    path: str

    def write(self, summary: str) -> None:
        self.primary.sql(f"UPDATE articles_revision SET summary = '{summary}'")  # noqa: S608 - from the tests

    def reads_from_replica(self, path: str = "") -> bool:
        """Return whether a page makes the replica read."""
        now = self.replica.sql("SELECT clock_timestamp()")
        assert self.browser.get(path or self.path).status == 200
        queries = f"SELECT query FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query_start > '{now}'"  # noqa: S608 - its own time
        # The site also asks how far the replica is.
        return any("pg_last_wal" not in query for query in self.replica.sql(queries).splitlines())


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    # PostgreSQL's user must be able to enter the folder.
    folder = Path(tempfile.mkdtemp(prefix="replicas-", dir="/var/tmp"))
    folder.chmod(0o777)
    primary = PostgreSQL(folder / "primary")
    primary.start()
    replica = PostgreSQL(folder / "replica", copy_of=primary)
    replica.start()
    site = Site(
        folder / "data",
        DATABASE_URL=primary.url(),
        REPLICA_URLS=replica.url(),
        REPLICA_MAX_LAG=str(MAX_LAG),
        PAGE_CACHE_MB="0",
    )
    try:
        site.manage("migrate", "--verbosity", "0")
        site.manage("collectstatic", "--no-input", "--verbosity", "0")
        path = site.run_code(PUBLISH).strip().splitlines()[-1]
        with site.served() as browser:
            yield Stack(site, browser, primary, replica, path)
    finally:
        replica.stop()
        primary.stop()
        shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def both_run(stack: Stack) -> None:
    for server in (stack.primary, stack.replica):
        try:
            server.sql("SELECT 1")
        except subprocess.CalledProcessError:
            server.start()
    wait_until(stack.reads_from_replica, seconds=30, what="pages are read from the replica")


def test_public_page_reads_from_the_replica_and_forms_from_the_primary(stack: Stack) -> None:
    stack.replica.sql("SELECT pg_wal_replay_pause()")
    try:
        stack.write("Not there yet")
        assert "Not there yet" not in stack.browser.get(stack.path).text
    finally:
        stack.replica.sql("SELECT pg_wal_replay_resume()")


def test_search_reads_from_the_replica(stack: Stack) -> None:
    assert "Read from the" in stack.browser.get("/search/?q=replica").text
    assert stack.reads_from_replica("/search/?q=replica")


def test_replica_that_lags_is_not_read(stack: Stack) -> None:
    stack.replica.sql("SELECT pg_wal_replay_pause()")
    try:
        stack.write("New summary")
        seconds = wait_until(
            lambda: "New summary" in stack.browser.get(stack.path).text, seconds=15, what="the primary is read"
        )
        assert seconds <= MAX_LAG + 2
    finally:
        stack.replica.sql("SELECT pg_wal_replay_resume()")
    wait_until(stack.reads_from_replica, seconds=15, what="the replica is read again")


def test_user_reads_their_own_write_at_once(stack: Stack) -> None:
    reader = Browser(stack.site.origin)
    login = reader.post("/accounts/login/", "/accounts/login/", login="reader", password="correct horse battery")
    assert login.status == 302
    wait_until(stack.reads_from_replica, seconds=15, what="the replica is read")
    stack.replica.sql("SELECT pg_wal_replay_pause()")
    try:
        vote = stack.path.replace(stack.path.split("/")[3], "vote")
        answer = reader.post(vote, stack.path, vote="1")
        assert answer.status == 303
        assert 'aria-pressed="true"' in reader.get(stack.path).text
    finally:
        stack.replica.sql("SELECT pg_wal_replay_resume()")


def test_pages_are_answered_while_the_replica_is_killed(stack: Stack) -> None:
    statuses = {stack.browser.get(stack.path).status for _ in range(20)}
    stack.replica.stop()
    statuses |= {stack.browser.get(stack.path).status for _ in range(60)}
    assert statuses == {200}
    stack.replica.start()
    wait_until(stack.reads_from_replica, seconds=15, what="the replica is read again")


def test_public_pages_are_answered_while_the_primary_is_away(stack: Stack) -> None:
    stack.primary.stop()
    began = time.monotonic()
    assert {stack.browser.get(stack.path).status for _ in range(20)} == {200}
    assert stack.browser.get("/accounts/login/").status in {200, 503}
    assert {stack.browser.get(stack.path).status for _ in range(20)} == {200}
    assert time.monotonic() - began < 15
    stack.primary.start()
    wait_until(
        lambda: Browser(stack.site.origin).get("/accounts/login/").status == 200, seconds=5, what="the primary is back"
    )
