"""Web server and task worker as one foreground command that leaves no process behind."""

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

# As docs/operating.md tells operators to run it.
GRANIAN = (
    *("--interface", "wsgi", "--workers", "2", "--blocking-threads", "64"),
    *("--workers-kill-timeout", "5", "--respawn-failed-workers"),
)
SECONDS_TO_START = 60
SECONDS_TO_STOP = 10
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PR_SET_PDEATHSIG = 1


class Stopped(Exception):
    """Something ended that should run on; `str(error)` says what."""


def end_with_parent() -> None:
    """Have this process stopped when its parent dies, even where the parent was killed outright (on Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def exit_on_signals() -> None:
    """Turn Ctrl-C, SIGTERM and a closed terminal into `SystemExit`, so that every `finally` runs."""

    def leave(number: int, frame: FrameType | None) -> NoReturn:
        # A second signal while we tidy up changes nothing.
        for one in STOP_SIGNALS:
            signal.signal(one, signal.SIG_IGN)
        sys.exit(0 if number == signal.SIGINT else 128 + number)

    for one in STOP_SIGNALS:
        signal.signal(one, leave)


def serve(*, host: str, port: int, ready: Callable[[], None]) -> None:
    """Run granian and the task worker until a signal ends this process (`exit_on_signals`) or its terminal is closed.

    Args:
        ready: called once, when the site answers.

    Raises:
        Stopped: the server or the worker ended by itself, or the site did not answer in time.
    """
    commands = {
        "web server": [
            *(sys.executable, "-m", "granian", "--host", host, "--port", str(port)),
            *(*GRANIAN, "--log-level", "warning"),
            "spokesperson.wsgi:application",
        ],
        "task worker": [
            *(sys.executable, "-m", "spokesperson", "manage", "db_worker"),
            *("--queue-name", "*", "--no-reload", "--verbosity", "0"),
        ],
    }
    running: dict[str, subprocess.Popen[bytes]] = {}
    in_a_terminal = sys.stdout.isatty()
    try:
        for name, command in commands.items():
            # Groups of their own: Ctrl-C reaches this process alone, which then stops them in order.
            running[name] = subprocess.Popen(  # noqa: S603 - fixed commands
                command,
                start_new_session=True,
                preexec_fn=end_with_parent,  # noqa: PLW1509 - no thread runs here yet
            )
        _wait_until_it_answers(host, port, running)
        ready()
        # A closed terminal tells its first process alone; where that is make, nobody tells us.
        while not in_a_terminal or os.isatty(sys.stdout.fileno()):
            _check(running)
            time.sleep(0.5)
    finally:
        _stop(running)


def _check(running: dict[str, subprocess.Popen[bytes]]) -> None:
    for name, process in running.items():
        if process.poll() is not None:
            raise Stopped(f"The {name} ended by itself (exit code {process.returncode}), so everything was stopped.")


def _wait_until_it_answers(host: str, port: int, running: dict[str, subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        _check(running)
        try:
            with socket.create_connection((host, port), timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise Stopped(f"The site did not answer within {SECONDS_TO_START} seconds, so everything was stopped.")


def _stop(running: dict[str, subprocess.Popen[bytes]]) -> None:
    """End every process that was started, with whatever it started itself."""
    for process in running.values():
        _signal_group(process, signal.SIGTERM)
    deadline = time.monotonic() + SECONDS_TO_STOP
    for process in running.values():
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.1, deadline - time.monotonic()))
        # Also where the first of the group has gone: its own workers may not have.
        _signal_group(process, signal.SIGKILL)
        process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
