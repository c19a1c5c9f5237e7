"""The way from SQLite to PostgreSQL that docs/operating.md describes, step by step."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client

from accounts.models import User
from articles.models import Article
from articles.promotion.models import LedgerEntry
from tests import factories

FILL = """
import django
django.setup()
from tests.e2e.site import create_site
from articles.promotion.models import PromotionDay
create_site()
PromotionDay.objects.all().delete()  # Numbers without rows that they were counted from.
"""
EXCLUDED = ["--natural-foreign", "--exclude=contenttypes", "--exclude=auth.permission", "--exclude=search"]


def on_sqlite(folder: Path, *arguments: str) -> None:
    """Run Python with the settings of a site on SQLite."""
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "spokesperson.settings",
        "ORIGIN": "http://127.0.0.1:8000",
        "SECRET_KEY": "k" * 60,
        "DATA_DIR": str(folder),
        "MEDIA_ROOT": str(settings.MEDIA_ROOT),
    }
    done = subprocess.run(  # noqa: S603 - our own commands
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def rows(file: Path) -> dict[tuple[str, Any], Any]:
    return {(row["model"], str(row["pk"])): row["fields"] for row in json.loads(file.read_text())}


@pytest.mark.postgres
@pytest.mark.skipif(connection.vendor != "postgresql", reason="moves a site to PostgreSQL")
@pytest.mark.django_db(transaction=True)
def test_site_on_sqlite_moves_to_postgresql(tmp_path: Path, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    on_sqlite(tmp_path, "manage.py", "migrate", "--verbosity=0")
    on_sqlite(tmp_path, "-c", FILL)
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    on_sqlite(tmp_path, "manage.py", "dumpdata", *EXCLUDED, f"--output={before}")

    call_command("flush", interactive=False, verbosity=0)
    call_command("loaddata", before, verbosity=0)
    assert not caplog.records  # Nothing of it happens again.
    call_command("rebuild_search", verbosity=0)
    for check in (["recount", "--check"], ["verify_ledger"], ["rebuild_search", "--check"]):
        call_command(*check)

    call_command("dumpdata", *EXCLUDED, output=str(after), verbosity=0)
    assert rows(after) == rows(before)
    assert LedgerEntry.objects.exists()
    # The next rows get the next numbers.
    newest = {model: model._default_manager.latest("pk").pk for model in (User, Article)}
    article = factories.published()
    assert article.pk == newest[Article] + 1
    assert article.author.pk > newest[User]
    assert client.get(article.get_absolute_url()).status_code == 200
