"""Moderators and their group, which tests that empty the database make anew."""

from __future__ import annotations

import importlib
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group

from accounts.models import User
from tests.factories import PersonFactory

MIGRATIONS = "articles.moderation.migrations."


def moderators_group() -> Group:
    """The group as the migrations make it."""
    if not Group.objects.filter(name="Moderators").exists():
        importlib.import_module(f"{MIGRATIONS}0003_moderators_group").make_group(apps, None)
        importlib.import_module(f"{MIGRATIONS}0004_moderators_decide_on_promotions").add_permissions(apps, None)
    return Group.objects.get(name="Moderators")


def moderator(**changes: Any) -> User:
    """A person who may enter the admin and belongs to the group; nothing more."""
    user: User = PersonFactory.create(is_staff=True, **changes)
    user.groups.add(moderators_group())
    return user


def administrator(**changes: Any) -> User:
    user: User = PersonFactory.create(is_staff=True, is_superuser=True, **changes)
    return user
