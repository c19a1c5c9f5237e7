"""The servers of a run: granian with production's options, the task worker, nginx. All end with the run."""

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
from bench.system import ROOT, BenchmarkError, free_port
from spokesperson.operations.serve import GRANIAN_OPTIONS, SERVER_ENV, end_with_parent

START_TIMEOUT = 60
STOP_TIMEOUT = 15


@dataclass
class Server:
    """A process and its child processes, in a process group of their own."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    log: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start it; `wait_for_response` waits for it."""
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

    def wait_for_response(self, path: str = "/") -> None:
        """Wait for any HTTP response.

        Raises:
            BenchmarkError: the process ended, or there was no response in time.
        """
        assert self.process is not None, "started first"
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            with suppress(OSError, HTTPException):
                connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
                connection.request("GET", path)
                connection.getresponse().read()
                return
            time.sleep(0.05)
        raise BenchmarkError(f"{self.name} did not start:\n{self.log.read_text(errors='replace')[-2000:]}")

    def cpu_seconds(self) -> float:
        """User and system time of all its processes."""
        return processes.cpu_seconds(self.pid)

    def memory_of_workers(self) -> list[processes.Memory]:
        """Return the memory of each worker, the largest first."""
        workers = [pid for pid in processes.tree(self.pid) if pid != self.pid]
        found = sorted((processes.memory(pid) for pid in workers), key=lambda one: one.rss, reverse=True)
        # Python's resource tracker is not a worker.
        return [one for one in found if one.rss > found[0].rss / 3]

    def stop(self) -> None:
        """End the process and its children."""
        if self.process is None:
            return
        self._signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_TIMEOUT)
        # Even if the first process of the group has ended, its workers may still run.
        self._signal(signal.SIGKILL)
        self.process.wait()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)


def granian(name: str, application: str, *, env: Mapping[str, str], log: Path, workers: int | None = None) -> Server:
    """Return a granian server for a WSGI application, with production's options and environment, on a free port.

    Args:
        workers: their number; production's by default.
    """
    port = free_port()
    options = [*GRANIAN_OPTIONS, "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"]
    if workers:
        options += ["--workers", str(workers)]
    command = (sys.executable, "-m", "granian", *options, application)
    return Server(name, command, {**env, **SERVER_ENV}, log, port)


def task_worker(*, env: Mapping[str, str], log: Path) -> Server:
    """The task worker that runs beside the web server in production."""
    command = (sys.executable, "manage.py", "db_worker", "--queue-name", "*", "--no-reload", "--verbosity", "0")
    return Server("task worker", command, env, log)


@contextmanager
def running(servers: Sequence[Server]) -> Iterator[None]:
    """Start the servers in parallel, and end them after the block."""
    try:
        for server in servers:
            server.start()
        for server in servers:
            if server.port:
                server.wait_for_response()
        yield
    finally:
        for server in servers:  # Signal all before waiting for the first.
            if server.process is not None:
                server._signal(signal.SIGTERM)
        for server in servers:
            server.stop()
