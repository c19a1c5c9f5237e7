"""Uploaded files for readers, where the site serves them itself: a bucket that hangs must not occupy all threads."""

from __future__ import annotations

import threading
import time
from typing import Any

from django.core.files.base import File
from django.core.files.storage import default_storage

from core.s3 import BucketError

# Requests that wait for the storage at once in one process, and seconds that another waits for its turn.
_turns = threading.BoundedSemaphore(8)
TURN_TIMEOUT = 0.5
# Seconds in which a bucket that is away is not asked again.
RETRY_AFTER = 3
_away_until = 0.0


def open_file(path: str) -> File[Any]:
    """Open an uploaded file.

    Raises:
        BucketError: the bucket is away, or too many requests wait for it.
        OSError: there is no such file.
    """
    global _away_until  # noqa: PLW0603 - for all threads
    if time.monotonic() < _away_until or not _turns.acquire(timeout=TURN_TIMEOUT):
        raise BucketError("The storage of images is away.")
    try:
        return default_storage.open(path)
    except BucketError:
        _away_until = time.monotonic() + RETRY_AFTER
        raise
    finally:
        _turns.release()
