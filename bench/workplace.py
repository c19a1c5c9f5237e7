"""Where a run happens: programs that must be there, free ports, a folder that goes away, an environment of our own."""

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
# Whatever the caller's environment says about the site is no part of a measurement.
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
_PROGRAM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin", "/bin")


class CannotMeasure(Exception):
    """Something that a run needs is missing or failed; `str(error)` is the sentence that says what."""


def find_program(name: str) -> str | None:
    """The path of a program, also where PATH is bare and the program is an administrator's (nginx)."""
    folders = [*os.environ.get("PATH", "").split(os.pathsep), *_PROGRAM_FOLDERS]
    return shutil.which(name, path=os.pathsep.join(filter(None, folders)))


def need_program(name: str, package: str) -> str:
    """The path of a program that the benchmark cannot do without.

    Raises:
        CannotMeasure: it is not installed; the sentence names Debian's package.
    """
    found = find_program(name)
    if found is None:
        raise CannotMeasure(f"The benchmark needs {name}, which is not installed (Debian: apt-get install {package}).")
    return found


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def environment(**ours: str) -> dict[str, str]:
    """The environment of a process that we start: the machine's paths, and what is given."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    path = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", ""), *_PROGRAM_FOLDERS])
    return {**kept, "PATH": path, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **ours}


_running: set[subprocess.Popen[str]] = set()


def end_commands() -> None:
    """End every command that `run` waits for, in whichever thread, with all that it started."""
    for process in list(_running):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def run(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
    given: str = "",
    shown: bool = False,
) -> str:
    """Run a command to its end and return what it printed; whatever interrupts us ends it, with all that it started.

    Args:
        given: what it reads.
        shown: let people see what it prints while it prints it, and return nothing.

    Raises:
        CannotMeasure: its exit code was not 0; with the end of what it said.
    """
    out = None if shown else subprocess.PIPE
    process = subprocess.Popen(  # noqa: S603 - commands of ours
        [str(part) for part in command],
        env=dict(env) if env is not None else environment(),
        cwd=cwd,
        stdin=subprocess.PIPE,
        stdout=out,
        stderr=out,
        text=True,
        start_new_session=True,
    )
    _running.add(process)
    try:
        said, complaint = process.communicate(given)
    except BaseException:
        end_commands()
        process.wait()
        raise
    finally:
        _running.discard(process)
    if process.returncode:
        words = " ".join(Path(part).name if isinstance(part, Path) else str(part)[:60] for part in command[:6])
        last = ((complaint or "").strip() or (said or "").strip())[-2000:]
        raise CannotMeasure(f"`{words} ...` ended with exit code {process.returncode}.\n{last}")
    return said or ""


def is_root() -> bool:
    """Whether we are root, which PostgreSQL refuses to run as."""
    return os.geteuid() == 0


def owner_of_postgres() -> str | None:
    """The user that PostgreSQL runs as where we are root; None where it is ourselves.

    Raises:
        CannotMeasure: we are root and that user is not there.
    """
    if not is_root():
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError as error:
        raise CannotMeasure(
            "PostgreSQL refuses to run as root, and the user 'postgres' is missing: install Debian's package "
            "`postgresql`, or run the benchmark as another user."
        ) from error


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder that everybody may pass through (PostgreSQL and nginx run as users of their own), removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="spokesperson-bench-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
