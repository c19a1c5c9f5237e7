"""Images that the site serves itself, from a bucket that is away or hangs (core/media_files.py)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.files.base import ContentFile

from core import media_files
from core.s3 import BucketError


class Storage:
    """A storage whose answer is a function."""

    def __init__(self) -> None:
        self.requests = 0
        self.answer: Callable[[], None] = lambda: None

    def open(self, path: str) -> ContentFile[bytes]:
        self.requests += 1
        self.answer()
        return ContentFile(b"image", path)


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Storage:
    storage = Storage()
    monkeypatch.setattr(media_files, "default_storage", storage)
    monkeypatch.setattr(media_files, "_away_until", 0.0)
    return storage


@pytest.fixture
def may_answer(storage: Storage) -> Iterator[threading.Event]:
    """The storage hangs until the event is set."""
    event = threading.Event()
    storage.answer = lambda: None if event.wait(10) else pytest.fail("Nobody waits so long.")
    yield event
    event.set()


def away() -> None:
    raise BucketError


def missing() -> None:
    raise FileNotFoundError


def test_bucket_that_is_away_is_asked_again_after_seconds(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    storage.answer = away
    for _ in range(3):
        with pytest.raises(BucketError):
            media_files.open_file("a.webp")
    assert storage.requests == 1
    storage.answer = lambda: None
    later = time.monotonic() + media_files.RETRY_AFTER
    monkeypatch.setattr("core.media_files.time.monotonic", lambda: later)
    assert media_files.open_file("a.webp").read() == b"image"


def test_missing_file_does_not_mean_that_the_bucket_is_away(storage: Storage) -> None:
    storage.answer = missing
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            media_files.open_file("a.webp")
    assert storage.requests == 2


def test_bucket_that_hangs_occupies_only_some_threads(
    storage: Storage, may_answer: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_files, "TURN_TIMEOUT", 0.01)
    with ThreadPoolExecutor(20) as pool:
        opened = [pool.submit(media_files.open_file, "a.webp") for _ in range(20)]
        refused = [one for one in opened if _is_refused(one.exception)]
        assert len(refused) == 12
        may_answer.set()
        assert all(one.result().read() == b"image" for one in opened if one not in refused)
    # Its turns are free again.
    assert media_files.open_file("a.webp").read() == b"image"


def _is_refused(exception: Callable[[float], BaseException | None]) -> bool:
    try:
        return isinstance(exception(0.5), BucketError)
    except TimeoutError:
        return False
