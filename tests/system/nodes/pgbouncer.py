"""PgBouncer with deploy/pgbouncer.ini in front of a PostgreSQL of the tests."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import psycopg

from bench.system import ROOT, find_program, free_port
from tests.system.replicas.servers import PostgreSQL, wait_until


class PgBouncer:
    """A pool of two sessions, with the settings of deploy/pgbouncer.ini and without passwords.

    Args:
        changes: pattern → replacement, in these settings.
    """

    def __init__(self, folder: Path, server: PostgreSQL, changes: dict[str, str] | None = None) -> None:
        self.port = free_port()
        self.url = f"postgres://spokesperson@127.0.0.1:{self.port}/postgres"
        self._console = f"postgres://spokesperson@127.0.0.1:{self.port}/pgbouncer"
        folder.mkdir(mode=0o777)
        folder.chmod(0o777)
        text = (ROOT / "deploy" / "pgbouncer.ini").read_text(encoding="utf-8")
        for theirs, mine in {
            r"^spokesperson = ": "postgres = ",
            r"port=5432 dbname=spokesperson": f"port={server.port}",
            r"pool_size=20": "pool_size=2",
            r"^listen_port = .*": f"listen_port = {self.port}",
            r"^unix_socket_dir = .*": f"unix_socket_dir = {folder}\nadmin_users = spokesperson",
            r"^auth_type = .*": "auth_type = trust",
            r"^auth_file = .*": f"auth_file = {folder}/users",
            **(changes or {}),
        }.items():
            text, count = re.subn(theirs, mine, text, flags=re.MULTILINE)
            assert count == 1, theirs
        (folder / "users").write_text('"spokesperson" ""\n')
        self._file = folder / "pgbouncer.ini"
        self._file.write_text(text)

    def start(self) -> None:
        program = find_program("pgbouncer")
        assert program, "pgbouncer is not installed"
        # It refuses to run as root.
        command = [program, "--quiet", str(self._file)]
        self.process = subprocess.Popen(command, user="postgres", extra_groups=[])  # noqa: S603 - a fixed command
        wait_until(self._answers, seconds=10, what="PgBouncer answers")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()

    def show(self, what: str) -> list[dict[str, Any]]:
        """Return the rows of a SHOW command of its console."""
        with psycopg.connect(self._console, autocommit=True) as console:
            # It knows the simple protocol alone.
            cursor = psycopg.ClientCursor(console, row_factory=psycopg.rows.dict_row)
            return cursor.execute(f"SHOW {what}".encode()).fetchall()

    def _answers(self) -> bool:
        try:
            return bool(self.show("DATABASES"))
        except psycopg.OperationalError:
            return False
