"""The servers of a run: granian as production runs it, the task worker, nginx. All end with the run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from bench import processes
from bench.workplace import ROOT, CannotMeasure, free_port
from demo.server import GRANIAN_OPTIONS, end_with_parent

SECONDS_TO_START = 60
SECONDS_TO_STOP = 15


@dataclass
class Server:
    """A process with all that it starts, in a group of its own."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    log: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start it; `wait_until_it_answers` waits for it."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - commands of ours
                self.command,
                env=dict(self.env),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_parent,  # noqa: PLW1509 - no thread runs while servers are started
            )

    @property
    def pid(self) -> int:
        assert self.process is not None, "started first"
        return self.process.pid

    def wait_until_it_answers(self, path: str = "/") -> None:
        """Wait for an answer to anything.

        Raises:
            CannotMeasure: it ended, or did not answer in time.
        """
        assert self.process is not None, "started first"
        deadline = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            with suppress(OSError, HTTPException):
                connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
                connection.request("GET", path)
                connection.getresponse().read()
                return
            time.sleep(0.05)
        raise CannotMeasure(f"{self.name} did not start:\n{self.log.read_text(errors='replace')[-2000:]}")

    def cpu_seconds(self) -> float:
        """User and system time of all its processes so far."""
        return processes.cpu_seconds(self.pid)

    def memory_of_workers(self) -> list[processes.Memory]:
        """What each of its workers holds, the largest first."""
        workers = [pid for pid in processes.tree(self.pid) if pid != self.pid]
        found = sorted((processes.memory(pid) for pid in workers), key=lambda one: one.rss, reverse=True)
        # Python's own helper for starting processes is no worker.
        return [one for one in found if one.rss > found[0].rss / 3]

    def stop(self) -> None:
        """End it and whatever it started."""
        if self.process is None:
            return
        self._signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(SECONDS_TO_STOP)
        # Also where the first of the group has gone: its own workers may not have.
        self._signal(signal.SIGKILL)
        self.process.wait()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)


def granian(name: str, application: str, *, env: Mapping[str, str], log: Path, workers: int | None = None) -> Server:
    """A granian server for a WSGI application, with production's options, on a free port.

    Args:
        workers: how many, where it shall not be production's number.
    """
    port = free_port()
    options = [*GRANIAN_OPTIONS, "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"]
    if workers:
        options += ["--workers", str(workers)]
    command = (sys.executable, "-m", "granian", *options, application)
    return Server(name, command, env, log, port)


def task_worker(*, env: Mapping[str, str], log: Path) -> Server:
    """The task worker that runs beside the web server in production."""
    command = (sys.executable, "manage.py", "db_worker", "--queue-name", "*", "--no-reload", "--verbosity", "0")
    return Server("task worker", command, env, log)


@contextmanager
def running(servers: Sequence[Server]) -> Iterator[None]:
    """Start servers, all at once, and end them on the way out, whatever happened."""
    try:
        for server in servers:
            server.start()
        for server in servers:
            if server.port:
                server.wait_until_it_answers()
        yield
    finally:
        for server in servers:  # All begin to end before the first is waited for.
            if server.process is not None:
                server._signal(signal.SIGTERM)
        for server in servers:
            server.stop()
