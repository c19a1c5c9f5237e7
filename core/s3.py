"""S3-compatible object storage by a URL, for images (`MEDIA_STORAGE_URL`) and backups (`BACKUP_URL`).

It needs the package boto3, which is loaded only when a client is made.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.util import find_spec
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

SCHEMES = {"s3": "https", "s3+http": "http"}
EXAMPLE = "s3://key:secret@s3.example.org/bucket/folder?region=eu-central-1, percent-encoded"
CONNECT_TIMEOUT, READ_TIMEOUT = 3, 10  # seconds
# A session makes one client at a time; its clients can be shared.
_client_lock = threading.Lock()


@cache
def _session() -> Any:
    from boto3.session import Session  # noqa: PLC0415 - optional

    return Session()


class BucketError(OSError):
    """The storage is away or refuses; `str(error)` says which."""


def is_s3(url: str) -> bool:
    return url.partition("://")[0] in SCHEMES


@dataclass(frozen=True)
class Bucket:
    """A folder in a bucket.

    Args:
        url: `s3://key:secret@host/bucket/folder?region=name`; `s3+http://` does not encrypt. Without key and
            secret, boto3 looks for them (environment, files, the role of the machine).
        read_timeout: seconds to wait for each answer.

    Raises:
        ValueError: the URL is not like that, or boto3 is not installed; its text is a part of a sentence.
    """

    url: str
    read_timeout: int = READ_TIMEOUT

    def __post_init__(self) -> None:
        try:
            is_complete = bool(is_s3(self.url) and self._parts.hostname and self._parts.port != 0 and self.name)
        except ValueError:  # The port is no number.
            is_complete = False
        if not is_complete:
            raise ValueError(f"must look like {EXAMPLE}")
        if find_spec("boto3") is None:
            raise ValueError("needs the package boto3: pip install --require-hashes -r requirements-s3.txt")

    @cached_property
    def _parts(self) -> Any:
        return urlsplit(self.url)

    @property
    def name(self) -> str:
        """The name of the bucket."""
        return str(self._parts.path.split("/")[1]) if "/" in self._parts.path else ""

    @property
    def prefix(self) -> str:
        """The beginning of every key: nothing, or a folder with a slash at its end."""
        folder = self._parts.path[1:].partition("/")[2].strip("/")
        return f"{folder}/" if folder else ""

    def __str__(self) -> str:
        """Return the URL without key and secret."""
        return f"{self._parts.scheme}://{self._parts.netloc.rpartition('@')[2]}/{self.name}/{self.prefix}"

    @cached_property
    def client(self) -> Any:
        """The boto3 client; threads can share it."""
        from botocore.config import Config  # noqa: PLC0415 - optional

        user, password, host = self._parts.username, self._parts.password, self._parts.netloc.rpartition("@")[2]
        with _client_lock:
            return _session().client(
                "s3",
                endpoint_url=f"{SCHEMES[self._parts.scheme]}://{host}",
                region_name=parse_qs(self._parts.query).get("region", ["us-east-1"])[0],
                aws_access_key_id=unquote(user) if user else None,
                aws_secret_access_key=unquote(password) if password else None,
                config=Config(
                    connect_timeout=CONNECT_TIMEOUT,
                    read_timeout=self.read_timeout,
                    retries={"total_max_attempts": 2, "mode": "standard"},
                    s3={"addressing_style": "path"},
                    # Not every engine knows the newer checksums.
                    request_checksum_calculation="when_required",
                    response_checksum_validation="when_required",
                ),
            )

    @contextmanager
    def call(self, name: str = "") -> Iterator[dict[str, str]]:
        """Yield the arguments that name an object; its errors are those of a file.

        Raises:
            FileNotFoundError: it does not exist.
            BucketError: the storage is away or refuses.
        """
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - optional

        try:
            yield {"Bucket": self.name, "Key": self.prefix + name} if name else {"Bucket": self.name}
        except ClientError as error:
            if error.response["Error"]["Code"] in {"404", "NoSuchKey"}:
                raise FileNotFoundError(f"{self} has no {name}") from error
            raise BucketError(f"{self} refuses: {error}") from error
        except BotoCoreError as error:
            raise BucketError(f"{self} does not answer: {error}") from error
