"""Where backups are: a folder or a bucket, by one URL."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, Protocol

from core.s3 import Bucket, is_s3
from spokesperson.operations import OperationError

NAME = re.compile(r"spokesperson-(\d{8}T\d{6}Z)\.tar(\.age|\.gpg)?")
# S3 has at most 10,000 parts in an object, so an archive has at most 640 GB there.
PART = 64 * 1024 * 1024
# Seconds: an engine joins the parts of a large object before it answers.
READ_TIMEOUT = 300


class Destination(Protocol):
    """A place for backups. Its `str()` is for operators, without secrets."""

    def names(self) -> list[str]:
        """Return the names of the backups, oldest first."""

    def save(self, name: str, content: Any) -> None:
        """Store a backup whole or not at all; `content` has `read`."""

    def read(self, name: str, sink: IO[bytes]) -> None:
        """Write a backup to a stream."""

    def delete(self, name: str) -> None:
        """Delete a backup."""


class Folder:
    """Backups in a folder; only the owner can read them."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __str__(self) -> str:
        return f"{self.path}/"

    def names(self) -> list[str]:
        return sorted(path.name for path in self.path.glob("*") if NAME.fullmatch(path.name))

    def save(self, name: str, content: Any) -> None:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        remove_abandoned(self.path, "spokesperson-*.partial")
        partial = self.path / f"{name}.partial"
        try:
            partial.touch(mode=0o600, exist_ok=False)
            with partial.open("wb") as file:
                shutil.copyfileobj(content, file, 1024 * 1024)
                file.flush()
                os.fsync(file.fileno())
            partial.rename(self.path / name)
        finally:
            partial.unlink(missing_ok=True)

    def read(self, name: str, sink: IO[bytes]) -> None:
        with (self.path / name).open("rb") as file:
            shutil.copyfileobj(file, sink)

    def delete(self, name: str) -> None:
        (self.path / name).unlink(missing_ok=True)


class BucketFolder:
    """Backups in S3-compatible object storage."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket

    def __str__(self) -> str:
        return str(self.bucket)

    def names(self) -> list[str]:
        with self.bucket.call() as bucket:
            pages = self.bucket.client.get_paginator("list_objects_v2").paginate(**bucket, Prefix=self.bucket.prefix)
            names = [one["Key"][len(self.bucket.prefix) :] for page in pages for one in page.get("Contents", ())]
        return sorted(filter(NAME.fullmatch, names))

    def save(self, name: str, content: Any) -> None:
        from boto3.s3.transfer import TransferConfig  # noqa: PLC0415 - optional

        # In one thread, so that only one part is in memory.
        config = TransferConfig(multipart_chunksize=PART, multipart_threshold=PART, use_threads=False)
        with self.bucket.call(name) as key:
            self.bucket.client.upload_fileobj(content, **key, Config=config)

    def read(self, name: str, sink: IO[bytes]) -> None:
        with self.bucket.call(name) as key:
            shutil.copyfileobj(self.bucket.client.get_object(**key)["Body"], sink)

    def delete(self, name: str) -> None:
        with self.bucket.call(name) as key:
            self.bucket.client.delete_object(**key)


def get_destination(url: str) -> Destination:
    """Return the destination that BACKUP_URL or an argument names.

    Raises:
        OperationError: there is none.
    """
    if not url:
        raise OperationError("Set BACKUP_URL to the folder or bucket for backups.")
    try:
        return BucketFolder(Bucket(url, READ_TIMEOUT)) if is_s3(url) else Folder(Path(url).absolute())
    except ValueError as error:
        raise OperationError(f"BACKUP_URL {error}.") from error


def find(path: str, default_url: str) -> tuple[Destination, str]:
    """Return the destination and the name of a backup.

    Args:
        path: a path or URL, or a name in the default destination; nothing means the newest there.

    Raises:
        OperationError: there is no backup.
    """
    if NAME.fullmatch(path) and not Path(path).exists():
        return get_destination(default_url), path
    if path:
        # A query belongs to the end of an S3 URL, the name stands before it.
        before, mark, query = path.partition("?")
        folder, _slash, name = before.rpartition("/")
        return get_destination(f"{folder or '.'}{mark}{query}"), name
    destination = get_destination(default_url)
    if not (names := destination.names()):
        raise OperationError(f"There is no backup in {destination}.")
    return destination, names[-1]


def expired(names: Sequence[str], retention: Sequence[int]) -> list[str]:
    """Return the backups that are no longer needed.

    Those of the 24 hours before the newest one stay, and the newest of each of the last days, weeks and months.

    Args:
        names: in any order.
        retention: how many days, weeks and months; only those with a backup count.
    """
    moments = {name: datetime.strptime(name[13:29], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) for name in names}
    latest = max(moments.values(), default=datetime.min.replace(tzinfo=UTC))
    needed = {name for name, moment in moments.items() if latest - moment < timedelta(days=1)}
    for count, period in zip(retention, ("%Y-%m-%d", "%G-%V", "%Y-%m"), strict=True):
        newest = {moments[name].strftime(period): name for name in sorted(names)}
        needed |= {newest[one] for one in sorted(newest)[max(0, len(newest) - count) :]}
    return sorted(set(names) - needed)


def remove_abandoned(folder: Path, pattern: str) -> None:
    """Delete files that no process has written to for a day: theirs was killed."""
    for path in folder.glob(pattern):
        if path.stat().st_mtime < time.time() - 86400:
            path.unlink(missing_ok=True)


@contextmanager
def reported_errors() -> Iterator[None]:
    """Turn an error of a disk or bucket into one sentence."""
    try:
        yield
    except PermissionError as error:
        sentence = f"{error.filename} cannot be used by {_user()}, who runs the site: make it the owner."
        raise OperationError(sentence) from error
    except OSError as error:
        raise OperationError(f"The backup cannot be read or stored: {error}") from error


def _user() -> str:
    uid = os.geteuid()
    try:
        return f"the user {pwd.getpwuid(uid).pw_name}"
    except KeyError:  # In a container.
        return f"user {uid}"
