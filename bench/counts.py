"""Whether what was counted is what was sent: rows, and the counters made of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

from bench.load import Answers
from bench.stage import Site, Stage
from bench.workplace import CannotMeasure

_VIEWS = "SELECT count(*) FROM readership_view WHERE article_id = {0} AND kind = 'counted'"
_VOTES = "SELECT count(*) FROM voting_vote WHERE article_id = {0}"
Ask = Callable[[str], str]


@dataclass(frozen=True, kw_only=True)
class Rows:
    """How many rows an article has."""

    views: int
    votes: int


def on_postgres(stage: Stage) -> Ask:
    """Asks the large site's database."""
    return partial(stage.cluster.sql, database=stage.scale.name)


def on_sqlite(stage: Stage) -> Ask:
    """Asks the site on SQLite."""
    path = Path(stage.on_sqlite.env["DATA_DIR"]) / "spokesperson.sqlite3"

    def ask(statement: str) -> str:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return str(connection.execute(statement).fetchone()[0])

    return ask


def rows(ask: Ask, article: int) -> Rows:
    """The rows that an article has now."""
    return Rows(views=int(ask(_VIEWS.format(article))), votes=int(ask(_VOTES.format(article))))


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What was sent that makes rows, and how many requests may have been on their way when their load ended."""

    views: int
    votes: int
    unanswered: int

    @classmethod
    def of(cls, loads: Sequence[Answers]) -> Self:
        """Of loads that ended without draining: each may leave one request on each connection."""
        return cls(
            views=sum(one.beacons for one in loads),
            votes=sum(one.new_voters for one in loads),
            unanswered=sum(one.sent - one.requests for one in loads),
        )


def differences(name: str, *, before: Rows, after: Rows, sent: Sent) -> list[str]:
    """Sentences about rows that are missing or too many."""
    found = []
    for what, new, expected in (
        ("views", after.views - before.views, sent.views),
        ("votes", after.votes - before.votes, sent.votes),
    ):
        if not expected - sent.unanswered <= new <= expected:
            found.append(f"{name}: {new} {what} were stored, {expected} were sent")
    return found


def recounted(name: str, site: Site) -> list[str]:
    """What `recount --check` has to say after everything is rolled up; nothing where every counter is right."""
    try:
        site.manage("roll_up_views")
        site.manage("recount", "--check")
    except CannotMeasure as error:
        return [f"{name}: {str(error).splitlines()[-1]}"]
    return []
