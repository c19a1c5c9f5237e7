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
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from bench.system import free_port
from tests.system.postgres import PostgreSQL

__all__ = ["Answer", "Browser", "PostgreSQL", "Site", "free_port", "wait_until"]
ROOT = Path(settings.BASE_DIR)


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
