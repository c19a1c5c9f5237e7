"""Count the views and reads that pages report: the requests of one process are written together."""

from collections.abc import Sequence

from django.conf import settings
from django.db import connection

from articles.readership.group_commit import GroupCommit
from articles.readership.services import Beacon, ingest
from articles.readership.tasks import rollup_views
from articles.readership.tracking import schedule_rollup

# Seconds that a request waits for its row. No one looks at the answer.
TIMEOUT = 5


def count(beacon: Beacon) -> bool:
    """Return whether the article is published, after the view or read is committed; raise NotWritten if it is not."""
    if connection.in_atomic_block:
        # It must commit or roll back with the caller's transaction.
        return _write([beacon])[0]
    return group_commit.submit(beacon)


def _write(beacons: Sequence[Beacon]) -> Sequence[bool]:
    published, new = ingest(beacons)
    if new:
        schedule_rollup(rollup_views, key="views")
    return published


group_commit = GroupCommit(_write, max_waiting=settings.BEACONS_AT_ONCE, timeout=TIMEOUT)
