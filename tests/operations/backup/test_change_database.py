"""`spokesperson change-database`: the rows of one database in another."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import ExitStack
from io import StringIO
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.db import connection, connections

from accounts.models import User
from articles.models import Article, Tag
from articles.promotion.models.ledger import verify_ledger
from spokesperson.operations import OperationError, change_database, consistency
from spokesperson.operations.change_database import add_source, copy_rows
from spokesperson.operations.dump import dump_database, load_database, scratch_database
from tests import factories
from tests.operations.backup.conftest import article_with_image
from tests.operations.backup.snapshot import rows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def source(tmp_path: Path, settings: LazySettings) -> Iterator[None]:
    """Copy the database of the test, with an article, into one that is known as "source"."""
    settings.DATA_DIR = tmp_path
    article_with_image()
    with ExitStack() as stack:
        if connection.vendor == "postgresql":
            url = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{connection.settings_dict['NAME']}"
            add_source(stack.enter_context(scratch_database(url)))
        else:
            add_source(f"sqlite:///{tmp_path}/source.sqlite3")
        # Tests may not open a connection that was added after they began, but use an open one.
        connections["source"].connect()
        load_database(dump_database(), "source")
        connections["source"].connect()
        yield
        connections["source"].close()
        del connections.databases["source"], connections["source"]


@pytest.mark.usefixtures("source")
def test_copy_rows_replaces_all_rows() -> None:
    before = rows("source")
    assert len(before["articles.Article"]) == 1
    assert before["accounts.User_groups"] == []
    User.objects.update(username="other")
    assert copy_rows() == sum(map(len, before.values()))
    assert rows() == before
    assert verify_ledger() is None
    assert list(consistency.row_problems()) == []


@pytest.mark.usefixtures("source")
def test_copy_rows_leaves_sequences_after_the_copied_rows() -> None:
    call_command("flush", interactive=False, verbosity=0)
    copy_rows()
    factories.published()


@pytest.mark.usefixtures("source")
def test_copy_rows_that_do_not_fit_leave_no_rows() -> None:
    """SQLite has no maximum length."""
    if connection.vendor == "sqlite":
        Tag.objects.using("source").create(name="twin", slug="twin")
        with connections["source"].cursor() as cursor:
            cursor.execute("PRAGMA foreign_keys=OFF")
            cursor.execute("UPDATE articles_articletag SET tag_id = 999")
        error: type[Exception] = Exception
    else:
        Tag.objects.using("source").create(name="twin", slug="twin")
        with connections["source"].cursor() as cursor:
            cursor.execute("ALTER TABLE articles_tag ALTER COLUMN name TYPE text")
            cursor.execute("UPDATE articles_tag SET name = repeat('x', 500)")
        error = OperationError
    with pytest.raises(error):
        copy_rows()
    assert not Article.objects.exists()


@pytest.mark.usefixtures("source")
def test_change_database_refuses_a_database_with_a_site(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change_database, "add_source", lambda _database: None)
    monkeypatch.setenv("DATABASE_URL", "old")
    with pytest.raises(OperationError, match="has users: an empty one is needed"):
        change_database.run(argparse.Namespace(url="new"))
    with pytest.raises(OperationError, match="This is the database of the site"):
        change_database.run(argparse.Namespace(url="new"))


@pytest.mark.usefixtures("source")
def test_change_database_says_what_it_did(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    before = rows("source")
    call_command("flush", interactive=False, verbosity=0)
    monkeypatch.setattr(change_database, "add_source", lambda _database: None)
    monkeypatch.setenv("DATABASE_URL", "old")
    monkeypatch.setattr("sys.stdin", StringIO("new\n"))
    assert change_database.run(argparse.Namespace(url="-")) == 0
    assert os.environ["DATABASE_URL"] == "new"
    assert rows() == before
    assert f"{sum(map(len, before.values()))} rows are copied" in capsys.readouterr().out


@pytest.mark.usefixtures("source")
def test_change_database_needs_all_migrations(monkeypatch: pytest.MonkeyPatch) -> None:
    call_command("flush", interactive=False, verbosity=0)
    monkeypatch.setattr(change_database, "add_source", lambda _database: None)
    monkeypatch.setenv("DATABASE_URL", "old")
    with connections["source"].cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'core' AND name <> '0001_initial'")
    with pytest.raises(OperationError, match="lacks migrations"):
        change_database.run(argparse.Namespace(url="new"))
