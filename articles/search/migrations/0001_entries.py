import django.contrib.postgres.search
import django.db.models.deletion
from django.db import migrations, models

# The table itself stays small and in memory; the vectors are read for the few rows that are ranked, uncompressed.
# Most changes of the index are one article at a time, and each search would read what waits to be merged into it.
STATEMENTS = [
    "ALTER TABLE search_searchentry ADD CONSTRAINT search_entry_article FOREIGN KEY (article_id)"
    " REFERENCES articles_article (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED",
    "ALTER TABLE search_searchentry ALTER COLUMN words SET STORAGE EXTERNAL",
    "CREATE INDEX IF NOT EXISTS search_entry_words ON search_searchentry USING gin (words) WITH (fastupdate = off)",
]


class CreateOnPostgres(migrations.CreateModel):
    """The other databases keep modelsearch's own tables."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            for statement in STATEMENTS:
                schema_editor.execute(statement)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)


class Migration(migrations.Migration):
    initial = True

    dependencies = [("articles", "0001_initial")]

    operations = [
        CreateOnPostgres(
            name="SearchEntry",
            fields=[
                ("article", models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name="+", serialize=False, to="articles.article")),
                ("published_at", models.DateTimeField()),
                ("words", django.contrib.postgres.search.SearchVectorField()),
            ],
            options={"default_permissions": ()},
        ),
        migrations.CreateModel(
            name="SearchedArticle",
            fields=[],
            options={"proxy": True, "default_permissions": (), "indexes": [], "constraints": []},
            bases=("articles.article",),
        ),
    ]
