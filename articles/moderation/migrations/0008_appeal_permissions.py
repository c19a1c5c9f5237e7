"""Moderators read appeals; "decide" lets them answer."""

from django.conf import settings
from django.db import migrations


def allow_moderators(apps, schema_editor):
    """Create the permissions, which Django creates only after all migrations, and give them to the group."""
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="Moderators")
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="moderation", model="appeal"
    )
    for action in ("view",):
        permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
            content_type=content_type, codename=f"{action}_appeal", defaults={"name": f"Can {action} appeal"}
        )
        group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0007_appeals"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [migrations.RunPython(allow_moderators, migrations.RunPython.noop)]
