"""Real dependencies of a site that tests can take away, freeze, fill and bring back."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import BaseRequestHandler, StreamRequestHandler, ThreadingTCPServer
from typing import Any

import psycopg
from django_tasks_db.models import DBTaskResult

from bench.processes import tree
from bench.system import ROOT, find_program, free_port
from spokesperson.operations.serve import end_with_parent
from tests.system import postgres

AWAY, SLOW, FULL = "away", "slow", "full"
STATES = (AWAY, SLOW, FULL)
# The attributes of `conftest.Site`.
DEPENDENCIES = ("database", "cache", "mail", "payments", "images", "worker")


class Dependency:
    """One that can fail: `fail` in one of the three ways, `restore` brings it back."""

    def start(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        raise NotImplementedError

    def fail(self, state: str) -> None:
        {AWAY: self.stop, SLOW: self.freeze, FULL: self.fill}[state]()

    def restore(self, state: str) -> None:
        {AWAY: self.start, SLOW: self.thaw, FULL: self.empty}[state]()

    def freeze(self) -> None:
        raise NotImplementedError

    def thaw(self) -> None:
        raise NotImplementedError

    def fill(self) -> None:
        raise NotImplementedError

    def empty(self) -> None:
        raise NotImplementedError


class ProcessDependency(Dependency):
    """A process; SIGSTOP makes it accept connections and say nothing."""

    @property
    def pid(self) -> int:
        raise NotImplementedError

    def freeze(self) -> None:
        for pid in tree(self.pid):
            os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        for pid in tree(self.pid):
            os.kill(pid, signal.SIGCONT)


class Volume:
    """A small disk of its own (needs root, and a loop device for ext4)."""

    def __init__(self, folder: Path, megabytes: int, *, in_memory: bool) -> None:
        self.folder = folder
        folder.mkdir()
        if in_memory:
            run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder)
        else:
            file = folder.with_suffix(".img")
            file.touch()
            os.truncate(file, megabytes * 1024**2)
            run("mkfs.ext4", "-q", file)
            run("mount", "-o", "loop", file, folder)

    def fill(self) -> None:
        """Leave no free byte."""
        with (self.folder / "filling").open("wb", buffering=0) as file:
            for size in (65536, 512):
                with suppress(OSError):
                    while file.write(b"\0" * size) == size:
                        pass
            os.fsync(file.fileno())

    def empty(self) -> None:
        (self.folder / "filling").unlink()

    def unmount(self) -> None:
        run("umount", "--lazy", self.folder)


class PostgreSQL(ProcessDependency):
    """A cluster on a disk of its own."""

    def __init__(self, folder: Path) -> None:
        self.disk = Volume(folder, 400, in_memory=True)
        self.cluster = postgres.PostgreSQL(folder / "data", min_wal_size="32MB", max_wal_size="64MB")
        self.url = self.cluster.url()

    @property
    def pid(self) -> int:
        return self.cluster.pid

    def start(self) -> None:
        self.cluster.start()

    def stop(self) -> None:
        self.cluster.stop("fast")

    def fill(self) -> None:
        self.disk.fill()

    def empty(self) -> None:
        self.disk.empty()

    def row(self, query: str, *values: Any) -> tuple[Any, ...]:
        """Return the first row."""
        with psycopg.connect(self.url) as connection:
            row = connection.execute(query.encode(), values).fetchone()
        assert row is not None
        return row

    def execute(self, statement: str, *values: Any) -> None:
        with psycopg.connect(self.url) as connection:
            connection.execute(statement.encode(), values)


class Redis(ProcessDependency):
    """Valkey or Redis.

    Args:
        address: that it listens on.
        prefix: a command that runs it, on another machine for example.
        program: its server.
    """

    def __init__(
        self, folder: Path, address: str = "127.0.0.1", prefix: Sequence[str] = (), program: str = "redis-server"
    ) -> None:
        self.folder, self.address, self.port, self.prefix, self.program = folder, address, free_port(), prefix, program
        self.url = f"redis://{address}:{self.port}/0"
        folder.mkdir()

    @property
    def pid(self) -> int:
        return self.process.pid

    def start(self) -> None:
        options = ("--port", str(self.port), "--bind", self.address, "--save", "", "--dir", str(self.folder))
        program = find_program(self.program)
        assert program, f"{self.program} is not installed"
        command = [*self.prefix, program, *options, "--protected-mode", "no"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603 - a fixed command
        wait_until(lambda: self.command("PING") == "+PONG", 10)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def fill(self) -> None:
        assert self.command("CONFIG SET maxmemory 1") == "+OK"

    def empty(self) -> None:
        assert self.command("CONFIG SET maxmemory 0") == "+OK"

    def command(self, text: str) -> str:
        try:
            with socket.create_connection((self.address, self.port), timeout=2) as connection:
                connection.sendall(f"{text}\r\n".encode())
                return connection.recv(1000).decode().strip()
        except OSError:
            return ""


class Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64


class StubServer(Dependency):
    """A server in this process, on one port for as long as it lives."""

    handler: type[BaseRequestHandler]

    def __init__(self) -> None:
        self.port = free_port()
        self.is_full = False
        self.may_answer = threading.Event()
        self.may_answer.set()

    def start(self) -> None:
        self.server = Server(("127.0.0.1", self.port), self.handler)
        self.server.dependency = self  # type: ignore[attr-defined]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def freeze(self) -> None:
        self.may_answer.clear()

    def thaw(self) -> None:
        self.may_answer.set()

    def fill(self) -> None:
        self.is_full = True

    def empty(self) -> None:
        self.is_full = False


class SMTPHandler(StreamRequestHandler):
    def handle(self) -> None:
        mail_server = self.server.dependency  # type: ignore[attr-defined]
        with suppress(OSError):
            self.answer("220 ready")
            for line in self.rfile:
                command = line.decode().strip().upper()
                if command.startswith("MAIL") and mail_server.is_full:
                    self.answer("452 4.3.1 insufficient system storage")
                elif command.startswith("RCPT"):
                    recipient = line.decode().partition("<")[2].partition(">")[0]
                    self.answer("250 fine")
                elif command == "DATA":
                    self.answer("354 go on")
                    while self.rfile.readline().strip() != b".":
                        pass
                    mail_server.received.append(recipient)
                    self.answer("250 taken")
                else:
                    self.answer("250 fine")

    def answer(self, text: str) -> None:
        assert self.server.dependency.may_answer.wait(60)  # type: ignore[attr-defined]
        self.wfile.write(f"{text}\r\n".encode())


class MailServer(StubServer):
    handler = SMTPHandler

    def __init__(self) -> None:
        super().__init__()
        self.received: list[str] = []
        self.url = f"smtp://127.0.0.1:{self.port}"


class StripeHandler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        stripe = self.server.dependency  # type: ignore[attr-defined]
        self.rfile.read(int(self.headers["Content-Length"]))
        assert stripe.may_answer.wait(60)
        session = {"id": f"cs_{secrets.token_hex(8)}", "url": "https://pay.example/"}
        body = json.dumps({"error": {"type": "api_error"}} if stripe.is_full else session).encode()
        with suppress(OSError):
            self.send_response(429 if stripe.is_full else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


class PaymentProvider(StubServer):
    """Stripe, as far as a checkout needs it; it is "full" when it answers that there are too many requests."""

    handler = StripeHandler


class ImageDisk(Dependency):
    """The disk of MEDIA_ROOT; it is away when it is read-only, as Linux makes a disk with errors."""

    def __init__(self, folder: Path) -> None:
        self.disk = Volume(folder, 12, in_memory=False)
        self.fill, self.empty = self.disk.fill, self.disk.empty  # type: ignore[method-assign]

    def start(self) -> None:
        run("mount", "-o", "remount,rw", self.disk.folder)

    def stop(self) -> None:
        run("mount", "-o", "remount,ro", self.disk.folder)

    def freeze(self) -> None:
        run("fsfreeze", "--freeze", self.disk.folder)

    def thaw(self) -> None:
        run("fsfreeze", "--unfreeze", self.disk.folder)


class TaskWorker(ProcessDependency):
    """The worker; its queue is "full" with a hundred tasks, which it works off."""

    def __init__(self, env: dict[str, str], folder: Path, database: PostgreSQL) -> None:
        self.env, self.folder, self.database = env, folder, database

    @property
    def pid(self) -> int:
        return self.process.pid

    def restart_if_ended(self) -> None:
        """Do what systemd does after a worker has lost its database."""
        if self.process.poll() is not None:
            self.start()

    def start(self) -> None:
        command = [sys.executable, "manage.py", "db_worker", "--queue-name", "*", "--no-reload", "--interval", "0.2"]
        with (self.folder / "worker.log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - a fixed command
                command,
                env=self.env,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                preexec_fn=end_with_parent,  # noqa: PLW1509
            )

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def fill(self) -> None:
        task = {
            "task_path": "core.tasks.send_emails",
            "status": "READY",
            "args_kwargs": '{"args": [], "kwargs": {}}',
            "priority": 0,
            "queue_name": "default",
            "backend_name": "default",
            "exception_class_path": "",
            "traceback": "",
            "worker_ids": "[]",
        }
        self.database.execute(
            f"INSERT INTO {DBTaskResult._meta.db_table} (id, enqueued_at, run_after, {', '.join(task)})"  # noqa: S608
            f" SELECT gen_random_uuid(), now(), now(), {', '.join(['%s'] * len(task))} FROM generate_series(1, 100)",
            *task.values(),
        )

    def empty(self) -> None:
        pass


def run(*command: str | Path) -> None:
    words = [str(part) for part in command]
    done = subprocess.run(words, capture_output=True, text=True, cwd="/", check=False)  # noqa: S603 - fixed commands
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"


def wait_until(holds: Callable[[], Any], seconds: float) -> float:
    """Wait until it holds; return how many seconds that took."""
    started = time.monotonic()
    while not holds():
        assert time.monotonic() - started < seconds, holds
        time.sleep(0.05)
    return time.monotonic() - started
