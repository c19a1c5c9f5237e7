"""Moderators choose the watch words."""

from django.conf import settings
from django.db import migrations


def allow_moderators(apps, schema_editor):
    """Create the permissions, which Django creates only after all migrations, and give them to the group."""
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="Moderators")
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="moderation", model="watchword"
    )
    for action in ("view", "add", "change", "delete"):
        permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
            content_type=content_type, codename=f"{action}_watchword", defaults={"name": f"Can {action} watch word"}
        )
        group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0005_hints_and_notes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [migrations.RunPython(allow_moderators, migrations.RunPython.noop)]
