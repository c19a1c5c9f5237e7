"""`article_author` and `article_desk` begin with the author: the key's own index only cost every vote an entry.

Not Django's own way, which drops the foreign key and checks every row again while nobody can write.
"""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

NAME = "articles_article_author_id_059aea7d"


def drop(apps: Any, schema_editor: Any) -> None:
    concurrently = "CONCURRENTLY" if schema_editor.connection.vendor == "postgresql" else ""
    schema_editor.execute(f"DROP INDEX {concurrently} IF EXISTS {NAME}")


def create(apps: Any, schema_editor: Any) -> None:
    concurrently = "CONCURRENTLY" if schema_editor.connection.vendor == "postgresql" else ""
    schema_editor.execute(f"CREATE INDEX {concurrently} IF NOT EXISTS {NAME} ON articles_article (author_id)")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("articles", "0003_hidden_of_an_author"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(drop, create)],
            state_operations=[
                migrations.AlterField(
                    model_name="article",
                    name="author",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="articles",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
    ]
