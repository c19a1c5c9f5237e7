"""Uploaded images in S3-compatible object storage; spokesperson/settings.py chooses it by `MEDIA_STORAGE_URL`."""

from __future__ import annotations

import mimetypes
import shutil
from pathlib import PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import Any

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import File
from django.core.files.storage import Storage
from django.utils.encoding import filepath_to_uri

from core.s3 import Bucket

# A shared cache asks again after seconds: a file can be taken down.
CACHE_CONTROL = "public, max-age=86400, s-maxage=5"
MAX_MEMORY = 1024 * 1024


class S3Storage(Storage):
    """Store files in a bucket. An engine that is away raises OSError, as a disk does.

    Args:
        url: see `core.s3.Bucket`.
    """

    def __init__(self, url: str) -> None:
        self.bucket = Bucket(url)

    def check(self) -> None:
        """Raise OSError if the bucket cannot be used."""
        with self.bucket.call() as bucket:
            self.bucket.client.head_bucket(**bucket)

    def _open(self, name: str, mode: str = "rb") -> File[Any]:
        spooled = SpooledTemporaryFile(max_size=MAX_MEMORY)  # noqa: SIM115 - the caller closes it
        with self.bucket.call(_clean(name)) as key:
            shutil.copyfileobj(self.bucket.client.get_object(**key)["Body"], spooled)
        spooled.seek(0)
        return File(spooled, name)

    def _save(self, name: str, content: File[Any]) -> str:
        content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        content.seek(0)
        with self.bucket.call(_clean(name)) as key:
            self.bucket.client.put_object(
                **key, Body=content.file, ContentType=content_type, CacheControl=CACHE_CONTROL
            )
        return name

    def delete(self, name: str) -> None:
        with self.bucket.call(_clean(name)) as key:
            self.bucket.client.delete_object(**key)

    def exists(self, name: str) -> bool:
        try:
            self.size(name)
        except FileNotFoundError:
            return False
        return True

    def size(self, name: str) -> int:
        with self.bucket.call(_clean(name)) as key:
            return int(self.bucket.client.head_object(**key)["ContentLength"])

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        folder = f"{self.bucket.prefix}{path.strip('/')}/" if path.strip("/") else self.bucket.prefix
        folders: list[str] = []
        files: list[str] = []
        with self.bucket.call() as bucket:
            pages = self.bucket.client.get_paginator("list_objects_v2").paginate(**bucket, Prefix=folder, Delimiter="/")
            for page in pages:
                folders += [one["Prefix"][len(folder) : -1] for one in page.get("CommonPrefixes", ())]
                files += [one["Key"][len(folder) :] for one in page.get("Contents", ()) if one["Key"] != folder]
        return folders, files

    def url(self, name: str | None) -> str:
        return f"{settings.MEDIA_URL}{filepath_to_uri(name or '').lstrip('/')}"


def _clean(name: str) -> str:
    """Refuse names that some engines would resolve to another folder, or that no object can have."""
    if ".." in PurePosixPath(name).parts or "\0" in name or len(name.encode()) > 900:
        raise SuspiciousFileOperation(name[:100])
    return name
