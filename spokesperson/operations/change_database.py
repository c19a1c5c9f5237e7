"""`spokesperson change-database URL`: copy the site into an empty database of either engine, and compare both."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from itertools import batched
from typing import Any

import environ
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import DatabaseError, connections, models, transaction
from django.db.migrations.executor import MigrationExecutor
from psycopg import IsolationLevel

from spokesperson.operations import OperationError, set_up
from spokesperson.operations.counting import counted

BATCH = 500


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "url", help="the new DATABASE_URL; `-` reads it from standard input, where no other user sees it"
    )


def run(options: argparse.Namespace) -> int:
    old = os.environ.get("DATABASE_URL", "")
    # The settings are read with the new database, so that every command works on it.
    os.environ["DATABASE_URL"] = sys.stdin.readline().strip() if options.url == "-" else options.url
    if os.environ["DATABASE_URL"] == old:
        raise OperationError("This is the database of the site.")
    set_up(statement_timeout=0)
    from spokesperson.operations import consistency  # noqa: PLC0415 - needs the settings

    add_source(old or {"ENGINE": "django.db.backends.sqlite3", "NAME": settings.DATA_DIR / "spokesperson.sqlite3"})
    executor = MigrationExecutor(connections["source"])
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise OperationError("The database of the site lacks migrations: run `spokesperson manage migrate` first.")
    refuse_site("default")
    count = copy_rows()
    problems = list(consistency.row_problems())
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        raise OperationError(f"The rows are copied, but {len(problems)} checks fail.")
    print(
        f"{count} rows are copied; counters, ledger and search index agree with them. Now set DATABASE_URL and restart."
    )
    return 0


def add_source(database: str | dict[str, Any]) -> None:
    """Make a database known as "source", read as it is at one moment.

    Args:
        database: a URL, or as in `DATABASES`.
    """
    config = environ.Env.db_url_config(database) if isinstance(database, str) else database
    if config["ENGINE"].endswith("postgresql"):
        config |= {"OPTIONS": {"isolation_level": IsolationLevel.REPEATABLE_READ}}
    connections.databases["source"] = connections.configure_settings({"default": {}, "source": config})["source"]


def refuse_site(alias: str) -> None:
    """Raise OperationError if a database has users or articles."""
    connection = connections[alias]
    tables = connection.introspection.table_names()
    for label, plural in (("accounts.User", "users"), ("articles.Article", "articles")):
        model = apps.get_model(label)
        if model._meta.db_table in tables and model._base_manager.using(alias).exists():
            raise OperationError(
                f"The database {connection.settings_dict['NAME']} has {plural}: an empty one is needed."
            )


def copy_rows() -> int:
    """Replace all rows of the site's database by those of "source"; return their number.

    Both have the same migrations afterwards. Everything is one transaction: after an error the database is empty.

    Raises:
        OperationError: a row does not fit.
    """
    call_command("migrate", verbosity=0, interactive=False)
    # Without the rows that migrations create, which the source has too.
    call_command("flush", interactive=False, verbosity=0, inhibit_post_migrate=True)
    count = 0
    target = connections["default"]
    copied = _copied_models()
    # Foreign keys are checked at the end of the transaction, so any order of tables will do.
    with transaction.atomic("source"), transaction.atomic(), _stored_times(copied):
        for model in copied:
            rows = model._base_manager.using("source").order_by("pk").iterator(chunk_size=BATCH)
            try:
                for batch in batched(counted(rows, model._meta.label), BATCH, strict=False):
                    model._base_manager.using("default").bulk_create(batch)
            except DatabaseError as error:
                raise OperationError(f"A row of {model._meta.label} does not fit: {_line(error)}") from error
            counts = [model._base_manager.using(alias).count() for alias in ("source", "default")]
            if counts[0] != counts[1]:
                raise OperationError(f"{model._meta.label} has {counts[0]} rows, but {counts[1]} were copied.")
            count += counts[1]
        with target.cursor() as cursor:
            for statement in target.ops.sequence_reset_sql(no_style(), copied):
                cursor.execute(statement)
    call_command("rebuild_search", stdout=StringIO())
    return count


def _copied_models() -> list[type[models.Model]]:
    """Return the models whose tables both databases have; the search index differs by engine."""
    tables = set(connections["source"].introspection.table_names())
    tables &= set(connections["default"].introspection.table_names())
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and model._meta.db_table in tables
        if not model._meta.required_db_vendor
    ]


@contextmanager
def _stored_times(changed: list[type[models.Model]]) -> Iterator[None]:
    """Write the times of rows as they are, instead of the present."""
    fields = [
        (field, name)
        for model in changed
        for field in model._meta.concrete_fields
        for name in ("auto_now", "auto_now_add")
        if getattr(field, name, False)
    ]
    for field, name in fields:
        setattr(field, name, False)
    try:
        yield
    finally:
        for field, name in fields:
            setattr(field, name, True)


def _line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
