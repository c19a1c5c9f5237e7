"""Run the web server and the task worker as one foreground command that leaves no process behind."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import NoReturn

# The options that docs/operating.md recommends.
GRANIAN_OPTIONS = (
    *("--interface", "wsgi", "--workers", "2", "--blocking-threads", "64"),
    *("--workers-kill-timeout", "5", "--respawn-failed-workers"),
)
# As in deploy/spokesperson-web.service, which says why.
SERVER_ENV = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "131072",
    "MALLOC_TRIM_THRESHOLD_": "131072",
}
START_TIMEOUT = 60  # seconds
STOP_TIMEOUT = 10
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PR_SET_PDEATHSIG = 1


class ServerStopped(Exception):
    """A process ended by itself or did not start; `str(error)` says which."""


def end_with_parent() -> None:
    """Have this process stopped when its parent dies, even if the parent is killed (on Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


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
    python = sys.executable
    commands = {
        "web server": [
            *(python, "-m", "granian", "--host", host, "--port", str(port), *GRANIAN_OPTIONS),
            *("--log-level", "error", "spokesperson.wsgi:application"),
        ],
        "task worker": [python, "-m", "django", "db_worker", "--queue-name", "*", "--no-reload", "--verbosity", "0"],
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
        _stop(processes)


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


def _stop(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    """End all processes and everything that they started."""
    for process in processes.values():
        _signal_group(process, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT
    for process in processes.values():
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.1, deadline - time.monotonic()))
        # Even if the first process of the group has ended, its workers can still run.
        _signal_group(process, signal.SIGKILL)
        process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
