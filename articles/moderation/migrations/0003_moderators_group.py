"""The "Moderators" group, with exactly what the work needs. Who joins it also needs staff status to enter the admin."""

from django.conf import settings
from django.db import migrations

NAME = "Moderators"
# (application, model): what may be done. A frozen list: a later change is a later migration.
PERMISSIONS = {
    ("moderation", "submission"): ["view"],
    ("moderation", "decision"): ["view", "decide"],
    ("moderation", "sanction"): ["view", "add", "change"],
    ("promotion", "promotion"): ["view"],
    ("articles", "article"): ["view", "change"],
    ("articles", "picture"): ["view"],
    ("articles", "section"): ["view", "add", "change"],
    ("articles", "tag"): ["view", "add", "change", "delete"],
    ("articles", "sitesettings"): ["view", "change"],
}
OWN_NAMES = {"decide": "Can decide on submissions and articles"}


def make_group(apps, schema_editor):
    """Make the group, and the permissions that Django itself makes only after the last migration."""
    ContentType = apps.get_model("contenttypes", "ContentType")
    Permission = apps.get_model("auth", "Permission")
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=NAME)
    for (app_label, model), actions in PERMISSIONS.items():
        content_type, _ = ContentType.objects.get_or_create(app_label=app_label, model=model)
        plain_name = apps.get_model(app_label, model)._meta.verbose_name
        for action in actions:
            permission, _ = Permission.objects.get_or_create(
                content_type=content_type,
                codename="decide" if action == "decide" else f"{action}_{model}",
                defaults={"name": OWN_NAMES.get(action, f"Can {action} {plain_name}")},
            )
            group.permissions.add(permission)


def remove_group(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):

    dependencies = [
        ("moderation", "0002_queue_and_verdicts"),
        ("articles", "0001_initial"),
        ("promotion", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [migrations.RunPython(make_group, remove_group)]
