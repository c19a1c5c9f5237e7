import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.db import migrations, models

FORWARDS = {
    "postgresql": [
        "ALTER TABLE search_searchentry ADD CONSTRAINT search_entry_article FOREIGN KEY (article_id)"
        " REFERENCES articles_article (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED",
        # The table itself stays small and in memory; vectors are read, uncompressed, only for the rows that are ranked.
        "ALTER TABLE search_searchentry ALTER COLUMN words SET STORAGE EXTERNAL",
        # Suggestions look up the beginning of a name, whatever its case, at each key press in the search field.
        *(
            f"CREATE INDEX search_author_{column} ON accounts_user (upper({column}::text) text_pattern_ops)"
            for column in ("display_name", "username")
        ),
    ],
    # Texts arrive normalized (articles.search.query.normalize), so that the tokenizer only splits at spaces.
    "sqlite": [
        "CREATE VIRTUAL TABLE search_ftsentry USING fts5(title, names, summary, body, "
        "tokenize = 'unicode61 remove_diacritics 0')"
    ],
}
BACKWARDS = {
    "postgresql": ["DROP INDEX search_author_display_name", "DROP INDEX search_author_username"],
    "sqlite": ["DROP TABLE search_ftsentry"],
}


def forwards(apps, schema_editor):
    for statement in FORWARDS[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def backwards(apps, schema_editor):
    for statement in BACKWARDS[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    initial = True

    dependencies = [("accounts", "0001_initial"), ("articles", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                ("article", models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name="+", serialize=False, to="articles.article")),
                ("published_at", models.DateTimeField()),
                ("words", django.contrib.postgres.search.SearchVectorField()),
            ],
            options={
                "default_permissions": (),
                "required_db_vendor": "postgresql",
                "indexes": [django.contrib.postgres.indexes.GinIndex(fastupdate=False, fields=["words"], name="search_entry_words")],
            },
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="FTSEntry",
                    fields=[
                        ("article", models.OneToOneField(db_column="rowid", db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name="+", serialize=False, to="articles.article")),
                        ("title", models.TextField()),
                        ("names", models.TextField()),
                        ("summary", models.TextField()),
                        ("body", models.TextField()),
                    ],
                    options={"default_permissions": (), "required_db_vendor": "sqlite"},
                ),
            ],
            database_operations=[migrations.RunPython(forwards, backwards)],
        ),
    ]
