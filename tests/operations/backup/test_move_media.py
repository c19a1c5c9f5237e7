"""Images move between a folder and a bucket."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, Storage, default_storage

from spokesperson.operations import OperationError, move_media
from spokesperson.operations.move_media import get_storage, mirror, walk

KEYS = [f"{number:032x}" for number in range(5)]
PATHS = [f"pictures/{key[:2]}/{key}-480.webp" for key in KEYS]


@pytest.fixture(params=["to the bucket", "to the folder"])
def storages(request: pytest.FixtureRequest, tmp_path: Path, s3_url: str) -> tuple[Storage, Storage]:
    """Return source and target."""
    folder, bucket = get_storage(str(tmp_path / "folder")), get_storage(s3_url)
    source, target = (folder, bucket) if request.param == "to the bucket" else (bucket, folder)
    for path in PATHS:
        source.save(path, ContentFile(path.encode() * 100))
    return source, target


def content(storage: Storage) -> dict[str, bytes]:
    found = {}
    for path in walk(storage):
        with storage.open(path) as file:
            found[path] = file.read()
    return found


def test_mirror_copies_everything_and_a_second_run_nothing(storages: tuple[Storage, Storage]) -> None:
    source, target = storages
    assert mirror(source, target) == (5, 0, 0)
    assert content(target) == content(source)
    assert len(content(source)) == 5
    assert mirror(source, target) == (0, 5, 0)


def test_mirror_goes_on_where_it_was_interrupted(storages: tuple[Storage, Storage]) -> None:
    source, target = storages
    target.save(PATHS[0], ContentFile(b"incomplete"))
    target.save(PATHS[1], ContentFile(PATHS[1].encode() * 100))
    assert mirror(source, target) == (4, 1, 0)
    assert content(target) == content(source)


def test_mirror_deletes_what_was_taken_down_meanwhile_and_nothing_else(storages: tuple[Storage, Storage]) -> None:
    source, target = storages
    mirror(source, target)
    source.delete(PATHS[0])
    target.save("notes of the operator.txt", ContentFile(b"x"))
    assert mirror(source, target) == (0, 4, 1)
    assert set(walk(target)) == {*PATHS[1:], "notes of the operator.txt"}


def test_mirror_reads_again_what_it_wrote(tmp_path: Path) -> None:
    class Lossy(FileSystemStorage):
        def _save(self, name: str, content: File[bytes]) -> str:
            content.seek(0)
            return str(super()._save(name, ContentFile(content.read()[:-1] + b"?")))  # type: ignore[misc]

    source, target = FileSystemStorage(tmp_path / "source"), Lossy(tmp_path / "target")
    source.save(PATHS[0], ContentFile(b"image"))
    with pytest.raises(OSError, match="is not read back as it was written"):
        mirror(source, target)


def test_walk_of_a_storage_that_does_not_exist_yet_is_empty(tmp_path: Path) -> None:
    assert list(walk(FileSystemStorage(tmp_path / "none"))) == []


def run(target: str) -> int:
    return move_media.run(argparse.Namespace(target=target))


def test_move_media_says_what_it_did(s3_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    default_storage.save(PATHS[0], ContentFile(b"image"))
    assert run(s3_url) == 0
    assert capsys.readouterr().out.startswith("1 files copied and read again, 0 were there already, 0 deleted")
    assert content(get_storage(s3_url)) == {PATHS[0]: b"image"}


@pytest.mark.parametrize(
    ("target", "sentence"),
    [("s3://host", "The target must look like"), ("s3+http://k:s@127.0.0.1:9/bucket", "Run the command again")],
)
def test_move_media_error_is_one_sentence(target: str, sentence: str) -> None:
    default_storage.save(PATHS[0], ContentFile(b"image"))
    with pytest.raises(OperationError, match=sentence):
        run(target)
