"""Check that the database holds what was sent: rows, and the counters derived from them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

from bench.system import BenchmarkError
from bench.testbed import Site, Testbed
from bench.wrk import LoadResult

_VIEWS = "SELECT count(*) FROM readership_pageview WHERE article_id = {0} AND kind = 'counted'"
_VOTES = "SELECT count(*) FROM voting_vote WHERE article_id = {0}"
Ask = Callable[[str], str]


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The numbers of rows of an article."""

    views: int
    votes: int


def query_postgres(testbed: Testbed) -> Ask:
    """Return a function that runs SQL on the large site's database."""
    return partial(testbed.cluster.sql, database=testbed.scale.name)


def query_sqlite(testbed: Testbed) -> Ask:
    """Return a function that runs SQL on the site's SQLite database."""
    path = Path(testbed.on_sqlite.env["DATA_DIR"]) / "spokesperson.sqlite3"

    def ask(statement: str) -> str:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return str(connection.execute(statement).fetchone()[0])

    return ask


def rows(ask: Ask, article: int) -> Rows:
    """Count the rows of an article."""
    return Rows(views=int(ask(_VIEWS.format(article))), votes=int(ask(_VOTES.format(article))))


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What was sent that creates rows, and how many requests can have been in flight when their load ended."""

    views: int
    votes: int
    unanswered: int

    @classmethod
    def of(cls, loads: Sequence[LoadResult]) -> Self:
        """Add up loads that ended without draining: each can leave one request per connection."""
        return cls(
            views=sum(one.beacons for one in loads),
            votes=sum(one.new_voters for one in loads),
            unanswered=sum(one.sent - one.requests for one in loads),
        )


def differences(name: str, *, before: Rows, after: Rows, sent: Sent) -> list[str]:
    """Return sentences about missing and surplus rows."""
    found = []
    for what, new, expected in (
        ("views", after.views - before.views, sent.views),
        ("votes", after.votes - before.votes, sent.votes),
    ):
        if not expected - sent.unanswered <= new <= expected:
            found.append(f"{name}: {new} {what} were stored, {expected} were sent")
    return found


def recount_differences(name: str, site: Site) -> list[str]:
    """What `recount --check` has to log after everything is rolled up; nothing where every counter is right."""
    try:
        site.manage("rollup_views")
        site.manage("recount", "--check")
    except BenchmarkError as error:
        return [f"{name}: {str(error).splitlines()[-1]}"]
    return []
