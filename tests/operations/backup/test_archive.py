"""The archive: what is written is read again, and nothing that is damaged or incomplete passes."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import IO

import pytest

from spokesperson.operations import OperationError, archive
from spokesperson.operations.archive import ArchiveReader, ArchiveWriter, Pipeline, decryption, encryption
from tests.e2e.conftest import skip_or_fail


def write(stream: IO[bytes]) -> None:
    writer = ArchiveWriter(stream)
    writer.add_json("manifest.json", {"version": "1"})
    writer.add_text("keys/secret-key", "ключ")
    writer.add_pieces("database", [b"first ", b"second ", b"third"])
    writer.add("media/a.webp", BytesIO(b"image"), 5)
    writer.close()


def written() -> bytes:
    stream = BytesIO()
    write(stream)
    return stream.getvalue()


def read(content: bytes) -> dict[str, bytes]:
    return {name: file.read() for name, file in ArchiveReader(BytesIO(content)).members()}


def test_archive_has_what_was_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "PIECE", 8)
    content = written()
    assert ArchiveReader(BytesIO(content)).manifest == {"version": "1"}
    assert read(content) == {
        "keys/secret-key": "ключ".encode(),
        "database/000000": b"first se",
        "database/000001": b"cond thi",
        "database/000002": b"rd",
        "media/a.webp": b"image",
    }


def test_archive_is_a_tar_file_for_its_owner_only() -> None:
    with tarfile.open(fileobj=BytesIO(written())) as tar:
        assert {member.mode for member in tar} == {0o600}
        assert tar.getnames()[-1] == "end.json"


def test_archive_that_is_cut_anywhere_is_damaged() -> None:
    content = written()
    end = content.index(b"end.json") + 512
    for length in range(0, end, 512):
        with pytest.raises(OperationError, match=r"damaged|not a backup"):
            read(content[:length])


@pytest.mark.parametrize("changed", ["ключ".encode(), b"second", b"image", b"media/a.webp"])
def test_archive_with_a_changed_byte_is_damaged(changed: bytes) -> None:
    content = bytearray(written())
    content[content.index(changed)] ^= 1
    with pytest.raises(OperationError, match="damaged"):
        read(bytes(content))


def test_archive_whose_members_are_not_read_is_checked_all_the_same() -> None:
    assert [name for name, _content in ArchiveReader(BytesIO(written())).members()][-1] == "media/a.webp"


@pytest.mark.parametrize("content", [b"", b"x" * 5000])
def test_other_files_are_no_backup(content: bytes) -> None:
    with pytest.raises(OperationError, match=r"damaged|not a backup"):
        ArchiveReader(BytesIO(content))


# --- Encryption --------------------------------------------------------------------------------


def test_pipeline_reads_what_a_program_makes_of_it() -> None:
    with Pipeline(lambda sink: sink.write(b"a" * 100_000), ["tr", "a", "b"]) as stream:
        assert stream.read(10) == b"b" * 10
        assert stream.read() == b"b" * 99_990


@pytest.mark.parametrize("command", [[], ["cat"]])
def test_pipeline_fails_at_the_end_if_its_source_failed(command: list[str]) -> None:
    def produce(sink: IO[bytes]) -> None:
        sink.write(b"a" * 100_000)
        raise OSError("The disk is gone")

    with Pipeline(produce, command) as stream:
        assert stream.read(99_000)
        with pytest.raises(OSError, match="The disk is gone"):
            stream.read(2000)


def test_pipeline_fails_if_its_program_failed() -> None:
    command = ["sh", "-c", "head -c 10; echo 'no key' >&2; exit 3"]
    with (
        Pipeline(lambda sink: sink.write(b"a" * 500_000), command) as stream,
        pytest.raises(OperationError, match="no key"),
    ):
        stream.read()


def test_pipeline_can_be_left_before_its_end() -> None:
    with Pipeline(lambda sink: sink.write(b"a" * 500_000), ["cat"]) as stream:
        assert stream.read(1) == b"a"


@pytest.fixture(params=["age", "gpg"])
def keys(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str]]:
    """Yield a recipient and the file with its private key, if that is a file."""
    if not shutil.which(request.param):
        skip_or_fail(f"{request.param} is not installed.")
    if request.param == "age":
        file = tmp_path / "key.txt"
        made = subprocess.run(["age-keygen", "-o", file], capture_output=True, text=True, check=True)  # noqa: S603, S607
        yield made.stderr.rpartition(" ")[2].strip(), str(file)
        return
    home = tmp_path / "gnupg"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("GNUPGHOME", str(home))
    name = "backup@example.org"
    options = ["--batch", "--quiet", "--passphrase", "", "--quick-generate-key", name, "future-default"]
    subprocess.run(["gpg", *options], capture_output=True, check=True)  # noqa: S603, S607
    yield name, ""
    subprocess.run(["gpgconf", "--kill", "all"], check=False)  # noqa: S607


def test_encrypted_archive_is_read_with_the_key_only(keys: tuple[str, str]) -> None:
    recipient, identity = keys
    ending, command = encryption(recipient)
    with Pipeline(write, command) as stream:
        encrypted = stream.read()
    assert b"manifest.json" not in encrypted
    assert "ключ".encode() not in encrypted
    with Pipeline(lambda sink: sink.write(encrypted), decryption(f"backup.tar{ending}", identity)) as stream:
        assert read(stream.read())["media/a.webp"] == b"image"
    # Cut.
    source = partial(shutil.copyfileobj, BytesIO(encrypted[:-100]))
    with Pipeline(source, decryption(f"backup.tar{ending}", identity)) as stream, pytest.raises(OperationError):
        for _name, _content in ArchiveReader(stream).members():
            pass


def test_encryption_by_the_kind_of_recipient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "which", lambda name: f"/bin/{name}")
    assert encryption("") == ("", [])
    assert encryption("age1qqq") == (".age", ["/bin/age", "--encrypt", "--recipient", "age1qqq"])
    assert encryption("ssh-ed25519 AAAA")[0] == ".age"
    ending, command = encryption("backup@example.org")
    assert (ending, command[0], command[-1]) == (".gpg", "/bin/gpg", "backup@example.org")


def test_decryption_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "which", lambda _name: "")
    assert decryption("backup.tar", None) == []
    with pytest.raises(OperationError, match="gpg is not installed"):
        decryption("backup.tar.gpg", None)
    with pytest.raises(OperationError, match="--identity"):
        decryption("backup.tar.age", None)
