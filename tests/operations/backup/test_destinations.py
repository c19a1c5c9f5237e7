"""Folders and buckets for backups."""

from __future__ import annotations

import errno
import os
import pwd
import time
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import IO

import pytest

from core.s3 import Bucket
from spokesperson.operations import OperationError
from spokesperson.operations import destinations as module
from spokesperson.operations.archive import Pipeline
from spokesperson.operations.destinations import Destination, expired, find, get_destination, reported_errors

FIRST = "spokesperson-20261101T020000Z.tar"
SECOND = "spokesperson-20261102T020000Z.tar.age"


@pytest.fixture(params=["folder", "bucket"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "folder":
        return str(tmp_path / "backups")
    return str(request.getfixturevalue("s3_url"))


def read(destination: Destination, name: str) -> bytes:
    sink = BytesIO()
    destination.read(name, sink)
    return sink.getvalue()


def test_destination_stores_lists_opens_and_deletes(url: str) -> None:
    destination = get_destination(url)
    assert destination.names() == []
    for name in (SECOND, FIRST):
        destination.save(name, BytesIO(name.encode()))
    destination.save("spokesperson-notes.txt", BytesIO(b"of the operator"))
    assert destination.names() == [FIRST, SECOND]
    assert read(destination, SECOND) == SECOND.encode()
    destination.delete(FIRST)
    assert destination.names() == [SECOND]


def test_destination_has_nothing_of_a_backup_that_failed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PART", 5 * 1024 * 1024)

    def produce(sink: IO[bytes]) -> None:
        sink.write(b"a" * 12 * 1024 * 1024)
        raise OSError("The disk is gone")

    destination = get_destination(url)
    with Pipeline(produce) as content, pytest.raises(OSError, match="The disk is gone"):
        destination.save(FIRST, content)
    assert destination.names() == []
    if url.startswith("/"):
        assert list(Path(url).iterdir()) == []
    else:
        bucket = Bucket(url)
        assert "Uploads" not in bucket.client.list_multipart_uploads(Bucket=bucket.name)


def test_bucket_stores_parts(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PART", 5 * 1024 * 1024)
    content = os.urandom(12 * 1024 * 1024)
    destination = get_destination(s3_url)
    with Pipeline(lambda sink: sink.write(content)) as stream:
        destination.save(FIRST, stream)
    assert read(destination, FIRST) == content


def test_folder_is_for_its_owner_only(tmp_path: Path) -> None:
    destination = get_destination(str(tmp_path / "new" / "backups"))
    destination.save(FIRST, BytesIO(b"secret"))
    assert (tmp_path / "new" / "backups").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "new" / "backups" / FIRST).stat().st_mode & 0o777 == 0o600


def test_folder_deletes_what_killed_backups_left(tmp_path: Path) -> None:
    old, running = (tmp_path / f"spokesperson-{name}.tar.partial" for name in ("old", "running"))
    for file in (old, running):
        file.touch()
    os.utime(old, (time.time() - 90_000,) * 2)
    get_destination(str(tmp_path)).save(FIRST, BytesIO(b"content"))
    assert sorted(file.name for file in tmp_path.iterdir()) == [FIRST, running.name]


def test_destination_is_named_without_its_secrets(s3_url: str) -> None:
    assert "secret" not in str(get_destination(s3_url))
    assert "secret" in s3_url


@pytest.mark.parametrize("url", ["", "s3://host", "s3://key:secret@host/", "s3+http:///bucket"])
def test_destination_that_is_wrong_is_one_sentence(url: str) -> None:
    with pytest.raises(OperationError, match=r"BACKUP_URL"):
        get_destination(url)


def test_storage_that_is_away_is_one_sentence() -> None:
    destination = get_destination("s3+http://key:secret@127.0.0.1:9/bucket")
    with (
        pytest.raises(OperationError, match=r"The backup cannot be read or stored: .* does not answer"),
        reported_errors(),
    ):
        destination.names()


def test_file_of_another_user_is_one_sentence_with_the_remedy() -> None:
    user = pwd.getpwuid(os.geteuid()).pw_name
    with (
        pytest.raises(OperationError, match=rf"cannot be used by the user {user}, who .*: make it the owner"),
        reported_errors(),
    ):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), f"/root/{FIRST}")


def test_find_newest_or_named(url: str) -> None:
    destination = get_destination(url)
    with pytest.raises(OperationError, match="There is no backup"):
        find("", url)
    for name in (SECOND, FIRST):
        destination.save(name, BytesIO(b""))
    assert find("", url)[1] == SECOND
    assert (str(find(FIRST, url)[0]), find(FIRST, url)[1]) == (str(destination), FIRST)
    found, name = find(f"{url}/{FIRST}", "")
    assert (name, found.names()) == (FIRST, [FIRST, SECOND])


def test_find_in_a_bucket_with_a_region() -> None:
    destination, name = find(f"s3://key:secret@host/bucket/folder/{FIRST}?region=eu-west-1", "")
    assert (name, str(destination)) == (FIRST, "s3://host/bucket/folder/")


# --- Retention ---------------------------------------------------------------------------------


def names(*days_before: float) -> list[str]:
    moment = datetime(2026, 11, 28, 2, tzinfo=UTC)  # a Saturday
    return [f"spokesperson-{moment - timedelta(days=days):%Y%m%dT%H%M%SZ}.tar" for days in days_before]


def test_expired_leaves_days_weeks_and_months() -> None:
    daily = names(*range(400))
    left = sorted(set(daily) - set(expired(daily, (7, 4, 3))), reverse=True)
    assert [name[13:21] for name in left] == [
        *("20261128", "20261127", "20261126", "20261125", "20261124", "20261123", "20261122"),
        *("20261115", "20261108"),
        *("20261031", "20260930"),
    ]


def test_expired_leaves_all_of_the_last_24_hours() -> None:
    assert expired(names(0, 0.2, 0.9, 1.5), (1, 1, 1)) == names(1.5)


@pytest.mark.parametrize("backups", [[], names(0), names(0, 0.5)])
def test_expired_never_contains_the_newest(backups: list[str]) -> None:
    assert expired(backups, (0, 0, 0)) == []


def test_expired_counts_days_with_a_backup() -> None:
    """After a month without a backup, the old ones stay."""
    assert expired(names(0, 40, 41), (3, 0, 0)) == []
