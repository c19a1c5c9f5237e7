"""The exact permissions of the Moderators group."""

from __future__ import annotations

import importlib

import pytest
from django.apps import apps
from django.contrib.auth.models import Group

from tests.moderation.users import moderators_group

pytestmark = pytest.mark.django_db


def test_group_permissions_are_exact() -> None:
    found = {
        f"{permission.content_type.app_label}.{permission.codename}"
        for permission in moderators_group().permissions.all()
    }
    assert found == {
        "moderation.view_submission",
        "moderation.view_decision",
        "moderation.decide",
        "moderation.view_suspension",
        "moderation.add_suspension",
        "moderation.change_suspension",
        "moderation.view_rule",
        "moderation.add_rule",
        "moderation.change_rule",
        "moderation.view_reason",
        "moderation.add_reason",
        "moderation.change_reason",
        "moderation.delete_reason",
        "moderation.view_appeal",
        "articles.view_trust",
        "moderation.view_watchword",
        "moderation.add_watchword",
        "moderation.change_watchword",
        "moderation.delete_watchword",
        "promotion.view_promotion",
        "promotion.decide_promotion",
        "promotion.view_ledgerentry",
        "promotion.view_payment",
        "promotion.view_placement",
        "promotion.change_placement",
        "promotion.view_plan",
        "promotion.add_plan",
        "promotion.change_plan",
        "articles.view_article",
        "articles.change_article",
        "articles.view_image",
        "articles.view_series",
        "articles.delete_series",
        "articles.view_section",
        "articles.add_section",
        "articles.change_section",
        "articles.view_tag",
        "articles.add_tag",
        "articles.change_tag",
        "articles.delete_tag",
        "core.view_sitesettings",
        "core.change_sitesettings",
    }


def test_group_migration_can_be_reversed_and_repeated() -> None:
    migration = importlib.import_module("articles.moderation.migrations.0002_moderators_group")
    migration.create_group(apps, None)
    migration.create_group(apps, None)
    assert Group.objects.filter(name="Moderators").count() == 1
    migration.delete_group(apps, None)
    assert not Group.objects.filter(name="Moderators").exists()
