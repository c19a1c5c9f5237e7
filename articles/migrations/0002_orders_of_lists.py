"""Indexes for the lists by score, and for what moderators look through. The site may serve meanwhile."""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.expressions import CombinedExpression

import articles.models.top


class AddIndexWhileServing(AddIndexConcurrently):
    """Concurrently on PostgreSQL, where a plain CREATE INDEX would stop every vote until it is done."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        else:
            migrations.AddIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)
        else:
            migrations.AddIndex.database_backwards(self, app_label, schema_editor, from_state, to_state)


def score() -> models.OrderBy:
    return models.OrderBy(CombinedExpression(models.F("likes"), "-", models.F("dislikes")), descending=True)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("articles", "0001_initial"),
    ]

    operations = [
        AddIndexWhileServing(
            model_name="article",
            index=models.Index(
                score(),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("state", "published")),
                name="article_top",
            ),
        ),
        AddIndexWhileServing(
            model_name="article",
            index=models.Index(
                articles.models.top.DayOf("published_at"),
                score(),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("state", "published")),
                name="article_top_of_day",
            ),
        ),
        AddIndexWhileServing(
            model_name="article",
            index=models.Index(
                models.F("state"),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("state__in", ["in_review", "returned", "hidden"])),
                name="article_not_published",
            ),
        ),
        AddIndexWhileServing(
            model_name="revision",
            index=models.Index(
                models.F("state"),
                models.OrderBy(models.F("submitted_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("state__in", ["published", "returned"])),
                name="revision_decided",
            ),
        ),
    ]
