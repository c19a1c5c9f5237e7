from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0003_pending_deletion"),
    ]

    operations = [
        migrations.AddField(
            model_name="sitesettings",
            name="maintenance_since",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
