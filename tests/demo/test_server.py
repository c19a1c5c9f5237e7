"""`manage.py demo`: it serves, and leaves no process behind."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from demo import preflight, seed, users

ROOT = Path(settings.BASE_DIR)


def _environment(folder: Path, port: int) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "ORIGIN": f"http://{preflight.HOST}:{port}",
        "SECRET_KEY": "k" * 60,
        "DATA_DIR": str(folder),
        "PYTHONUNBUFFERED": "1",
    }


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that a start would leave behind, so that the next start is quick."""
    folder = tmp_path_factory.mktemp("prepared")
    (folder / "static").mkdir()
    (folder / "static.stamp").write_text(seed.static_digest())
    script = "from accounts.models import User as U; from demo.users import *; "
    script += "[U.objects.create(username=p.username, email=p.email) for p in (MODERATOR, ADMINISTRATOR)]"
    for arguments in (["migrate", "-v0"], ["shell", "-v0", "-c", script]):
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, cwd=ROOT, env=_environment(folder, 8000), check=True)  # noqa: S603
    return folder


class RunningDemo:
    """`manage.py demo` in a process of its own."""

    def __init__(self, folder: Path, *, stdout: int = subprocess.PIPE, reads: int | None = None) -> None:
        with socket.create_server((preflight.HOST, 0)) as free:
            self.port = free.getsockname()[1]
        self.address = f"http://{preflight.HOST}:{self.port}/"
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "demo"],
            cwd=ROOT,
            env=_environment(folder, self.port),
            stdout=stdout,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.output = ""
        while part := self._next(reads):
            self.output += part
            if "Ctrl-C stops" in self.output:
                return
        pytest.fail(f"It did not start:\n{self.output}")

    def _next(self, terminal: int | None) -> str:
        if terminal is not None:
            return os.read(terminal, 65536).decode(errors="replace")
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def descendants(self) -> dict[int, str]:
        """Return the command lines of all processes below the command, by process id."""
        parents, lines = {}, {}
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                pid, rest = int(status.parent.name), status.read_text().rpartition(")")[2].split()
                parents[pid], lines[pid] = int(rest[1]), (status.parent / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue
        found = {self.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return {pid: lines[pid] for pid in found - {self.process.pid}}

    def end(self) -> tuple[int, str]:
        """Wait for the command; return its exit code and its output."""
        rest, _ = self.process.communicate(timeout=30)
        return self.process.returncode, self.output + rest


@pytest.fixture
def running(prepared: Path, tmp_path: Path) -> Iterator[RunningDemo]:
    """The command on a copy of the prepared folder; processes that a failed test leaves are killed."""
    demo = RunningDemo(shutil.copytree(prepared, tmp_path / "var"))
    yield demo
    left = demo.descendants()
    for pid in [demo.process.pid, *left]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _alive(pids: dict[int, str]) -> list[str]:
    return [line for pid, line in pids.items() if Path(f"/proc/{pid}/cmdline").exists() and _is_running(pid)]


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes under /proc")
class TestServe:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_signal_ends_all_processes(self, running: RunningDemo, number: signal.Signals) -> None:
        for text in (running.address, users.PASSWORD, *(user.username for user in users.LOGINS)):
            assert text in running.output
        with socket.create_connection((preflight.HOST, running.port), timeout=5):
            pass
        started = running.descendants()
        assert any("granian" in line for line in started.values())
        assert any("db_worker" in line for line in started.values())
        os.kill(running.process.pid, number)
        code, output = running.end()
        assert code == (0 if number == signal.SIGINT else 128 + number)
        assert "Traceback" not in output
        assert _alive(started) == []

    @pytest.mark.parametrize("victim", ["db_worker", "granian"])
    def test_process_that_ends_by_itself_ends_all_with_a_message(self, running: RunningDemo, victim: str) -> None:
        started = running.descendants()
        os.kill(min(pid for pid, line in started.items() if victim in line), signal.SIGKILL)
        code, output = running.end()
        assert code == 1
        assert "ended by itself" in output.splitlines()[-1]
        assert _alive(started) == []

    def test_closed_terminal_ends_all_processes(self, prepared: Path, tmp_path: Path) -> None:
        folder = shutil.copytree(prepared, tmp_path / "var")
        terminal, of_the_command = os.openpty()
        running = RunningDemo(folder, stdout=of_the_command, reads=terminal)
        started = running.descendants()
        assert started
        os.close(of_the_command)
        os.close(terminal)
        running.process.wait(timeout=30)
        assert _alive(started) == []

    def test_killed_command_leaves_no_process(self, running: RunningDemo) -> None:
        started = running.descendants()
        running.process.kill()
        running.process.wait()
        deadline = time.monotonic() + 15
        while _alive(started) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert _alive(started) == []
