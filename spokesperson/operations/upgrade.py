"""`spokesperson upgrade`: install a new version beside the running one, exchange them, and undo it if that fails.

Nothing of the new version is imported here: each step is a process, as the owner of the files that it writes.
"""

from __future__ import annotations

import argparse
import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import environ

from spokesperson.operations import OperationError, env_file

RESTART = "systemctl reload-or-restart spokesperson-web && systemctl restart spokesperson-worker"
STOP = "systemctl stop spokesperson-web spokesperson-worker"
HEALTH = "http://127.0.0.1:8000/health/"
# Seconds.
HEALTH_TIMEOUT, PAUSE = 120, 0.2
# In which a reload replaces a process: the pause and the timeout of `serve.GRANIAN_OPTIONS`. Old ones answer meanwhile.
SECONDS_PER_PROCESS, SPARE_SECONDS = 10 + 5, 5
DEFAULT_PROCESSES = 2
NOT_RESTORED = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    code = parser.add_mutually_exclusive_group()
    code.add_argument(
        "--wheel", type=Path, metavar="FILE", help="the new version as a wheel, for a site that runs from one"
    )
    code.add_argument(
        "--git",
        metavar="REF",
        nargs="?",
        const="",
        help="pull in the checkout that the site runs from, or check out REF",
    )
    code.add_argument(
        "--pending", action="store_true", help="only print what `migrate` would do, for this command itself"
    )
    parser.add_argument(
        "--code",
        type=Path,
        metavar="FOLDER",
        help="with --git: the checkout to upgrade, with an environment in .venv/ (default: the one of this command)",
    )
    parser.add_argument(
        "--requirements",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="with --wheel: a lock to install first",
    )
    parser.add_argument(
        "--restart", default=RESTART, metavar="COMMAND", help="starts the new code (default: %(default)s)"
    )
    parser.add_argument(
        "--stop",
        default=STOP,
        metavar="COMMAND",
        help="for migrations that the old code cannot serve with (default: %(default)s)",
    )
    parser.add_argument(
        "--health", default=HEALTH, metavar="URL", help="must answer 200 afterwards (default: %(default)s)"
    )
    parser.add_argument("--no-backup", action="store_true", help="there is a backup already")
    parser.add_argument("--dry-run", action="store_true", help="print the steps only")


def run(options: argparse.Namespace) -> int:
    if options.pending:
        from spokesperson.operations.pending import pending  # noqa: PLC0415 - of the new version

        print(json.dumps(pending()))
        return 0
    if options.wheel is None and options.git is None:
        raise OperationError("Name the new version: --wheel FILE, or --git.", 2)
    if "ORIGIN" not in os.environ and os.access(env_file.default_path(), os.R_OK):
        environ.Env.read_env(env_file.default_path())
    return Upgrade(options).run()


def web_processes() -> int:
    """Return how many processes the site's web server has on this machine, as its command says."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # It has ended.
            words = file.read_bytes().decode(errors="replace").split("\0")
            if "spokesperson.wsgi:application" in words:
                # The last one counts.
                found += [int(number) for option, number in pairwise(words) if option == "--workers"][-1:]
    return max(found, default=DEFAULT_PROCESSES)


class Upgrade:
    """One upgrade; the options are those of the command."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        package = Path(__file__).parents[1]
        # What is exchanged: the checkout with its environment, or the environment that the wheel is installed in.
        self.code = package.parent if options.wheel is None else Path(sys.prefix)
        self.environment = Path(sys.prefix)
        if options.code:
            self.code = options.code.absolute()
            self.environment = self.code / ".venv"
        self.new = self.code.with_name(f"{self.code.name}.new")
        self.old = self.code.with_name(f"{self.code.name}.previous")
        self.failed = self.code.with_name(f"{self.code.name}.failed")
        self.data = Path(os.environ.get("DATA_DIR", ""))
        self.processes = web_processes()
        self.number = 0

    def run(self) -> int:
        """Do all steps; after a failure undo them.

        Raises:
            OperationError: it failed. The exit code says whether the old version runs again.
        """
        if not self.data.is_absolute() or self.data.is_relative_to(self.code):
            raise OperationError(f"DATA_DIR must be outside {self.code}, which is replaced; it is {str(self.data)!r}.")
        if not self.options.no_backup:
            self.step("Back up", self.spokesperson(self.code, "backup"), owner=self.data)
        migrations: dict[str, Any] = {}
        is_stopped = is_switched = False
        try:
            self.install()
            self.step("Check the settings", self.spokesperson(self.new, "manage", "check"), owner=self.data)
            answer = self.step(
                "List the migrations", self.spokesperson(self.new, "upgrade", "--pending"), owner=self.data
            )
            migrations = json.loads(answer or '{"count": 0, "downtime": [], "before": {}}')
            if migrations["downtime"]:
                print(f"  The old version cannot serve with {'; '.join(migrations['downtime'])}", flush=True)
                is_stopped = True
                self.step("Stop the services", ["sh", "-c", self.options.stop])
            if migrations["count"] or self.options.dry_run:
                self.step("Migrate", self.spokesperson(self.new, "manage", "migrate", "--no-input"), owner=self.data)
            self.step(
                "Collect static files",
                self.spokesperson(self.new, "manage", "collectstatic", "--no-input"),
                owner=self.data,
            )
            self.step(f"Exchange {self.code} and {self.new}", [])
            if not self.options.dry_run:
                self.switch(self.new, self.old)
                is_switched = True
            self.step("Restart", ["sh", "-c", self.options.restart])
            self.check_health()
        except (OperationError, OSError) as error:
            self.roll_back(error, migrations, is_switched=is_switched, is_stopped=is_stopped)
        print(
            f"The old version is in {self.old}; delete it when you like."
            if not self.options.dry_run
            else "Nothing was done."
        )
        return 0

    def install(self) -> None:
        """Install the new version into a copy of the code."""
        python = str(self.python(self.new))
        self.step("Remove what an earlier upgrade left", ["rm", "-rf", str(self.new), str(self.old), str(self.failed)])
        self.step("Copy the code", ["cp", "-a", "--reflink=auto", str(self.code), str(self.new)])
        if self.options.wheel is not None:
            pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
            for lock in self.options.requirements:
                self.step(
                    f"Install {lock.name}", [*pip, "--require-hashes", "-r", str(lock.absolute())], owner=self.code
                )
            wheel = str(self.options.wheel.absolute())
            command = [*pip, "--no-deps", "--no-index", "--force-reinstall", wheel]
            self.step(f"Install {self.options.wheel.name}", command, owner=self.code)
            if not self.options.dry_run:
                self.name_final_folder()
            return
        git = ["git", "-C", str(self.new)]
        if self.options.git:
            self.step("Fetch", [*git, "fetch", "--quiet", "--tags"], owner=self.code)
            self.step(f"Check out {self.options.git}", [*git, "checkout", "--quiet", self.options.git], owner=self.code)
        else:
            self.step("Pull", [*git, "pull", "--quiet", "--ff-only"], owner=self.code)
        self.step(
            "Install dependencies and translations", ["make", "-s", "-C", str(self.new), "catalogues"], owner=self.code
        )

    def name_final_folder(self) -> None:
        """Replace the name of the copy in the first line of the programs that pip installed."""
        for program in (self.new / "bin").iterdir():
            if program.is_file() and not program.is_symlink():
                content = program.read_bytes()
                changed = content.replace(f"{self.new}/".encode(), f"{self.code}/".encode())
                if content.startswith(b"#!") and content != changed:
                    program.write_bytes(changed)

    def switch(self, new: Path, aside: Path) -> None:
        """Move what is in the folder of the code aside, and what is in another one to its place: all or nothing.

        The folder itself stays, because the running server is in it: it starts its next processes from there.
        """
        status, done = self.code.stat(), list[tuple[Path, Path]]()
        aside.mkdir(mode=stat.S_IMODE(status.st_mode))
        os.chown(aside, status.st_uid, status.st_gid)
        try:
            for name in sorted({entry.name for folder in (self.code, new) for entry in folder.iterdir()}):
                for source, target in ((self.code / name, aside / name), (new / name, self.code / name)):
                    if os.path.lexists(source):
                        source.rename(target)
                        done.append((source, target))
        except OSError:
            for source, target in reversed(done):
                target.rename(source)
            aside.rmdir()
            raise
        new.rmdir()

    def check_health(self) -> None:
        """Wait until the site has answered that it is ready for a while, and nothing else."""
        self.step(f"Wait for {self.options.health}", [])
        if self.options.dry_run:
            return
        origin = urlsplit(os.environ.get("ORIGIN", ""))
        request = Request(self.options.health, headers={"Host": origin.netloc or "localhost"})  # noqa: S310 - the operator's
        healthy_seconds = SECONDS_PER_PROCESS * max(self.processes, web_processes()) + SPARE_SECONDS
        began = healthy_since = time.monotonic()
        while (now := time.monotonic()) - healthy_since < healthy_seconds:
            try:
                with urlopen(request, timeout=10):  # noqa: S310
                    pass
            except (URLError, OSError) as error:
                if now - began > HEALTH_TIMEOUT + healthy_seconds:
                    raise OperationError(f"{self.options.health} does not answer 200 but: {error}.") from error
                healthy_since = time.monotonic()
            time.sleep(PAUSE)

    def roll_back(self, error: Exception, migrations: dict[str, Any], *, is_switched: bool, is_stopped: bool) -> None:
        """Return to the old version.

        Migrations that the old version can serve with stay. The others are reversed by the new version.
        """
        print(f"{error}\nReturning to the old version:", file=sys.stderr, flush=True)
        try:
            code = self.code if is_switched else self.new
            if is_stopped:
                for app, name in migrations["before"].items():
                    command = self.spokesperson(code, "manage", "migrate", app, name, "--no-input")
                    self.step(f"Reverse the migrations of {app} after {name}", command, owner=self.data)
            if is_switched:
                self.switch(self.old, self.failed)
            if is_switched or is_stopped:
                self.step("Restart", ["sh", "-c", self.options.restart])
                self.check_health()
        except (OperationError, OSError) as second:
            raise OperationError(
                f"{error} The old version does not run again: {second} See docs/upgrading.md.",
                NOT_RESTORED,
            ) from second
        raise OperationError(f"{error} The old version runs as before.")

    def step(self, title: str, command: Sequence[str], *, owner: Path | None = None) -> str:
        """Print a step and run its command; return what it printed.

        Args:
            owner: the folder as whose owner root runs it.

        Raises:
            OperationError: it failed.
        """
        self.number += 1
        print(f"{self.number}. {title}", flush=True)
        if self.options.dry_run or not command:
            if command:
                print(f"     {' '.join(command)}")
            return ""
        status = owner.stat() if owner and owner.exists() else None
        user: dict[str, Any] = {}
        if os.geteuid() == 0 and status and status.st_uid:
            user = {"user": status.st_uid, "group": status.st_gid, "extra_groups": []}
        # In the folder of the code: Python and git look there.
        done = subprocess.run(  # noqa: S603 - what the operator asked for
            command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, **user
        )
        if done.returncode:
            print(done.stdout + done.stderr, file=sys.stderr, flush=True)
            raise OperationError(f"Step {self.number} ({title}) failed.")
        return str(done.stdout)

    def python(self, code: Path) -> Path:
        """Return the interpreter of a copy of the code."""
        executable = self.environment / "bin" / "python"
        if executable.is_relative_to(self.code):
            return code / executable.relative_to(self.code)
        return executable

    def spokesperson(self, code: Path, *arguments: str) -> list[str]:
        """Return a command of a copy of the code. Python finds it in the folder that it starts in."""
        return ["env", "-C", str(code), str(self.python(code)), "-m", "spokesperson", *arguments]
