"""Run the web server and the task worker as one foreground command that leaves no process behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from spokesperson.operations.serve import SERVER_ENV, end_with_parent, stop, web_command

START_TIMEOUT = 60  # seconds
STOP_TIMEOUT = 10
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ServerStopped(Exception):
    """A process ended by itself or did not start; `str(error)` says which."""


def exit_on_signals() -> None:
    """Turn Ctrl-C, SIGTERM and a closed terminal into `SystemExit`, so that every `finally` runs."""

    def leave(number: int, frame: FrameType | None) -> NoReturn:
        # A second signal during the cleanup is ignored.
        for stop_signal in STOP_SIGNALS:
            signal.signal(stop_signal, signal.SIG_IGN)
        sys.exit(0 if number == signal.SIGINT else 128 + number)

    for stop_signal in STOP_SIGNALS:
        signal.signal(stop_signal, leave)


def serve(*, host: str, port: int, on_ready: Callable[[], None]) -> None:
    """Run granian and the task worker until a signal ends this process (`exit_on_signals`) or its terminal is closed.

    Args:
        on_ready: called once, when the site answers.

    Raises:
        ServerStopped: the server or the worker ended by itself, or the site did not answer in time.
    """
    commands = {
        "web server": web_command(host, port, "--log-level", "error"),
        "task worker": [
            *(sys.executable, "-m", "django", "db_worker"),
            *("--queue-name", "*", "--no-reload", "--verbosity", "0"),
        ],
    }
    processes: dict[str, subprocess.Popen[bytes]] = {}
    has_terminal = sys.stdout.isatty()
    try:
        for name, command in commands.items():
            # In sessions of their own: Ctrl-C reaches this process only, which then stops them in order.
            processes[name] = subprocess.Popen(  # noqa: S603 - fixed commands
                command,
                env={**os.environ, **SERVER_ENV},
                start_new_session=True,
                preexec_fn=end_with_parent,  # noqa: PLW1509 - no thread runs here yet
            )
        _wait_for_port(host, port, processes)
        on_ready()
        # A closed terminal signals its first process only, which can be make.
        while not has_terminal or os.isatty(sys.stdout.fileno()):
            _check(processes)
            time.sleep(0.5)
    finally:
        stop(dict.fromkeys(processes.values(), STOP_TIMEOUT))


def _check(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    for name, process in processes.items():
        if process.poll() is not None:
            raise ServerStopped(
                f"The {name} ended by itself (exit code {process.returncode}), so everything was stopped."
            )


def _wait_for_port(host: str, port: int, processes: dict[str, subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        _check(processes)
        try:
            with socket.create_connection((host, port), timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise ServerStopped(f"The site did not answer within {START_TIMEOUT} seconds, so everything was stopped.")
