from django.db import migrations
from django.db.models import F


def number_versions(apps, schema_editor):
    """Give each revision of an article its own version; the first ones have 1 already."""
    apps.get_model("articles", "Revision").objects.filter(number__gt=1).update(version=F("number"))


class Migration(migrations.Migration):
    dependencies = [("articles", "0006_drafts_need_no_section")]

    operations = [migrations.RunPython(number_versions, migrations.RunPython.noop, elidable=True)]
