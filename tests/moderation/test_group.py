"""The Moderators group: what its members may do, to the letter."""

from __future__ import annotations

import importlib

import pytest
from django.apps import apps
from django.contrib.auth.models import Group

from tests.moderation.people import moderators_group

pytestmark = pytest.mark.django_db


def test_the_group_has_exactly_what_the_work_needs() -> None:
    found = {f"{one.content_type.app_label}.{one.codename}" for one in moderators_group().permissions.all()}
    assert found == {
        "moderation.view_submission",
        "moderation.view_decision",
        "moderation.decide",
        "moderation.view_sanction",
        "moderation.add_sanction",
        "moderation.change_sanction",
        "promotion.view_promotion",
        "promotion.decide_promotion",
        "promotion.view_ledgerentry",
        "promotion.view_placement",
        "promotion.change_placement",
        "promotion.view_plan",
        "promotion.add_plan",
        "promotion.change_plan",
        "articles.view_article",
        "articles.change_article",
        "articles.view_picture",
        "articles.view_section",
        "articles.add_section",
        "articles.change_section",
        "articles.view_tag",
        "articles.add_tag",
        "articles.change_tag",
        "articles.delete_tag",
        "articles.view_sitesettings",
        "articles.change_sitesettings",
    }


def test_the_migration_can_be_taken_back_and_repeated() -> None:
    migration = importlib.import_module("articles.moderation.migrations.0003_moderators_group")
    migration.make_group(apps, None)
    migration.make_group(apps, None)
    assert Group.objects.filter(name="Moderators").count() == 1
    migration.remove_group(apps, None)
    assert not Group.objects.filter(name="Moderators").exists()


def test_what_promotions_need_can_be_taken_back_and_given_again() -> None:
    migration = importlib.import_module("articles.moderation.migrations.0004_moderators_decide_on_promotions")
    group = moderators_group()
    before = set(group.permissions.all())
    migration.take_permissions(apps, None)
    assert not group.permissions.filter(codename="decide_promotion").exists()
    assert group.permissions.filter(codename="view_promotion").exists()
    migration.add_permissions(apps, None)
    migration.add_permissions(apps, None)
    assert set(group.permissions.all()) == before
