"""`spokesperson backup --verify`: restore a backup into a scratch database and examine it."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import quote

from spokesperson.operations import OperationError, set_up
from spokesperson.operations.backup import write_marker
from spokesperson.operations.destinations import find, reported_errors
from spokesperson.operations.dump import load_database, scratch_database
from spokesperson.operations.restore import chunks, folders, opened, prepare


def verify(path: str, *, identity: str | None, scratch: str | None) -> int:
    """Examine the newest backup, or the one at a path; return the exit code.

    The settings are read with the scratch database in place of that of the site, which is not touched.
    """
    destination, name = find(path, os.environ.get("BACKUP_URL", ""))
    with (
        reported_errors(),
        opened(destination, name, identity) as archive,
        _database(archive.manifest["engine"], scratch) as url,
    ):
        os.environ["DATABASE_URL"] = url
        set_up(statement_timeout=0)
        from spokesperson.operations import consistency  # noqa: PLC0415 - needs the settings

        for folder, members in folders(archive):
            if folder == "database":
                load_database(chunks(members))
                prepare(archive.manifest)
                sample = consistency.ImageSample()
            elif folder == "media":
                for member, content in members:
                    sample.add(member.removeprefix("media/"), content)
        problems = [*consistency.row_problems(), *sample.problems()]
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        raise OperationError(f"{name} is not as it should be: {len(problems)} problems.")
    write_marker(verified_at=datetime.now(UTC).isoformat())
    images = len(sample.images)
    print(f"{name} can be restored: counters, ledger, search index and {images} images agree with their rows.")
    return 0


@contextmanager
def _database(engine: str, scratch: str | None) -> Iterator[str]:
    """Yield the URL of an empty database of an engine."""
    url = os.environ.get("DATABASE_URL", "")
    if engine == "sqlite":
        with tempfile.TemporaryDirectory(dir=os.environ.get("DATA_DIR")) as folder:
            yield f"sqlite:///{quote(folder)}/scratch.sqlite3"
    elif scratch:
        yield scratch
    elif url.startswith("sqlite") or not url:
        raise OperationError("The backup is of PostgreSQL: name an empty database by --scratch postgres://…")
    else:
        with scratch_database(url) as name:
            yield name
