"""A row needs no index for the roll-up, and none of its article alone: the others begin with the article.

Not Django's own way, which drops the foreign key and checks every row again while nobody can write.
"""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

INDEXES = {
    "view_waiting": "readership_view (id) WHERE NOT rolled_up",
    "read_waiting": "readership_read (id) WHERE NOT rolled_up",
    "readership_view_article_id_7896bb20": "readership_view (article_id)",
    "readership_read_article_id_a556a89e": "readership_read (article_id)",
}


def drop(apps: Any, schema_editor: Any) -> None:
    concurrently = "CONCURRENTLY" if schema_editor.connection.vendor == "postgresql" else ""
    for name in INDEXES:
        schema_editor.execute(f"DROP INDEX {concurrently} IF EXISTS {name}")


def create(apps: Any, schema_editor: Any) -> None:
    concurrently = "CONCURRENTLY" if schema_editor.connection.vendor == "postgresql" else ""
    for name, on in INDEXES.items():
        schema_editor.execute(f"CREATE INDEX {concurrently} IF NOT EXISTS {name} ON {on}")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("readership", "0004_waiting_rows_are_tallied")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(drop, create)],
            state_operations=[
                *(migrations.RemoveIndex(name, f"{name}_waiting") for name in ("view", "read")),
                *(migrations.RemoveField(name, "rolled_up") for name in ("view", "read")),
                *(
                    migrations.AlterField(
                        model_name=name,
                        name="article",
                        field=models.ForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="%(class)s_rows",
                            to="articles.article",
                        ),
                    )
                    for name in ("view", "read")
                ),
            ],
        ),
    ]
