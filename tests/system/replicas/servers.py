"""Real servers of their own for a test: PostgreSQL with standbys, and the site."""

from __future__ import annotations

import http.cookiejar
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_until(condition: Callable[[], bool], *, seconds: float, what: str) -> float:
    """Wait for a condition; return the seconds that it took.

    Raises:
        AssertionError: it did not come true in time.
    """
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"Not within {seconds} s: {what}"
        time.sleep(0.05)
    return time.monotonic() - began


def _programs() -> Path:
    return max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))


class PostgreSQL:
    """A cluster in a folder, on a free port.

    Args:
        copy_of: the primary that it replicates.
        address: that it listens on.
        prefix: a command that runs its programs, on another machine for example.
    """

    def __init__(
        self,
        folder: Path,
        *,
        copy_of: PostgreSQL | None = None,
        address: str = "127.0.0.1",
        prefix: Sequence[str] = (),
    ) -> None:
        self.folder, self.address, self.port, self.prefix = folder, address, free_port(), prefix
        if copy_of:
            server = ("--host", copy_of.address, "--port", str(copy_of.port), "--username", "spokesperson")
            self._run("pg_basebackup", "--pgdata", str(folder), "--write-recovery-conf", "--checkpoint=fast", *server)
        else:
            self._run("initdb", "--pgdata", str(folder), "--username=spokesperson", "--auth=trust", "--encoding=UTF8")
            with (folder / "pg_hba.conf").open("a") as rules:
                rules.write("host all,replication all samenet trust\n")

    def url(self, database: str = "postgres") -> str:
        return f"postgres://spokesperson@{self.address}:{self.port}/{database}"

    def start(self) -> None:
        options = (
            f"-p {self.port} -k {self.folder} -c listen_addresses={self.address} -c max_connections=60"
            # As docs/operating.md says for replicas.
            " -c wal_sender_timeout=5s -c wal_receiver_timeout=5s -c wal_retrieve_retry_interval=1s"
        )
        self._run(
            "pg_ctl", "--pgdata", str(self.folder), "--log", f"{self.folder}/log", "-o", options, "--wait", "start"
        )

    def stop(self) -> None:
        """Stop at once, as when the power fails."""
        with suppress(subprocess.CalledProcessError):
            self._run("pg_ctl", "--pgdata", str(self.folder), "--mode=immediate", "stop")

    def sql(self, statement: str) -> str:
        """Run a statement; return its rows as lines."""
        return self._run("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement, self.url()).strip()

    def _run(self, program: str, *arguments: str) -> str:
        command = [str(_programs() / program), *arguments]
        if os.getuid() == 0:
            command = [*self.prefix, "runuser", "-u", "postgres", "--", *command]
        # The server keeps its standard output, so a pipe would never end.
        if program == "pg_ctl":
            subprocess.run(command, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)  # noqa: S603
            return ""
        return subprocess.run(command, cwd="/", capture_output=True, text=True, check=True).stdout  # noqa: S603


@dataclass(frozen=True)
class Answer:
    """A response: its status, text and headers in lower case."""

    status: int
    text: str
    headers: dict[str, str]


class Browser:
    """Keeps cookies, as a browser does."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar(_Policy())), _NoRedirect()
        )

    def get(self, path: str) -> Answer:
        return self._open(path)

    def post(self, path: str, page: str, **fields: str) -> Answer:
        """Send a form with the token of the page that holds it."""
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get(page).text)
        assert token
        data = urllib.parse.urlencode({"csrfmiddlewaretoken": token[1], **fields}).encode()
        return self._open(path, data)

    def _open(self, path: str, data: bytes | None = None) -> Answer:
        request = urllib.request.Request(self.origin + path, data, {"Origin": self.origin})  # noqa: S310 - the site
        try:
            response = self._opener.open(request, timeout=30)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, response.read().decode(), headers)


class _Policy(http.cookiejar.DefaultCookiePolicy):
    """Also sends the cookies of http://127.0.0.1."""

    def return_ok_domain(self, cookie: http.cookiejar.Cookie, request: urllib.request.Request) -> bool:
        return True


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object, **options: object) -> None:
        return None


class Site:
    """The site with its settings, as granian serves it."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.port = free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.env = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
        self.env |= {
            "DJANGO_SETTINGS_MODULE": "spokesperson.settings",
            "PYTHONPATH": str(ROOT),
            "ORIGIN": self.origin,
            "SECRET_KEY": "x" * 60,
            "DATA_DIR": str(folder),
            **environment,
        }

    def manage(self, *arguments: str) -> str:
        return self._python("manage.py", *arguments)

    def run_code(self, code: str) -> str:
        """Run Python code after `django.setup()`; return what it prints."""
        return self._python("-c", f"import django; django.setup()\n{code}")

    def _python(self, *arguments: str) -> str:
        run = subprocess.run(  # noqa: S603
            [sys.executable, *arguments], cwd=ROOT, env=self.env, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stderr
        return run.stdout

    @contextmanager
    def served(self) -> Iterator[Browser]:
        """Serve with one worker."""
        options = ("--interface", "wsgi", "--blocking-threads", "16", "--port", str(self.port), "--log-level", "error")
        command = [sys.executable, "-m", "granian", *options, "spokesperson.wsgi:application"]
        process = subprocess.Popen(command, cwd=ROOT, env=self.env, start_new_session=True)  # noqa: S603
        browser = Browser(self.origin)
        try:
            wait_until(lambda: _is_open(self.port), seconds=30, what="the site listens")
            yield browser
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _is_open(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0
