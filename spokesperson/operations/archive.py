"""The archive of a backup: a tar stream that is written and read with bounded memory, and encrypted on request.

Its members, in this order: `manifest.json`, `keys/*`, `database/000000` and following (pieces of one file), `media/*`,
and `end.json`, with a digest of all members before it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import tarfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from shutil import which
from typing import IO, Any, Self

from spokesperson.operations import OperationError

# Bytes of a member that holds a part of the database, whose length is not known before.
PIECE = 16 * 1024 * 1024
CHUNK = 1024 * 1024
DAMAGED = "The backup is damaged or incomplete: use another one."
MANIFEST, END = "manifest.json", "end.json"


class ArchiveWriter:
    """Write an archive to a stream."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()

    def add(self, name: str, content: IO[bytes], size: int) -> None:
        """Add a file of which `size` bytes are read.

        Raises:
            OSError: it has fewer.
        """
        member = tarfile.TarInfo(name)
        member.size, member.mode, member.mtime = size, 0o600, time.time()
        self._digest.update(f"{name} {size}\n".encode())
        self._stream.write(member.tobuf(tarfile.PAX_FORMAT))
        left = size
        while left:
            if not (data := content.read(min(left, CHUNK))):
                raise OSError(f"{name} has become shorter")
            self._digest.update(data)
            self._stream.write(data)
            left -= len(data)
        self._stream.write(bytes(-size % tarfile.BLOCKSIZE))

    def add_json(self, name: str, value: object) -> None:
        self.add_text(name, json.dumps(value, indent=1))

    def add_text(self, name: str, text: str) -> None:
        self.add(name, io.BytesIO(text.encode()), len(text.encode()))

    def add_pieces(self, folder: str, chunks: Iterable[bytes]) -> None:
        """Add a stream of unknown length as members of a folder."""
        number, piece = 0, bytearray()
        for chunk in chunks:
            piece += chunk
            while len(piece) >= PIECE:
                self.add(f"{folder}/{number:06}", io.BytesIO(piece[:PIECE]), PIECE)
                del piece[:PIECE]
                number += 1
        if piece:
            self.add(f"{folder}/{number:06}", io.BytesIO(piece), len(piece))

    def close(self) -> None:
        """Write the end, without which an archive is incomplete."""
        self.add_json(END, {"sha256": self._digest.hexdigest()})
        self._stream.write(bytes(2 * tarfile.BLOCKSIZE))


class ArchiveReader:
    """Read an archive from a stream, once.

    Args:
        stream: anything with `read`.

    Raises:
        OperationError: it is no archive; the other methods raise it too, for a damaged one.
    """

    def __init__(self, stream: Any) -> None:
        self._digest = hashlib.sha256()
        self._members = self._read(stream)
        name, content = next(self._members, ("", None))
        if name != MANIFEST or content is None:
            raise OperationError("This is not a backup of Spokesperson.")
        self.manifest: dict[str, Any] = json.loads(content.read())

    def members(self) -> Iterator[tuple[str, IO[bytes]]]:
        """Yield the name and the content of each member after the manifest."""
        yield from self._members

    def _read(self, stream: Any) -> Iterator[tuple[str, IO[bytes]]]:
        try:
            with tarfile.open(fileobj=stream, mode="r|") as tar:
                for member in tar:
                    content = tar.extractfile(member)
                    if content is None:
                        raise OperationError(DAMAGED)
                    if member.name == END:
                        if json.loads(content.read())["sha256"] != self._digest.hexdigest():
                            raise OperationError(DAMAGED)
                        break
                    self._digest.update(f"{member.name} {member.size}\n".encode())
                    digested = _Digested(content, self._digest)
                    yield member.name, digested  # type: ignore[misc] # It has `read` alone.
                    while digested.read(CHUNK):
                        pass
                else:
                    raise OperationError(DAMAGED)
                while stream.read(CHUNK):  # The end of the stream may be an error of the program that decrypts.
                    pass
        except (tarfile.TarError, EOFError, ValueError) as error:
            raise OperationError(DAMAGED) from error


class _Digested:
    """A file whose bytes go into a digest as they are read."""

    def __init__(self, content: IO[bytes], digest: Any) -> None:
        self._content, self._digest = content, digest

    def read(self, size: int = -1) -> bytes:
        try:
            data = self._content.read(size)
        except tarfile.TarError as error:
            raise OperationError(DAMAGED) from error
        self._digest.update(data)
        return data


class Pipeline:
    """Read what a function writes in a thread, through a program if there is one.

    If the function or the program fails, so does the last read: what was read to its end is complete.

    Args:
        produce: writes to the stream that it is given.
        command: the program and its arguments.
    """

    def __init__(self, produce: Callable[[IO[bytes]], object], command: Sequence[str] = ()) -> None:
        read_end, write_end = os.pipe()
        self._source: IO[bytes] = os.fdopen(read_end, "rb")
        self._sink: IO[bytes] = os.fdopen(write_end, "wb")
        self._command = command
        self._error: BaseException | None = None
        self._process: subprocess.Popen[bytes] | None = None
        if command:
            self._process = subprocess.Popen(  # noqa: S603 - age or gpg
                command, stdin=self._source, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
            self._source.close()
            assert self._process.stdout
            self._source = self._process.stdout
        self._thread = threading.Thread(target=self._run, args=[produce], daemon=True)
        self._thread.start()

    def _run(self, produce: Callable[[IO[bytes]], object]) -> None:
        try:
            with self._sink:
                produce(self._sink)
        except BaseException as error:
            self._error = error

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        if size < 0 or len(data) < size:
            self._finish()
        return data

    def _finish(self) -> None:
        self._thread.join()
        if self._process and self._process.wait():
            assert self._process.stderr
            sentence = self._process.stderr.read().decode(errors="replace").strip().partition("\n")[0]
            raise OperationError(sentence or f"{self._command[0]} failed.")
        if self._error:
            raise self._error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            assert self._process.stderr
            self._process.stderr.close()
        self._source.close()
        self._thread.join()


def encryption(recipient: str) -> tuple[str, list[str]]:
    """Return the ending of an archive's name and the command that encrypts it; without a recipient, nothing.

    Args:
        recipient: a public key of age (`age1…`, `ssh-…`), or the name of a key of GPG.
    """
    if not recipient:
        return "", []
    if recipient.startswith(("age1", "ssh-")):
        return ".age", [_program("age"), "--encrypt", "--recipient", recipient]
    options = ["--batch", "--quiet", "--no-tty", "--trust-model", "always", "--compress-algo", "none"]
    return ".gpg", [_program("gpg"), *options, "--encrypt", "--recipient", recipient]


def decryption(name: str, identity: str | None) -> list[str]:
    """Return the command that decrypts an archive with this name; nothing if it is not encrypted.

    Args:
        identity: the file with the private key of age; GPG has it in its keyring.
    """
    if name.endswith(".gpg"):
        return [_program("gpg"), "--batch", "--quiet", "--decrypt"]
    if not name.endswith(".age"):
        return []
    if not identity:
        raise OperationError("The backup is encrypted with age: name the file with the private key by --identity.")
    return [_program("age"), "--decrypt", "--identity", identity]


def _program(name: str) -> str:
    if not (path := which(name)):
        raise OperationError(f"The program {name} is not installed; BACKUP_RECIPIENT needs it.")
    return path
