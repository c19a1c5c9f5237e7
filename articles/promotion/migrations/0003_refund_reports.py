from django.db import migrations, models
from django.db.models import F


def set_refund_owed(apps, schema_editor):
    apps.get_model("promotion", "Payment").objects.update(refund_owed=F("refund_due"))


class Migration(migrations.Migration):
    dependencies = [("promotion", "0002_placements_and_first_plan")]

    operations = [
        migrations.AddField("payment", "refund_owed", models.PositiveIntegerField(default=0, db_default=0, editable=False)),
        migrations.AddField("payment", "reports", models.JSONField(default=dict, db_default={}, editable=False)),
        migrations.RunPython(set_refund_owed, migrations.RunPython.noop, elidable=True),
    ]
