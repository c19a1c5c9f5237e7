"""Moderators see the series of authors, and delete one whose title or description breaks the rules."""

from django.conf import settings
from django.db import migrations


def allow_moderators(apps, schema_editor):
    """Create the permissions, which Django creates only after all migrations, and give them to the group."""
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="Moderators")
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="articles", model="series"
    )
    for action in ("view", "delete"):
        permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
            content_type=content_type, codename=f"{action}_series", defaults={"name": f"Can {action} series"}
        )
        group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("articles", "0016_series"),
        ("moderation", "0012_trust_permissions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [migrations.RunPython(allow_moderators, migrations.RunPython.noop)]
