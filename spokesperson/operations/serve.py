"""`spokesperson serve`: the web server and the task worker, under one supervisor or each alone."""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType

from django.conf import settings
from django.core.management import execute_from_command_line

from spokesperson.operations import SETTINGS, OperationError

GRANIAN_OPTIONS = (
    *("--interface", "wsgi", "--workers", "2", "--blocking-threads", "64"),
    *("--workers-kill-timeout", "5", "--respawn-failed-workers"),
    # Seconds in which a new process starts, also on a busy machine, before a reload ends the one that it replaces.
    *("--respawn-interval", "10"),
)
SERVER_ENV = {
    # glibc keeps a heap for every few threads, with holes that pages leave; one heap uses about an eighth less memory.
    "MALLOC_ARENA_MAX": "1",
    # Memory goes back to the system after large requests.
    "MALLOC_MMAP_THRESHOLD_": "131072",
    "MALLOC_TRIM_THRESHOLD_": "131072",
}
# Seconds.
POLL_INTERVAL = 0.2
WEB_STOP_TIMEOUT = 10
# Time to end the task that runs.
WORKER_STOP_TIMEOUT = 60
FIRST_PAUSE, MAX_PAUSE = 1, 60
# A process that ran for so long starts again after the first pause.
STABLE_AFTER = 60
_PR_SET_PDEATHSIG = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", nargs="?", choices=["web", "worker"], help="only this (default: both)")
    parser.add_argument("--host", default="127.0.0.1", help="address of the web server (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="its TCP port (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="its processes; one per core (default: %(default)s)")


def run(options: argparse.Namespace) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    # Loads the settings: a wrong one ends the command here.
    _ = settings.ORIGIN
    if options.what == "worker":
        os.environ.setdefault("STATEMENT_TIMEOUT", "600")
        execute_from_command_line(["spokesperson", "db_worker", "--queue-name", "*", "--no-reload"])
        return 0
    _check_port(options.host, options.port)
    if options.what == "web":
        # Replaces this process, which signals are sent to.
        command = web_command(options.host, options.port, "--workers", str(options.workers))
        os.execve(sys.executable, command, os.environ | SERVER_ENV)  # noqa: S606 - a fixed command
    place = ["--host", options.host, "--port", str(options.port), "--workers", str(options.workers)]
    command = [sys.executable, "-m", "spokesperson", "serve"]
    web = Child("web server", [*command, "web", *place], WEB_STOP_TIMEOUT, reload_signal=signal.SIGHUP)
    # A task worker has no reload: it ends after its task, and is started again.
    worker = Child("task worker", [*command, "worker"], WORKER_STOP_TIMEOUT, reload_signal=signal.SIGTERM)
    return Supervisor([web, worker]).run()


def web_command(host: str, port: int, *options: str) -> list[str]:
    """Return the command of the web server, with more options of granian; its environment needs `SERVER_ENV`."""
    place = ("--host", host, "--port", str(port))
    return [sys.executable, "-m", "granian", *place, *GRANIAN_OPTIONS, *options, "spokesperson.wsgi:application"]


def _check_port(host: str, port: int) -> None:
    try:
        address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(address[0], socket.SOCK_STREAM) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address[4])
    except (OSError, OverflowError) as error:
        raise OperationError(f"The web server cannot listen on {host}, port {port}: {error}.") from error


# --- The supervisor --------------------------------------------------------------------------


def end_with_parent() -> None:
    """Have this process stopped when its parent dies, even if the parent is killed (on Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """A process that the supervisor starts, again if it ends.

    Args:
        stop_timeout: seconds between SIGTERM and SIGKILL.
        reload_signal: what to send when the supervisor gets SIGHUP.
    """

    def __init__(
        self, name: str, command: Sequence[str], stop_timeout: float, *, reload_signal: signal.Signals
    ) -> None:
        self.name = name
        self.command = command
        self.stop_timeout = stop_timeout
        self.reload_signal = reload_signal
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0
        self.start_at = 0.0
        self.pause = FIRST_PAUSE
        self.end_is_wanted = False

    def start(self) -> None:
        # In a session of its own: Ctrl-C reaches the supervisor only, which then stops all in order.
        self.process = subprocess.Popen(  # noqa: S603 - a fixed command
            self.command,
            start_new_session=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - the supervisor has no threads
        )
        self.started_at = time.monotonic()

    def reload(self) -> None:
        if self.process is not None:
            self.process.send_signal(self.reload_signal)
            self.end_is_wanted = self.reload_signal == signal.SIGTERM

    def note_end(self, code: int) -> None:
        """Plan the next start: at once after a reload, otherwise after a pause that grows."""
        self.process = None
        now = time.monotonic()
        if self.end_is_wanted or now - self.started_at > STABLE_AFTER:
            self.pause = FIRST_PAUSE
        if self.end_is_wanted:
            self.end_is_wanted = False
            return
        self.start_at = now + self.pause
        print(f"The {self.name} ended (exit code {code}); it starts again in {self.pause} s.", file=sys.stderr)
        self.pause = min(2 * self.pause, MAX_PAUSE)


class Supervisor:
    """Runs processes until SIGTERM or SIGINT, and passes SIGHUP on as a reload."""

    def __init__(self, children: Sequence[Child]) -> None:
        self.children = children
        self.received: list[int] = []

    def run(self) -> int:
        """Return the exit code: 0 after a signal, `EX_CONFIG` if a process found a wrong setting."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._remember)
        try:
            while True:
                for child in self.children:
                    if self._watch(child) == os.EX_CONFIG:
                        return os.EX_CONFIG
                time.sleep(POLL_INTERVAL)
                while self.received:
                    if self.received.pop(0) != signal.SIGHUP:
                        return 0
                    for child in self.children:
                        child.reload()
        finally:
            stop({child.process: child.stop_timeout for child in self.children if child.process})

    def _remember(self, number: int, frame: FrameType | None) -> None:
        self.received.append(number)

    def _watch(self, child: Child) -> int | None:
        if child.process is None:
            if time.monotonic() >= child.start_at:
                child.start()
            return None
        code = child.process.poll()
        if code not in {None, os.EX_CONFIG}:
            child.note_end(code)
        return code


def stop(processes: dict[subprocess.Popen[bytes], float]) -> None:
    """End processes and everything that they started.

    Args:
        processes: each with the seconds that it has after SIGTERM.
    """
    for process in processes:
        process.terminate()
    began = time.monotonic()
    for process, timeout in sorted(processes.items(), key=lambda item: item[1]):
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.1, began + timeout - time.monotonic()))
        # Even if the first process of the group has ended, its workers can still run.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
