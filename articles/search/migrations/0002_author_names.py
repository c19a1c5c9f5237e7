from django.db import migrations

# The beginning of a name, whatever its case, is looked for at each key that is pressed in the search field. PostgreSQL
# alone: another database holds few people.
NAMES = {"search_author_display_name": "display_name", "search_author_username": "username"}


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for index, column in NAMES.items():
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {index}")
            schema_editor.execute(
                f"CREATE INDEX CONCURRENTLY {index} ON accounts_user (upper({column}::text) text_pattern_ops)"
            )


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for index in NAMES:
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {index}")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("search", "0001_entries"), ("accounts", "0001_initial")]

    operations = [migrations.RunPython(create, drop)]
