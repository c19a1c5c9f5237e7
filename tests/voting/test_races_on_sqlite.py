"""The same races on a SQLite file with the product's settings: writers wait for each other and nothing is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

ROOT = Path(settings.BASE_DIR)

SCRIPT = """
import django
django.setup()
from concurrent.futures import ThreadPoolExecutor
from django.core.management import call_command
from django.db import connections
from articles.models import Article
from articles.voting.models import Vote
from articles.voting.services import cast_vote
from tests import factories

call_command("migrate", verbosity=0)
article = factories.published()
voters = factories.UserFactory.create_batch(8)
tabs = voters[:1] * 8

def vote(voter, likes):
    try:
        for value in [1, -1, 0, -1, 1] * 4 + [1 if likes else -1]:
            cast_vote(article=article, user=voter, value=value)
    finally:
        connections.close_all()

with ThreadPoolExecutor(8) as pool:
    list(pool.map(vote, voters, [True] * 5 + [False] * 3))
article.refresh_from_db()
assert (article.likes, article.dislikes) == (5, 3), (article.likes, article.dislikes)
with ThreadPoolExecutor(8) as pool:
    list(pool.map(vote, tabs, [True, False] * 4))
article.refresh_from_db()
values = list(Vote.objects.values_list("value", flat=True))
assert len(values) == 8, values
assert (article.likes, article.dislikes) == (values.count(1), values.count(-1)), values
print("exact")
"""


@pytest.mark.skipif(connection.vendor != "sqlite", reason="needs SQLite")
def test_cast_vote_many_users_and_one_in_many_tabs(tmp_path: Path) -> None:
    run = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        env={**os.environ, "DATA_DIR": str(tmp_path), "DATABASE_URL": "", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.stdout.strip() == "exact", run.stderr
