"""Fill a site, back it up, verify, destroy, restore, and compare all tables and images."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import skip_or_fail
from tests.system.operations.conftest import ROOT, Site

pytestmark = pytest.mark.system
ENGINES = ["sqlite", "postgres"]
WRITER = """
import django, itertools, random
django.setup()
from accounts.models import User
from articles.models import Article
from articles.voting.services import cast_vote
articles, users = list(Article.objects.published()), list(User.objects.all())
for number in itertools.count():
    article, user = random.choice(articles), random.choice(users)
    if article.author_id != user.pk:
        cast_vote(user=user, article=article, value=random.choice([1, -1]))
    if number == 0:
        print("writing", flush=True)
"""


@pytest.fixture
def filled(demonstration: Path, tmp_path: Path, make_database: Callable[[str], str]) -> Callable[[str], Site]:
    """Return a function that makes a site with content on an engine."""

    def fill(engine: str) -> Site:
        shutil.copytree(demonstration, tmp_path / "old")
        url = make_database(engine)
        printed = Site(tmp_path / "old").run("change-database", url)
        assert "counters, ledger and search index agree" in printed
        site = Site(tmp_path / "old", url, {"BACKUP_URL": str(tmp_path / "backups")})
        assert json.loads(site.snapshot()) == json.loads(Site(tmp_path / "old").snapshot())
        return site

    return fill


@pytest.mark.parametrize("source", ENGINES)
@pytest.mark.parametrize("target", ENGINES)
def test_backup_verify_destroy_restore(
    filled: Callable[[str], Site], make_database: Callable[[str], str], tmp_path: Path, source: str, target: str
) -> None:
    if not shutil.which("age-keygen"):
        skip_or_fail("age is not installed.")
    key = tmp_path / "key.txt"
    made = subprocess.run(["age-keygen", "-o", key], capture_output=True, text=True, check=True)  # noqa: S603, S607
    old = filled(source)
    old.variables["BACKUP_RECIPIENT"] = made.stderr.rpartition(" ")[2].strip()
    before = old.snapshot()
    assert len(json.loads(before)) > 100
    old.run("backup")
    assert "20 images agree with their rows" in old.run("backup", "--verify", "--identity", str(key))
    shutil.rmtree(old.data)

    new = Site(tmp_path / "new", make_database(target), {"BACKUP_URL": str(tmp_path / "backups")})
    scratch = ["--scratch", make_database(source)] if (source, target) == ("postgres", "sqlite") else []
    assert "is restored" in new.run("restore", "--identity", str(key), *scratch)
    assert json.loads(new.snapshot()) == json.loads(before)
    # The restored site can be written to, and backed up.
    new.run("manage", "createsuperuser", "--no-input", "--username", "chief", "--email", "chief@example.org")
    new.run("backup")
    refused = new.attempt("restore")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.endswith("has users: an empty one is needed.\n")


@pytest.mark.parametrize("engine", ENGINES)
def test_backup_while_others_write(filled: Callable[[str], Site], engine: str) -> None:
    """What a backup holds is the database at one moment: counters agree with rows, whatever is written meanwhile."""
    site = filled(engine)
    environment = {**site.environment, "DJANGO_SETTINGS_MODULE": "spokesperson.settings"}
    process = subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-c", WRITER], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout
        assert process.stdout.readline() == "writing\n"
        for _ in range(3):
            site.run("backup")
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
    assert "can be restored" in site.run("backup", "--verify")
