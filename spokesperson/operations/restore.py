"""`spokesperson restore PATH`: a backup becomes the site, on the same or the other database engine."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import groupby
from typing import IO, Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from spokesperson.operations import OperationError, set_up
from spokesperson.operations.archive import CHUNK, ArchiveReader, Pipeline, decryption
from spokesperson.operations.change_database import add_source, copy_rows, refuse_site
from spokesperson.operations.counting import counted
from spokesperson.operations.destinations import Destination, find, reported_errors
from spokesperson.operations.dump import load_database, unpacked_sqlite
from spokesperson.operations.move_media import walk


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", default="", help="the backup (default: the newest one of BACKUP_URL)")
    parser.add_argument("--identity", metavar="FILE", help="the private key of age")
    parser.add_argument("--replace", action="store_true", help="replace the database of a site that is not empty")
    parser.add_argument(
        "--scratch", metavar="URL", help="an empty PostgreSQL database, to restore a backup of PostgreSQL onto SQLite"
    )


def run(options: argparse.Namespace) -> int:
    set_up(statement_timeout=0)
    destination, name = find(options.path, settings.BACKUP_URL)
    with reported_errors():
        if not options.replace:
            refuse_site("default")
            if next(walk(default_storage), None):
                raise OperationError("The storage of images is not empty: restore onto an empty site.")
        with opened(destination, name, options.identity) as archive:
            restore(archive, scratch=options.scratch)
    from spokesperson.operations import consistency  # noqa: PLC0415 - needs the settings

    problems = [*consistency.row_problems(), *consistency.stored_image_problems()]
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        raise OperationError(f"{name} is restored, but {len(problems)} checks fail.")
    print(f"{name} is restored: counters, ledger, search index and images agree with their rows.")
    return 0


@contextmanager
def opened(destination: Destination, name: str, identity: str | None) -> Iterator[ArchiveReader]:
    """Open a backup, and decrypt it if it is encrypted."""
    with Pipeline(partial(destination.read, name), decryption(name, identity)) as stream:
        yield ArchiveReader(stream)


def folders(archive: ArchiveReader) -> Iterator[tuple[str, Iterator[tuple[str, IO[bytes]]]]]:
    """Yield the folders of an archive, each with its members."""
    return groupby(archive.members(), key=lambda member: member[0].partition("/")[0])


def chunks(members: Iterable[tuple[str, IO[bytes]]]) -> Iterator[bytes]:
    """Yield the content of members one after the other, in small parts."""
    for _name, content in members:
        while data := content.read(CHUNK):
            yield data


def restore(archive: ArchiveReader, *, scratch: str | None = None) -> None:
    """Put everything of an archive in its place; the keys into `restored-keys` in `DATA_DIR`.

    Args:
        scratch: URL of an empty PostgreSQL database, for a backup of PostgreSQL on a site with SQLite.

    Raises:
        OperationError: the archive is damaged, or of a newer version.
    """
    for folder, members in folders(archive):
        if folder == "keys":
            for name, content in members:
                _restore_key(name.removeprefix("keys/"), content.read())
        elif folder == "database":
            _restore_database(archive.manifest, chunks(members), scratch)
        elif folder == "media":
            for name, content in counted(members, "images"):
                path = name.removeprefix("media/")
                if not default_storage.exists(path):
                    default_storage.save(path, ContentFile(content.read()))


def _restore_key(name: str, content: bytes) -> None:
    folder = settings.DATA_DIR / "restored-keys"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / name).touch(mode=0o600)
    (folder / name).write_bytes(content)
    if name == "secret-key" and content.decode() != settings.SECRET_KEY:
        print(
            f"The secret key is not that of the backup ({folder / name}): with another one, all users are logged out."
        )


def _restore_database(manifest: dict[str, Any], content: Iterator[bytes], scratch: str | None) -> None:
    if manifest["engine"] == connection.vendor:
        load_database(content)
        prepare(manifest)
    elif manifest["engine"] == "sqlite":
        with unpacked_sqlite(content) as file:
            add_source({"ENGINE": "django.db.backends.sqlite3", "NAME": file})
            prepare(manifest, "source")
            copy_rows()
            connections["source"].close()
    else:
        if not scratch:
            raise OperationError(
                "The backup is of PostgreSQL, this site uses SQLite: name an empty PostgreSQL database by --scratch."
            )
        add_source(scratch)
        load_database(content, "source")
        prepare(manifest, "source")
        copy_rows()


def prepare(manifest: dict[str, Any], alias: str = "default") -> None:
    """Bring the tables of a backup to the version of the code.

    Raises:
        OperationError: the backup is of a newer version.
    """
    known = MigrationExecutor(connections[alias]).loader.disk_migrations
    if unknown := {tuple(one) for one in manifest["migrations"]} - set(known):
        app, name = min(unknown)
        raise OperationError(
            f"The backup is of version {manifest['version']}; this one is older and has no migration {app}.{name}."
        )
    call_command("migrate", database=alias, verbosity=0, interactive=False)
