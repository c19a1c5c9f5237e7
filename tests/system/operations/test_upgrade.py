"""Upgrades of a running site under constant load: no request fails, and every view that was answered 204 is a row."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.operations.conftest import free_port
from tests.system.operations.conftest import ROOT
from tests.system.operations.installation import GIT, Installation, Load

pytestmark = pytest.mark.system
MIGRATION = """
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("core", "{last}")]
    operations = [migrations.AddField("sitesettings", "motto", models.TextField(default="", db_default=""))]
"""
# What the new version does otherwise: a word in its page, and a periodic job.
ALIVE, ALIVE_IN_NEW = """return HttpResponse("ok", content_type""", """return HttpResponse("new", content_type"""
JOB = "clearsessions --verbosity=0"
JOBS_OF_NEW = f'\nPERIODIC_JOBS["{JOB}"] = timedelta(minutes=1)\n'
VIEWS = "from articles.readership.models import PageView; print(PageView.objects.filter(article_id={}).count())"
ARTICLE = "from articles.models import Article; print(Article.objects.published().first().pk)"
RUNS = "from core.models import PeriodicRun; print(PeriodicRun.objects.filter(job='{}').count())"


def last_version() -> str:
    """Return the last version before this one, or the commit of the variable UPGRADE_FROM.

    It has a tag; otherwise it is the commit before the newest part of the changelog was begun.
    """
    if commit := os.environ.get("UPGRADE_FROM"):
        return commit

    def git(*arguments: str) -> str:
        return subprocess.run([*GIT, *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603

    if tags := git("tag", "--list", "v*", "--merged", "HEAD^", "--sort=-version:refname"):
        return tags.splitlines()[0]
    return git("log", "-1", "--format=%H", "-G^## ", "--", "CHANGELOG.md") + "^"


class Visitors:
    """Threads that use the site until the test ends them."""

    def __init__(self, site: Installation) -> None:
        self.site, self.article = site, site.ask(ARTICLE)
        self.views_before = site.ask(VIEWS.format(self.article))
        self.threads = [Load(number, site.port, self.article) for number in range(1, 4)]
        for thread in self.threads:
            thread.start()

    def check(self) -> None:
        """End them; nothing may have failed, and each view that was answered 204 is counted."""
        for thread in self.threads:
            thread.must_end.set()
        for thread in self.threads:
            thread.join(60)
        assert [error for thread in self.threads for error in thread.errors] == []
        statuses = sum((thread.statuses for thread in self.threads), Counter())
        assert set(statuses) == {("GET", 200), ("POST", 204)}
        assert statuses["POST", 204] > 100
        assert self.site.ask(VIEWS.format(self.article)) == self.views_before + statuses["POST", 204]
        assert "All counters are correct." in self.site.check("manage", "recount", "--check")


@pytest.fixture
def install(tmp_path: Path) -> Iterator[Callable[..., Installation]]:
    """Return a function that installs a version."""
    with ExitStack() as stack:

        def make(version: str = "HEAD") -> Installation:
            site = Installation(tmp_path, free_port(), version)
            stack.callback(site.end)
            return site

        yield make


@pytest.fixture
def site(install: Callable[..., Installation], demonstration: Path) -> Installation:
    """A running site of this version with content."""
    site = install()
    shutil.copytree(demonstration, site.site.data)
    site.serve()
    return site


def new_version(site: Installation, **more: str) -> str:
    """Commit a version with another number, a migration and a periodic job; return its name."""
    last = max(path.stem for path in (site.origin / "core/migrations").glob("0*.py"))
    health, jobs = (
        (site.origin / f"spokesperson/{name}.py").read_text(encoding="utf-8") for name in ("health", "periodic_jobs")
    )
    assert ALIVE in health
    return site.commit(
        {
            "spokesperson/__init__.py": '__version__ = "9.0.0"\n',
            "spokesperson/health.py": health.replace(ALIVE, ALIVE_IN_NEW),
            "spokesperson/periodic_jobs.py": jobs + JOBS_OF_NEW,
            "core/migrations/0099_motto.py": MIGRATION.format(last=last),
            **more,
        }
    )


def wait_until(holds: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "It did not happen in time."
        time.sleep(0.5)


def test_upgrade_under_load(site: Installation) -> None:
    visitors = Visitors(site)
    done = site.upgrade(new_version(site))
    assert done.returncode == 0, done.stdout + done.stderr
    # All processes run the new version, and go on.
    assert {site.get("/live/") for _ in range(20)} == {(200, "new")}
    wait_until(lambda: site.ask(RUNS.format(JOB)), 60)
    assert site.check("--version") == "spokesperson 9.0.0\n"
    assert "[X] 0099_motto" in site.check("manage", "showmigrations", "core")
    visitors.check()
    assert len(list(site.backups.iterdir())) == 1


def test_upgrade_to_a_broken_version_under_load(site: Installation) -> None:
    """The version passes its checks, but does not serve; the old one is back."""
    version, visitors = site.check("--version"), Visitors(site)
    health = (site.origin / "spokesperson/health.py").read_text(encoding="utf-8")
    broken = health.replace(ALIVE, ALIVE_IN_NEW).replace("status=200 if _is_ready(problems) else 503", "status=503")
    assert broken.count("status=503") == 1
    done = site.upgrade(new_version(site, **{"spokesperson/health.py": broken}))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "does not answer 200" in done.stderr
    assert done.stderr.endswith("The old version runs as before.\n")
    assert site.check("--version") == version
    assert {site.get("/live/") for _ in range(20)} == {(200, "ok")}
    # The old version serves with the new column.
    visitors.check()


def test_upgrade_from_the_last_version_under_load(install: Callable[..., Installation]) -> None:
    """A site of the last version, installed and filled by its own commands, becomes one of this version."""
    old = last_version()
    site = install(old)
    site.check("demo", "--prepare-only", "--data", str(site.site.data))
    site.serve_by_units()
    version, visitors = site.check("--version"), Visitors(site)
    can_upgrade = (site.code / "spokesperson/operations/upgrade.py").exists()
    options = () if can_upgrade else ("--no-backup",)
    done = site.upgrade(site.git("rev-parse", "HEAD"), *options, code=None if can_upgrade else ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The old version cannot serve" not in done.stdout
    assert site.git("rev-parse", "HEAD", folder=site.code) == site.git("rev-parse", "HEAD")
    assert {site.status("/live/") for _ in range(20)} == {200}
    wait_until(lambda: site.ask(RUNS.format("spokesperson.statistics.record")), 60)
    visitors.check()
    print(f"Upgraded from {version.strip()} ({old}).")
