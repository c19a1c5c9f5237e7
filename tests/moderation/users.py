"""Moderators and administrators for tests."""

from __future__ import annotations

import importlib
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group

from accounts.models import User
from tests.factories import UserFactory


def moderators_group() -> Group:
    """Return the group of the migrations; tests that flush the database have to create it again, with the rules."""
    if not Group.objects.filter(name="Moderators").exists():
        importlib.import_module("articles.moderation.migrations.0002_moderators_group").create_group(apps, None)
        first_rules = importlib.import_module("articles.moderation.migrations.0004_first_rules")
        first_rules.create_rules(apps, None)
        first_rules.allow_moderators(apps, None)
        for name in (
            "0006_watch_word_permissions",
            "0008_appeal_permissions",
            "0012_trust_permissions",
            "0013_series_permissions",
        ):
            importlib.import_module(f"articles.moderation.migrations.{name}").allow_moderators(apps, None)
    return Group.objects.get(name="Moderators")


def moderator(**changes: Any) -> User:
    """Create a staff user in the group, without other permissions."""
    user: User = UserFactory.create(is_staff=True, **changes)
    user.groups.add(moderators_group())
    return user


def administrator(**changes: Any) -> User:
    user: User = UserFactory.create(is_staff=True, is_superuser=True, **changes)
    return user
