"""What must hold before anything is prepared: a script that runs without an environment, on the standard library."""

from __future__ import annotations

import errno
import os
import secrets
import socket
import sys
from pathlib import Path

HOST = "127.0.0.1"


class NotReady(Exception):
    """`str(error)` is the one line that the person who started it reads."""


def port_of(text: str) -> int:
    """The port number that `text` names.

    Raises:
        NotReady: it is none.
    """
    if not text.isascii() or not text.isdecimal() or not 0 < int(text) < 65536:
        raise NotReady(f"PORT={text} is no port. Use a number from 1024 to 65535.")
    return int(text)


def check_port(port: int) -> None:
    """Raise `NotReady` where another program holds the port, or we may not have it."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise NotReady(f"Port {port} is in use by another program. Try PORT={port + 1} (--port).") from error
            raise NotReady(f"Port {port} cannot be opened ({error.strerror}). Try PORT=8080 (--port).") from error


def check_folder(folder: Path) -> None:
    """Make the folder where it does not exist, and raise `NotReady` where nothing can be written into it."""
    probe = folder / f".writable-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise NotReady(f"{folder}/ cannot be written to ({error.strerror}).") from error


def keep_secret_key(file: Path) -> None:
    """Make the secret key of this installation, readable by its owner alone, where there is none yet."""
    if file.exists() and file.stat().st_size:
        return
    # Written whole under another name first: a start that is killed here leaves no half key behind.
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(secrets.token_urlsafe(64) + "\n")
    fresh.replace(file)


def main(port: str) -> int:
    """Check the port and the folder, before `make demo` installs anything; returns the exit code."""
    try:
        check_port(port_of(port))
        check_folder(Path())
    except NotReady as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
