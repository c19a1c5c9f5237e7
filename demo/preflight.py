"""Check the port and the folders before anything is installed; a script that needs the standard library only."""

from __future__ import annotations

import errno
import os
import secrets
import socket
import sys
from pathlib import Path

HOST = "127.0.0.1"


class PreflightError(Exception):
    """`str(error)` is one line for the user who started the command."""


def parse_port(text: str) -> int:
    """Return the port number in `text`.

    Raises:
        PreflightError: `text` is not a port number.
    """
    if not text.isascii() or not text.isdecimal() or not 0 < int(text) < 65536:
        raise PreflightError(f"PORT={text} is not a port. Use a number from 1024 to 65535.")
    return int(text)


def check_port(port: int) -> None:
    """Raise `PreflightError` if another program uses the port or this user cannot open it."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PreflightError(
                    f"Port {port} is in use by another program. Try PORT={port + 1} (--port)."
                ) from error
            raise PreflightError(f"Port {port} cannot be opened ({error.strerror}). Try PORT=8080 (--port).") from error


def check_folder(folder: Path) -> None:
    """Create the folder if it does not exist; raise `PreflightError` if it is not writable."""
    probe = folder / f".writable-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise PreflightError(f"{folder}/ cannot be written to ({error.strerror}).") from error


def ensure_secret_key(file: Path) -> None:
    """Write a new secret key, readable by its owner only, if the file does not contain one."""
    if file.exists() and file.stat().st_size:
        return
    # Written under another name and renamed: a start that is killed here leaves no partial key.
    temporary = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(secrets.token_urlsafe(64) + "\n")
    temporary.replace(file)


def main(port: str) -> int:
    """Check the port and the folder before `make demo` installs anything; return the exit code."""
    try:
        check_port(parse_port(port))
        check_folder(Path())
    except PreflightError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
