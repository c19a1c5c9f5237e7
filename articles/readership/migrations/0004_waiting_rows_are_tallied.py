"""What waits to be rolled up becomes tallies, and rows are written once from now on.

The column `rolled_up` stays in the tables, with a default, until a later version: workers that still run the code
before this one write it and roll their own rows up. What the last of them left, `manage.py recount` finds and mends.
"""

from typing import Any

from django.db import migrations, models

TABLES = {"view": "readership_view", "read": "readership_read"}
MARK = "UPDATE {table} SET rolled_up = {true} WHERE NOT rolled_up"
TALLY = (
    "INSERT INTO readership_tally (article_id, day, what, kind, number) "
    "SELECT article_id, day, '{what}', kind, count(*) FROM {rows} GROUP BY article_id, day, kind"
)


def tally(apps: Any, schema_editor: Any) -> None:
    for what, table in TABLES.items():
        if schema_editor.connection.vendor == "postgresql":
            # At once, so that no row comes between the counting and the marking.
            mark = MARK.format(table=table, true="true") + " RETURNING article_id, day, kind"
            schema_editor.execute(f"WITH marked AS ({mark}) " + TALLY.format(what=what, rows="marked"))
        else:
            schema_editor.execute(TALLY.format(what=what, rows=f"{table} WHERE NOT rolled_up"))
            schema_editor.execute(MARK.format(table=table, true="1"))


class Migration(migrations.Migration):
    dependencies = [("readership", "0003_tallies")]

    operations = [
        *(
            migrations.AlterField(
                model_name=name,
                name="rolled_up",
                field=models.BooleanField(default=True, db_default=True),
            )
            for name in TABLES
        ),
        migrations.RunPython(tally, migrations.RunPython.noop),
    ]
