"""A checkout that serves a site, and visitors who use it all the time."""

from __future__ import annotations

import http.client
import re
import shlex
import subprocess
import sys
import sysconfig
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from threading import Event, Thread

from tests.readership.wsgi import FIREFOX
from tests.system.operations.conftest import ROOT, Site

START_TIMEOUT = 120  # seconds
GIT = ("git", "-c", "user.name=Tests", "-c", "user.email=tests@example.org", "-c", "advice.detachedHead=false")
PAGES = ("/", "/hot/", "/ru/", "/accounts/login/")


class Load(Thread):
    """Reads pages and counts a view, again and again, each time as another visitor."""

    def __init__(self, number: int, port: int, article: int) -> None:
        super().__init__(daemon=True)
        self.number, self.port, self.article = number, port, article
        self.must_end, self.statuses, self.errors = Event(), Counter[tuple[str, int]](), list[str]()

    def run(self) -> None:
        visit = 0
        while not self.must_end.is_set():
            visit += 1
            address = f"10.{self.number}.{visit // 250}.{visit % 250 + 1}"
            # Pages with a number are not in the page cache.
            self.request("GET", f"{PAGES[visit % len(PAGES)]}?visit={visit}", address)
            self.request("POST", f"/beacon/{self.article}/", address)
            time.sleep(0.05)

    def request(self, method: str, path: str, address: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {
            "X-Forwarded-For": address,
            "X-Forwarded-Proto": "http",
            "User-Agent": FIREFOX,
            "Sec-Fetch-Site": "same-origin",
            "Origin": f"http://127.0.0.1:{self.port}",
        }
        try:
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            response.read()
            self.statuses[method, response.status] += 1
            if response.status >= 400:
                self.errors.append(f"{method} {path}: {response.status}")
        except (OSError, http.client.HTTPException) as error:
            self.errors.append(f"{method} {path}: {error!r}")
        finally:
            connection.close()


class Service(Thread):
    """A process that is started again whenever it ends, as systemd does; its number is in a file."""

    def __init__(self, site: Installation, name: str, command: Sequence[str], **variables: str) -> None:
        super().__init__(daemon=True)
        self.site, self.command, self.must_end = site, command, Event()
        self.pid_file = site.code.with_name(f"{name}.pid")
        self.environment = {**site.site.environment, **variables}
        self.begin()
        self.start()

    def begin(self) -> None:
        self.process = subprocess.Popen(self.command, cwd=self.site.code, env=self.environment)  # noqa: S603
        self.pid_file.write_text(str(self.process.pid))

    def run(self) -> None:
        while self.process.wait() is not None and not self.must_end.wait(0.5):
            self.begin()

    def end(self) -> None:
        self.must_end.set()
        self.process.terminate()
        self.join(60)


class Installation:
    """A checkout of a version with an environment in it, that serves a site.

    Args:
        version: the commit. Another one than HEAD gets its own packages from the package index.
    """

    def __init__(self, folder: Path, port: int, version: str = "HEAD") -> None:
        self.code, self.origin, self.port = folder / "site", folder / "origin", port
        variables = {"ORIGIN": f"http://127.0.0.1:{port}", "TRUSTED_PROXY_COUNT": "1", "VIEWS_PER_ADDRESS": "1000"}
        self.site = Site(folder / "data", variables=variables)
        # For the upgrade alone, so that the worker makes none.
        self.backups = folder / "backups"
        self.services: list[Service] = []
        self.restart = ""
        self.git("clone", "--quiet", str(ROOT), str(self.origin), folder=ROOT)
        self.git("clone", "--quiet", str(self.origin), str(self.code), folder=ROOT)
        self.git("checkout", "--quiet", version, folder=self.code)
        if version == "HEAD":
            self.share_packages()
        # Installs the packages if they are not there yet.
        subprocess.run(["make", "-s", "-C", self.code, "catalogues", f"PYTHON={sys.executable}"], check=True)  # noqa: S603, S607

    def share_packages(self) -> None:
        """Make an environment with the packages of the one that runs the tests."""
        environment = self.code / ".venv"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)  # noqa: S603
        [packages] = environment.glob("lib/python*/site-packages")
        (packages / "tests.pth").write_text(sysconfig.get_path("purelib"))
        (environment / "requirements.stamp").touch()

    def git(self, *arguments: str, folder: Path | None = None) -> str:
        command = [*GIT, "-C", str(folder or self.origin), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the checkout."""
        return self.python("-m", "spokesperson", *arguments)

    def python(self, *arguments: str, code: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        command, environment = [str(self.code / ".venv/bin/python"), *arguments], {**self.site.environment, **more}
        return subprocess.run(  # noqa: S603 - our own command
            command, cwd=code or self.code, env=environment, capture_output=True, text=True, check=False
        )

    def check(self, *arguments: str) -> str:
        """Run a command that must succeed; return what it prints."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def ask(self, expression: str) -> int:
        """Return the value of an expression in Django's shell."""
        return int(self.check("manage", "shell", "--no-imports", "--command", expression).split()[-1])

    def serve(self) -> None:
        """Start web and worker under one supervisor."""
        self.prepare()
        self.run_service("serve", [str(self.code / ".venv/bin/python"), "-m", "spokesperson", "serve"])
        self.restart = f"kill -HUP $(cat {self.code.parent}/serve.pid)"
        self.wait_for_start()

    def serve_by_units(self) -> None:
        """Start web and worker as the unit files of the version say."""
        self.prepare()
        for name in ("web", "worker"):
            unit = (self.code / f"deploy/spokesperson-{name}.service").read_text().replace("\\\n", "")
            variables = dict(re.findall(r"^Environment=(\w+)=(.*)$", unit, re.MULTILINE))
            [command] = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)
            words = shlex.split(command.replace("/srv/spokesperson", str(self.code)))
            self.run_service(name, words, **variables)
        folder = self.code.parent
        self.restart = f"kill -HUP $(cat {folder}/web.pid) && kill $(cat {folder}/worker.pid)"
        self.wait_for_start()

    def prepare(self) -> None:
        self.check("manage", "migrate", "--no-input")
        self.check("manage", "collectstatic", "--no-input")

    def run_service(self, name: str, words: list[str], **variables: str) -> None:
        if "--port" in words:
            words[words.index("--port") + 1] = str(self.port)
        elif "serve" in words:
            words += ["--port", str(self.port)]
        self.services.append(Service(self, name, words, **variables))

    def wait_for_start(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while self.status("/health/") != 200:
            assert time.monotonic() < deadline, "The site does not start."
            time.sleep(0.5)

    def status(self, path: str) -> int:
        """Return the status of a page, or 0 if nothing answers."""
        return self.get(path)[0]

    def get(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        except OSError:
            return 0, ""
        finally:
            connection.close()

    def upgrade(self, commit: str, *options: str, code: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Upgrade the site.

        Args:
            code: another checkout, whose command does it.
        """
        health = f"http://127.0.0.1:{self.port}/health/"
        command = ["upgrade", "--git", commit, "--restart", self.restart, "--health", health, *options]
        if code:
            command += ["--code", str(self.code)]
        return self.python("-m", "spokesperson", *command, code=code, BACKUP_URL=str(self.backups))

    def commit(self, files: dict[str, str]) -> str:
        """Commit a new version into the repository that the site was cloned from; return its name."""
        for name, content in files.items():
            (self.origin / name).write_text(content, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "A new version")
        return self.git("rev-parse", "HEAD")

    def end(self) -> None:
        for service in self.services:
            service.end()
