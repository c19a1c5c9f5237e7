"""A temporary PostgreSQL cluster: durable as in production, on a free port."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.system import BenchmarkError, find_program, free_port, owner_of_postgres, process_env, run

# Durable: PostgreSQL's defaults, written down because the figures depend on them.
# The rest is what docs/performance.md recommends for a machine of this size.
SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "1GB",
    "effective_cache_size": "4GB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "8GB",
    "random_page_cost": "1.1",
    "max_connections": "100",
}


def programs() -> Path:
    """Return the folder of PostgreSQL's programs.

    Raises:
        BenchmarkError: they are not installed.
    """
    if found := find_program("initdb"):
        return Path(found).resolve().parent
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if not places:
        raise BenchmarkError(
            "The benchmark needs PostgreSQL's programs (initdb), which are not installed "
            "(Debian: apt-get install postgresql)."
        )
    return places[-1].parent


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A running cluster; all local users can log in as its superuser."""

    folder: Path
    port: int

    def url(self, database: str) -> str:
        return f"postgres://spokesperson@127.0.0.1:{self.port}/{database}"

    @property
    def pid(self) -> int:
        return int((self.folder / "postmaster.pid").read_text().split()[0])

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run a statement; return its rows as lines, fields separated by |.

        Raises:
            BenchmarkError: the statement failed.
        """
        connection = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "spokesperson", "-d", database]
        return run([programs() / "psql", *connection, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement])

    def has(self, database: str) -> bool:
        return self.sql(f"SELECT 1 FROM pg_database WHERE datname = '{database}'").strip() == "1"  # noqa: S608 - ours

    def create(self, database: str, *, like: str = "") -> None:
        """Create a database, as a copy of another if `like` names one."""
        self.sql(f'CREATE DATABASE "{database}"' + (f' TEMPLATE "{like}"' if like else ""))

    def drop(self, database: str) -> None:
        self.sql(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')


@contextmanager
def running_cluster(folder: Path) -> Iterator[Cluster]:
    """Start a cluster in a folder, created if it does not exist; stopped after the block."""
    folder.mkdir(parents=True, exist_ok=True)
    if owner := owner_of_postgres():
        shutil.chown(folder, owner)
    if not (folder / "PG_VERSION").exists():
        _as_owner("initdb", "--pgdata", folder, "--username", "spokesperson", "--auth", "trust",
                  "--encoding", "UTF8", "--locale", "C.UTF-8")  # fmt: skip
    port = free_port()
    options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
    options += f" -p {port} -k {folder} -c listen_addresses=127.0.0.1"
    # A killed run leaves a stale pid file, or its server.
    _stop(folder)
    try:
        _as_owner("pg_ctl", "--pgdata", folder, "--log", folder / "log", "--wait", "--timeout", "120", "--silent",
                  "start", "--options", options)  # fmt: skip
        yield Cluster(folder=folder, port=port)
    finally:
        _stop(folder)


def _stop(folder: Path) -> None:
    if (folder / "postmaster.pid").exists():
        with suppress(BenchmarkError):
            _as_owner("pg_ctl", "--pgdata", folder, "--mode", "fast", "--wait", "--timeout", "120", "--silent", "stop")


def _as_owner(program: str, *arguments: str | Path) -> None:
    command: list[str | Path] = [programs() / program, *arguments]
    if owner := owner_of_postgres():
        command = [find_program("runuser") or "runuser", "-u", owner, "--", *command]
    # In a folder that this user can enter.
    run(command, env=process_env(LC_ALL="C.UTF-8"), cwd=Path(os.sep))
