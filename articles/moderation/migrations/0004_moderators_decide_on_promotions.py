"""The "Moderators" group decides on promotions, reads their ledger and keeps what is offered."""

from django.db import migrations

NAME = "Moderators"
# (model of the application "promotion"): what may be done. A frozen list: a later change is a later migration.
PERMISSIONS = {
    "promotion": ["decide"],
    "ledgerentry": ["view"],
    "placement": ["view", "change"],
    "plan": ["view", "add", "change"],
    "promotionsettings": ["view", "change"],
}
OWN_NAMES = {"decide_promotion": "Can decide on promotions"}


def add_permissions(apps, schema_editor):
    """Give them, and make those that Django itself makes only after the last migration."""
    ContentType = apps.get_model("contenttypes", "ContentType")
    Permission = apps.get_model("auth", "Permission")
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=NAME)
    for model, actions in PERMISSIONS.items():
        content_type, _ = ContentType.objects.get_or_create(app_label="promotion", model=model)
        plain_name = apps.get_model("promotion", model)._meta.verbose_name
        for action in actions:
            codename = f"{action}_{model}"
            permission, _ = Permission.objects.get_or_create(
                content_type=content_type,
                codename=codename,
                defaults={"name": OWN_NAMES.get(codename, f"Can {action} {plain_name}")},
            )
            group.permissions.add(permission)


def take_permissions(apps, schema_editor):
    group = apps.get_model("auth", "Group").objects.filter(name=NAME).first()
    if group is None:
        return
    codenames = [f"{action}_{model}" for model, actions in PERMISSIONS.items() for action in actions]
    found = group.permissions.filter(content_type__app_label="promotion", codename__in=codenames)
    group.permissions.remove(*found)


class Migration(migrations.Migration):

    dependencies = [
        ("moderation", "0003_moderators_group"),
        ("promotion", "0008_results"),
    ]

    operations = [migrations.RunPython(add_permissions, take_permissions)]
