"""Moderators read the changes of trust; "decide" lets them make some."""

from django.conf import settings
from django.db import migrations


def allow_moderators(apps, schema_editor):
    """Create the permission, which Django creates only after all migrations, and give it to the group."""
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="Moderators")
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="articles", model="trust"
    )
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type, codename="view_trust", defaults={"name": "Can view trust of an author"}
    )
    group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0011_monthly_figures"),
        ("articles", "0014_trust"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [migrations.RunPython(allow_moderators, migrations.RunPython.noop)]
