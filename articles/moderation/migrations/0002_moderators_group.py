"""Create the "Moderators" group with its permissions. Members need staff status too, to use the admin."""

from django.conf import settings
from django.db import migrations

GROUP = "Moderators"
# (app label, model): actions. A later change needs a new migration.
PERMISSIONS = {
    ("moderation", "submission"): ["view"],
    ("moderation", "decision"): ["view", "decide"],
    ("moderation", "suspension"): ["view", "add", "change"],
    ("promotion", "promotion"): ["view", "decide_promotion"],
    ("promotion", "ledgerentry"): ["view"],
    ("promotion", "payment"): ["view"],
    ("promotion", "placement"): ["view", "change"],
    ("promotion", "plan"): ["view", "add", "change"],
    ("articles", "article"): ["view", "change"],
    ("articles", "image"): ["view"],
    ("articles", "section"): ["view", "add", "change"],
    ("articles", "tag"): ["view", "add", "change", "delete"],
    ("core", "sitesettings"): ["view", "change"],
}
CUSTOM_PERMISSIONS = {
    "decide": "Can decide on submissions and articles",
    "decide_promotion": "Can decide on promotions",
}


def create_group(apps, schema_editor):
    """Create the group, and its permissions, which Django creates only after all migrations."""
    ContentType = apps.get_model("contenttypes", "ContentType")
    Permission = apps.get_model("auth", "Permission")
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=GROUP)
    for (app_label, model), actions in PERMISSIONS.items():
        content_type, _ = ContentType.objects.get_or_create(app_label=app_label, model=model)
        verbose_name = apps.get_model(app_label, model)._meta.verbose_name
        for action in actions:
            permission, _ = Permission.objects.get_or_create(
                content_type=content_type,
                codename=action if action in CUSTOM_PERMISSIONS else f"{action}_{model}",
                defaults={"name": CUSTOM_PERMISSIONS.get(action, f"Can {action} {verbose_name}")},
            )
            group.permissions.add(permission)


def delete_group(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name=GROUP).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0001_initial"),
        ("articles", "0001_initial"),
        ("core", "0001_initial"),
        ("promotion", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [migrations.RunPython(create_group, delete_group)]
