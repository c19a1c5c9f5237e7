"""`spokesperson backup [--verify [PATH]]`: database, images, keys and version in one archive."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

import spokesperson
from spokesperson.operations import OperationError, set_up
from spokesperson.operations.archive import MANIFEST, ArchiveWriter, Pipeline, encryption
from spokesperson.operations.counting import counted
from spokesperson.operations.destinations import expired, get_destination, reported_errors
from spokesperson.operations.dump import dump_database
from spokesperson.operations.move_media import walk


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--to", metavar="URL", help="a folder or s3://… (default: BACKUP_URL)")
    parser.add_argument(
        "--verify",
        nargs="?",
        const="",
        metavar="PATH",
        help="restore the newest backup, or this one, into a scratch database",
    )
    parser.add_argument("--identity", metavar="FILE", help="with --verify: the private key of age")
    parser.add_argument("--scratch", metavar="URL", help="with --verify: an empty PostgreSQL database to restore into")


def run(options: argparse.Namespace) -> int:
    if options.verify is not None:
        from spokesperson.operations.verify import verify  # noqa: PLC0415 - imports this module

        return verify(options.verify, identity=options.identity, scratch=options.scratch)
    set_up(statement_timeout=0)
    if not MigrationRecorder(connection).has_table():
        raise OperationError("There is nothing to back up: the database of DATABASE_URL has no tables.")
    try:
        with reported_errors():
            path = create(options.to or settings.BACKUP_URL)
    except OperationError as error:
        _record(str(error), has_failed=True)
        raise
    _record("Stored.", has_failed=False)
    print(f"Stored {path}.")
    if not settings.BACKUP_RECIPIENT:
        print("It is not encrypted, and holds passwords, email addresses and the secret key: set BACKUP_RECIPIENT.")
    return 0


def start() -> str:
    """Start a backup in a process of its own, because the periodic jobs of a worker wait for each other."""
    # The child records how it ended. It finds this package in any folder.
    environment = os.environ | {"PYTHONPATH": str(Path(spokesperson.__file__).parents[1])}
    subprocess.Popen([sys.executable, "-m", "spokesperson", "backup"], env=environment)
    return "Started."


def _record(outcome: str, *, has_failed: bool) -> None:
    from core.models import PeriodicRun  # noqa: PLC0415 - needs the settings

    PeriodicRun.objects.filter(pk="spokesperson.operations.backup.start").update(
        finished_at=datetime.now(UTC), outcome=outcome[:200], has_failed=has_failed
    )


def create(url: str) -> str:
    """Store a backup, delete those that have expired, and return where it is.

    Args:
        url: a folder or bucket.
    """
    destination = get_destination(url)
    ending, command = encryption(settings.BACKUP_RECIPIENT)
    name = f"spokesperson-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.tar{ending}"
    with Pipeline(partial(_write, _manifest()), command) as content:
        destination.save(name, content)
    for old in expired(destination.names(), settings.BACKUP_RETENTION):
        destination.delete(old)
    path = f"{destination}{name}"
    write_marker(path=path, finished_at=datetime.now(UTC).isoformat())
    return path


def _manifest() -> dict[str, Any]:
    """Return what a restore has to know before it reads the rest."""
    return {
        "version": spokesperson.__version__,
        "engine": connection.vendor,
        "created_at": datetime.now(UTC).isoformat(),
        "origin": settings.ORIGIN,
        "migrations": sorted(map(list, MigrationRecorder(connection).applied_migrations())),
    }


def _write(manifest: dict[str, Any], stream: IO[bytes]) -> None:
    archive = ArchiveWriter(stream)
    archive.add_json(MANIFEST, manifest)
    archive.add_text("keys/secret-key", settings.SECRET_KEY)
    # The variables, because systemd reads their file as root and no other user can.
    names = sorted(settings.ENVIRONMENT_VARIABLES & set(os.environ))
    archive.add_text("keys/environment", "".join(f"{name}={shlex.quote(os.environ[name])}\n" for name in names))
    archive.add_pieces("database", dump_database())
    # After the database, so that no image is missing whose row is in it, unless it was moved or deleted since.
    for path in counted(walk(default_storage), "images"):
        try:
            file = default_storage.open(path)
        except FileNotFoundError:
            continue
        with file:
            archive.add(f"media/{path}", file, file.size)
    archive.close()


def write_marker(**values: str) -> None:
    """Change values of `backups/last.json` in `DATA_DIR`: `path`, `finished_at`, `verified_at`."""
    marker = settings.DATA_DIR / "backups" / "last.json"
    marker.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = {"finished_at": None, "verified_at": None, "path": None}
    if marker.exists():
        content |= json.loads(marker.read_text(encoding="utf-8"))
    partial_file = marker.with_suffix(".partial")
    partial_file.write_text(json.dumps(content | values), encoding="utf-8")
    partial_file.rename(marker)
