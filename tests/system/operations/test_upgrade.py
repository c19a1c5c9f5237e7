"""Upgrades of a running site under constant load: no request fails, and every view that was answered 204 is a row."""

from __future__ import annotations

import http.client
import shutil
import subprocess
import sys
import sysconfig
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.operations.conftest import free_port
from tests.readership.wsgi import FIREFOX
from tests.system.operations.conftest import ROOT, Site

pytestmark = pytest.mark.system
START_TIMEOUT = 120  # seconds
GIT = ("git", "-c", "user.name=Tests", "-c", "user.email=tests@example.org")
MIGRATION = """
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("core", "{last}")]
    operations = [migrations.AddField("sitesettings", "motto", models.TextField(default="", db_default=""))]
"""


class Load(Thread):
    """Reads a page and counts a view, again and again, each time as another visitor."""

    def __init__(self, number: int, port: int, article: int) -> None:
        super().__init__(daemon=True)
        self.number, self.port, self.article = number, port, article
        self.must_end, self.statuses, self.errors = Event(), Counter[tuple[str, int]](), list[str]()

    def run(self) -> None:
        visit = 0
        while not self.must_end.is_set():
            visit += 1
            address = f"10.{self.number}.{visit // 250}.{visit % 250 + 1}"
            self.request("GET", f"/?visit={visit}", address)
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
        except (OSError, http.client.HTTPException) as error:
            self.errors.append(f"{method} {path}: {error!r}")
        finally:
            connection.close()


class Installation:
    """A checkout with an environment in it, that serves a site."""

    def __init__(self, folder: Path, data: Path, port: int) -> None:
        self.code, self.origin, self.port = folder / "site", folder / "origin", port
        variables = {"ORIGIN": f"http://127.0.0.1:{port}", "TRUSTED_PROXY_COUNT": "1", "VIEWS_PER_ADDRESS": "1000"}
        self.site = Site(data, variables={**variables, "BACKUP_URL": str(folder / "backups")})
        self.process: subprocess.Popen[bytes] | None = None
        self.views_before = 0

    def git(self, *arguments: str, folder: Path | None = None) -> str:
        command = [*GIT, "-C", str(folder or self.origin), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603

    def install(self) -> None:
        """Clone this repository; the environment has the packages of the one that runs the tests."""
        self.git("clone", "--quiet", str(ROOT), str(self.origin), folder=ROOT)
        self.git("clone", "--quiet", str(self.origin), str(self.code), folder=ROOT)
        environment = self.code / ".venv"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)  # noqa: S603
        [packages] = environment.glob("lib/python*/site-packages")
        (packages / "tests.pth").write_text(sysconfig.get_path("purelib"))
        (environment / "requirements.stamp").touch()
        subprocess.run(["make", "-s", "-C", self.code, "catalogues"], check=True)  # noqa: S603, S607

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.code / ".venv/bin/python"), "-m", "spokesperson", *arguments]
        return subprocess.run(  # noqa: S603 - our own command
            command, cwd=self.code, env=self.site.environment, capture_output=True, text=True, check=False
        )

    def start(self) -> None:
        command = [str(self.code / ".venv/bin/python"), "-m", "spokesperson", "serve", "--port", str(self.port)]
        self.process = subprocess.Popen(command, cwd=self.code, env=self.site.environment)  # noqa: S603
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/health/")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                pass
            assert time.monotonic() < deadline, "The site does not start."
            time.sleep(0.5)

    def upgrade(self, commit: str, **variables: str) -> subprocess.CompletedProcess[str]:
        assert self.process
        health = f"http://127.0.0.1:{self.port}/health/"
        command = ["upgrade", "--git", commit, "--restart", f"kill -HUP {self.process.pid}", "--health", health]
        return self.run(*command)

    def commit(self, files: dict[str, str]) -> str:
        """Commit a new version into the repository that the site was cloned from; return its name."""
        for name, content in files.items():
            (self.origin / name).write_text(content, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "A new version")
        return self.git("rev-parse", "HEAD")

    def new_version(self, **more: str) -> str:
        """Commit a version with another number and a migration; return its name."""
        last = max(path.stem for path in (self.origin / "core/migrations").glob("0*.py"))
        return self.commit(
            {
                "spokesperson/__init__.py": '__version__ = "9.0.0"\n',
                "core/migrations/0099_motto.py": MIGRATION.format(last=last),
                **more,
            }
        )


@pytest.fixture
def installation(demonstration: Path, tmp_path: Path) -> Iterator[Installation]:
    """Yield a running site with content."""
    shutil.copytree(demonstration, tmp_path / "data")
    site = Installation(tmp_path, tmp_path / "data", free_port())
    site.install()
    for command in (["migrate"], ["collectstatic", "--no-input"]):
        done = site.run("manage", *command)
        assert done.returncode == 0, done.stderr
    site.start()
    yield site
    assert site.process
    site.process.terminate()
    site.process.wait(60)


def ask(site: Installation, expression: str) -> str:
    """Return the value of an expression in Django's shell."""
    done = site.run("manage", "shell", "--no-imports", "--command", expression)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


VIEWS = "from articles.readership.models import PageView; print(PageView.objects.filter(article_id={}).count())"
ARTICLE = "from articles.models import Article; print(Article.objects.published().first().pk)"


@pytest.fixture
def load(installation: Installation) -> Iterator[list[Load]]:
    """Yield threads that use the site until the test ends them."""
    article = int(ask(installation, ARTICLE))
    installation.views_before = int(ask(installation, VIEWS.format(article)))
    threads = [Load(number, installation.port, article) for number in range(1, 4)]
    for thread in threads:
        thread.start()
    yield threads
    for thread in threads:
        thread.must_end.set()


def end(threads: list[Load]) -> Counter[tuple[str, int]]:
    """End the load; return how many answers there were of each kind."""
    for thread in threads:
        thread.must_end.set()
    for thread in threads:
        thread.join(60)
    assert [error for thread in threads for error in thread.errors] == []
    return sum((thread.statuses for thread in threads), Counter())


def test_upgrade_under_load(installation: Installation, load: list[Load]) -> None:
    site, article = installation, load[0].article
    done = site.upgrade(site.new_version())
    assert done.returncode == 0, done.stdout + done.stderr
    # The processes run the new version, and go on.
    assert site.run("--version").stdout == "spokesperson 9.0.0\n"
    assert "[X] 0099_motto" in site.run("manage", "showmigrations", "core").stdout
    time.sleep(3)
    statuses = end(load)
    assert set(statuses) == {("GET", 200), ("POST", 204)}
    assert statuses["POST", 204] > 100
    assert int(ask(site, VIEWS.format(article))) == site.views_before + statuses["POST", 204]
    assert "All counters are correct." in site.run("manage", "recount", "--check").stdout
    assert len(list((site.site.data.parent / "backups").iterdir())) == 1


def test_upgrade_to_a_broken_version_under_load(installation: Installation, load: list[Load]) -> None:
    """The version passes its checks, but does not serve; the old one is back."""
    site, article = installation, load[0].article
    version = site.run("--version").stdout
    health = (site.origin / "spokesperson/health.py").read_text(encoding="utf-8")
    broken = health.replace("status=200 if is_ready else 503", "status=503")
    assert broken != health
    done = site.upgrade(site.new_version(**{"spokesperson/health.py": broken}))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "does not answer 200" in done.stderr
    assert done.stderr.endswith("The old version runs as before.\n")
    assert site.run("--version").stdout == version
    statuses = end(load)
    assert set(statuses) == {("GET", 200), ("POST", 204)}
    assert int(ask(site, VIEWS.format(article))) == site.views_before + statuses["POST", 204]
    # The old version serves with the new column.
    assert "All counters are correct." in site.run("manage", "recount", "--check").stdout
