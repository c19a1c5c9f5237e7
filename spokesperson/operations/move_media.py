"""`spokesperson move-media TARGET`: copy the images to another storage, resumable and verified."""

from __future__ import annotations

import argparse
import hashlib
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import batched
from pathlib import Path

from django.core.files.storage import FileSystemStorage, Storage, default_storage

from core.s3 import is_s3
from spokesperson.operations import OperationError, set_up
from spokesperson.operations.counting import counted

THREADS = 8
BATCH = 500
# Only files that this project named are ever deleted.
NAME = re.compile(r"[0-9a-f]{32}[-.]")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", help="a folder or s3://key:secret@host/bucket; the source is the storage in use")


def run(options: argparse.Namespace) -> int:
    set_up()
    try:
        target = get_storage(options.target)
    except ValueError as error:
        raise OperationError(f"The target {error}.") from error
    try:
        copied, present, deleted = mirror(default_storage, target)
    except OSError as error:
        raise OperationError(f"The images cannot be copied: {error}. Run the command again; it goes on.") from error
    print(f"{copied} files copied and read again, {present} were there already, {deleted} deleted that are gone here.")
    return 0


def get_storage(url: str) -> Storage:
    """Return the storage of images in a folder or bucket."""
    if is_s3(url):
        from core.storage import S3Storage  # noqa: PLC0415 - needs the settings

        return S3Storage(url)
    return FileSystemStorage(Path(url).absolute())


def walk(storage: Storage, folder: str = "") -> Iterator[str]:
    """Yield the path of every file in a storage."""
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:
        return
    yield from (f"{folder}{name}" for name in files)
    for name in folders:
        yield from walk(storage, f"{folder}{name}/")


def mirror(source: Storage, target: Storage) -> tuple[int, int, int]:
    """Make the target equal to the source. Return how many files were copied, were there, and were deleted.

    A file with the same name and size has the same content: names are random and never used again.

    Raises:
        OSError: one of the storages is away, or a file is not read back as it was written.
    """
    copied = present = deleted = 0
    with ThreadPoolExecutor(THREADS) as threads:
        for batch in batched(counted(walk(source), "files"), BATCH, strict=False):
            for is_new in threads.map(partial(_copy, source, target), batch):
                copied, present = copied + is_new, present + (not is_new)
        # An image that was taken down meanwhile must not be public under its old name.
        for batch in batched(walk(target), BATCH, strict=False):
            deleted += sum(threads.map(partial(_delete_surplus, source, target), batch))
    return copied, present, deleted


def _copy(source: Storage, target: Storage, path: str) -> bool:
    try:
        with source.open(path) as file:
            if target.exists(path):
                if target.size(path) == file.size:
                    return False
                target.delete(path)  # Incomplete.
            digest = hashlib.file_digest(file, "sha256").digest()
            target.save(path, file)
    except FileNotFoundError:
        return False  # Deleted or moved since it was listed.
    with target.open(path) as written:
        if hashlib.file_digest(written, "sha256").digest() != digest:
            raise OSError(f"{path} is not read back as it was written")
    return True


def _delete_surplus(source: Storage, target: Storage, path: str) -> bool:
    if not NAME.search(path) or source.exists(path):
        return False
    target.delete(path)
    return True
