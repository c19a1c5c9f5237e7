"""The version before a migration can serve while it is applied, or the migration says otherwise (docs/upgrading.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.models import NOT_PROVIDED

OURS = ("accounts", "articles", "core")
# Everything else breaks the version before, such as a column with another name, or locks a table for long.
SAFE = (
    migrations.CreateModel,
    migrations.AlterModelOptions,
    migrations.AlterModelManagers,
    migrations.RunPython,
    AddIndexConcurrently,
    RemoveIndexConcurrently,
)


def objections(operations: Sequence[Operation]) -> Iterator[str]:
    """Yield the operations that the version before may not be able to serve with."""
    created = {one.name_lower for one in operations if isinstance(one, migrations.CreateModel)}
    for operation in operations:
        if isinstance(operation, migrations.SeparateDatabaseAndState):
            yield from objections(operation.database_operations)
        elif isinstance(operation, migrations.AddField) and (
            operation.field.null or operation.field.many_to_many or operation.field.db_default is not NOT_PROVIDED
        ):
            continue
        elif getattr(operation, "model_name_lower", "") not in created and not isinstance(operation, SAFE):
            yield operation.describe()


def later_migrations() -> list[migrations.Migration]:
    return [
        migration
        for (_app, name), migration in sorted(MigrationLoader(None).disk_migrations.items())
        if type(migration).__module__.startswith(OURS) and not name.startswith("0001_")
    ]


@pytest.mark.parametrize("migration", later_migrations(), ids=str)
def test_migration_is_safe_or_says_why_not(migration: migrations.Migration) -> None:
    """`needs_downtime` has `spokesperson upgrade` stop the services; `is_safe_because` is the result of a review."""
    reasons = [getattr(migration, name, "") for name in ("needs_downtime", "is_safe_because")]
    found = list(objections(migration.operations))
    assert sum(map(bool, reasons)) == bool(found), found


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddField("tag", "rank", models.IntegerField(default=0)),
        migrations.AlterField("tag", "name", models.CharField(max_length=10)),
        migrations.RemoveField("tag", "name"),
        migrations.RenameField("tag", "name", "title"),
        migrations.RenameModel("tag", "label"),
        migrations.DeleteModel("tag"),
        migrations.AddIndex("tag", models.Index(fields=["name"], name="tag_name")),
        migrations.AddConstraint("tag", models.UniqueConstraint(fields=["name"], name="tag_name")),
        migrations.RunSQL("DELETE FROM articles_tag"),
        migrations.SeparateDatabaseAndState([migrations.RemoveField("tag", "name")]),
    ],
    ids=lambda operation: type(operation).__name__,
)
def test_objections_to_unsafe_operations(operation: Operation) -> None:
    assert list(objections([operation]))


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddField("tag", "rank", models.IntegerField(null=True)),
        migrations.AddField("tag", "rank", models.IntegerField(default=0, db_default=0)),
        AddIndexConcurrently("tag", models.Index(fields=["name"], name="tag_name")),
        migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("tag", "name")]),
    ],
)
def test_no_objections_to_safe_operations(operation: Operation) -> None:
    assert list(objections([operation])) == []


def test_no_objections_to_operations_on_a_table_of_the_same_migration() -> None:
    create = migrations.CreateModel("Tag", [("id", models.BigAutoField(primary_key=True))])
    assert list(objections([create, migrations.AddField("tag", "rank", models.IntegerField())])) == []
