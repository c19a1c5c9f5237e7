"""Programs, ports, temporary folders and commands of a run."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# The caller's other variables must not change a measurement.
_PASSED_ON = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
_PROGRAM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin", "/bin")


class BenchmarkError(Exception):
    """Something that a run needs is missing or failed; `str(error)` says what in one sentence."""


def find_program(name: str) -> str | None:
    """Return the path of a program, also if it is in a folder that is not in PATH (nginx in /usr/sbin)."""
    folders = [*os.environ.get("PATH", "").split(os.pathsep), *_PROGRAM_FOLDERS]
    return shutil.which(name, path=os.pathsep.join(filter(None, folders)))


def require_program(name: str, package: str) -> str:
    """Return the path of a required program.

    Raises:
        BenchmarkError: it is not installed; the message names Debian's package.
    """
    found = find_program(name)
    if found is None:
        raise BenchmarkError(f"The benchmark needs {name}, which is not installed (Debian: apt-get install {package}).")
    return found


def free_port() -> int:
    """Return a free port of 127.0.0.1."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def process_env(**variables: str) -> dict[str, str]:
    """Return the environment of a process that the benchmark starts: paths of the machine, and `variables`."""
    data_folder = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    path = os.pathsep.join([str(Path(sys.executable).parent), data_folder.get("PATH", ""), *_PROGRAM_FOLDERS])
    return {**data_folder, "PATH": path, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **variables}


_running: set[subprocess.Popen[str]] = set()


def kill_commands() -> None:
    """Kill all commands that `run` waits for, in any thread, with their child processes."""
    for process in list(_running):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def run(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
    stdin: str = "",
    show_output: bool = False,
) -> str:
    """Run a command and return its output; an interruption kills it with its child processes.

    Args:
        stdin: its input.
        show_output: print the output at once, and return nothing.

    Raises:
        BenchmarkError: its exit code was not 0; the message holds the end of its output.
    """
    out = None if show_output else subprocess.PIPE
    process = subprocess.Popen(  # noqa: S603 - commands of ours
        [str(part) for part in command],
        env=dict(env) if env is not None else process_env(),
        cwd=cwd,
        stdin=subprocess.PIPE,
        stdout=out,
        stderr=out,
        text=True,
        start_new_session=True,
    )
    _running.add(process)
    try:
        output, errors = process.communicate(stdin)
    except BaseException:
        kill_commands()
        process.wait()
        raise
    finally:
        _running.discard(process)
    if process.returncode:
        words = " ".join(Path(part).name if isinstance(part, Path) else str(part)[:60] for part in command[:6])
        last = ((errors or "").strip() or (output or "").strip())[-2000:]
        raise BenchmarkError(f"`{words} ...` ended with exit code {process.returncode}.\n{last}")
    return output or ""


def is_root() -> bool:
    """Return whether this is root, as which PostgreSQL refuses to run."""
    return os.geteuid() == 0


def owner_of_postgres() -> str | None:
    """Return the user that PostgreSQL runs as if this is root; None otherwise.

    Raises:
        BenchmarkError: this is root and that user does not exist.
    """
    if not is_root():
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError as error:
        raise BenchmarkError(
            "PostgreSQL refuses to run as root, and the user 'postgres' is missing: install Debian's package "
            "`postgresql`, or run the benchmark as another user."
        ) from error


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Create a folder that all users can enter (PostgreSQL and nginx run as other users); removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="spokesperson-bench-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
