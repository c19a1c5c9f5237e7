"""PostgreSQL clusters of a test's own."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from bench import postgres
from bench.system import free_port, owner_of_postgres


class PostgreSQL:
    """A cluster in a folder that PostgreSQL's user can write to, on a free port.

    Args:
        copy_of: the primary whose standby it becomes.
        address: that it listens on.
        prefix: a command that runs its programs, on another machine for example.
        settings: of the server, such as `max_connections="60"`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        copy_of: PostgreSQL | None = None,
        address: str = "127.0.0.1",
        prefix: Sequence[str] = (),
        **settings: str,
    ) -> None:
        self.folder, self.address, self.port, self.prefix = folder, address, free_port(), prefix
        # As docs/operating.md says for replicas.
        waits = {"wal_sender_timeout": "5s", "wal_receiver_timeout": "5s", "wal_retrieve_retry_interval": "1s"}
        self.settings = {"listen_addresses": address, "max_connections": "60", **waits, **settings}
        if copy_of:
            server = ("--host", copy_of.address, "--port", str(copy_of.port), "--username", "spokesperson")
            self._run("pg_basebackup", "--write-recovery-conf", "--checkpoint=fast", *server)
        else:
            options = ("--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
            self._run("initdb", "--username=spokesperson", *options)
            with (folder / "pg_hba.conf").open("a") as rules:
                rules.write("host all,replication all samenet trust\n")

    @property
    def pid(self) -> int:
        return int((self.folder / "postmaster.pid").read_text().split()[0])

    def url(self, database: str = "postgres") -> str:
        return f"postgres://spokesperson@{self.address}:{self.port}/{database}"

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} "
        options += " ".join(f"-c {name}={value}" for name, value in self.settings.items())
        self._run("pg_ctl", "--log", f"{self.folder}/log", "--options", options, "--wait", "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop it, by default as when the power fails."""
        with suppress(subprocess.CalledProcessError):
            self._run("pg_ctl", "--mode", mode, "--wait", "stop")

    def sql(self, statement: str) -> str:
        """Run a statement; return its rows as lines."""
        options = ("-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement, self.url())
        return self._as_owner("psql", *options).strip()

    def _run(self, program: str, *arguments: str) -> str:
        return self._as_owner(program, "--pgdata", str(self.folder), *arguments)

    def _as_owner(self, program: str, *arguments: str) -> str:
        command = [str(postgres.programs() / program), *arguments]
        if owner := owner_of_postgres():
            command = [*self.prefix, "runuser", "-u", owner, "--", *command]
        # The server keeps the standard output of pg_ctl, so a pipe would never end.
        out = subprocess.DEVNULL if program == "pg_ctl" else subprocess.PIPE
        done = subprocess.run(command, cwd="/", stdout=out, stderr=out, text=True, check=True)  # noqa: S603
        return done.stdout or ""
