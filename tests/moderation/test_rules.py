"""Rules with versions, the reasons that moderators give often, and the public pages of the rules."""

from __future__ import annotations

import importlib

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from articles.moderation.models import Decision, Reason, Rule, RuleVersion
from articles.moderation.services import decide
from articles.moderation.services.rules import RuleText, save_rule, text_of
from core.models import DEFAULT_RULES, SiteSettings
from tests import factories
from tests.moderation.test_decide import latest
from tests.moderation.test_review_page import form, page_of
from tests.moderation.users import moderator

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin_client(client: Client) -> Client:
    client.force_login(moderator())
    return client


def rule(slug: str = "copy") -> Rule:
    return Rule.objects.get(slug=slug)


def test_save_rule_with_another_text_adds_version_and_decision_cites_the_old_one() -> None:
    user = moderator()
    decision = decide(
        revision=latest(factories.in_review()), moderator=user, verdict="return", reason="Copied.", rule="copy"
    )
    save_rule(rule=rule(), moderator=user, text=RuleText(title="Copies", text="No copies."))

    assert list(rule().versions.values_list("number", "title")) == [(2, "Copies"), (1, "Copied text")]
    decision.refresh_from_db()
    assert decision.rule_version is not None
    assert decision.rule_version.label == "6. Copied text"
    later = decide(
        revision=latest(factories.in_review()), moderator=user, verdict="return", reason="Copied.", rule="copy"
    )
    assert later.rule_version == rule().versions.first()


def test_save_rule_with_same_text_adds_no_version() -> None:
    save_rule(rule=rule(), moderator=moderator(), text=text_of(rule().versions.get()))
    assert rule().versions.count() == 1


def test_save_rule_needs_permission() -> None:
    with pytest.raises(PermissionDenied):
        save_rule(rule=rule(), moderator=factories.UserFactory.create(), text=RuleText(title="Mine"))
    assert rule().versions.count() == 1


def test_rule_names_follow_language_and_fall_back() -> None:
    version = RuleVersion(title="Sources", title_ru="Источники", text="Name them.")
    from django.utils import translation

    with translation.override("ru"):
        assert (version.name, version.body) == ("Источники", "Name them.")
    with translation.override("hy"):
        assert version.name == "Sources"


def test_migration_has_earlier_decisions_cite_first_versions() -> None:
    article, user = factories.in_review(), moderator()
    Rule.objects.all().delete()
    decided_at = timezone.now()
    decision = Decision.objects.create(
        revision=latest(article), moderator=user, verdict="return", reason="x", rule="privacy", decided_at=decided_at
    )
    migration = importlib.import_module("articles.moderation.migrations.0004_first_rules")
    SiteSettings.objects.create(pk=1, rules=migration.FORMER_TEXT)
    migration.create_rules(apps, None)
    migration.create_rules(apps, None)

    decision.refresh_from_db()
    assert decision.rule_version is not None
    assert (decision.rule_version.rule.slug, decision.rule_version.number) == ("privacy", 1)
    assert decision.rule_version.valid_from == decided_at
    assert Rule.objects.count() == RuleVersion.objects.count() == 8
    assert Reason.objects.count() == 7
    assert SiteSettings.objects.get().rules == DEFAULT_RULES


def test_admin_rule_form_adds_version(admin_client: Client) -> None:
    url = reverse("admin:moderation_rule_change", args=[rule().pk])
    page = admin_client.get(url)
    assert 'value="Copied text"' in page.text
    typed = {
        "number": "6",
        "title": "Copies",
        "title_ru": "",
        "title_hy": "",
        "text": "No copies.",
        "text_ru": "",
        "text_hy": "",
    }
    assert admin_client.post(url, typed).status_code == 302
    assert rule().versions.count() == 2
    assert admin_client.post(url, {**typed, "is_retired": "on"}).status_code == 302
    assert rule().retired_at is not None
    assert rule().versions.count() == 2
    assert admin_client.post(reverse("admin:moderation_rule_delete", args=[rule().pk])).status_code == 403


def test_admin_rule_can_be_added(admin_client: Client) -> None:
    typed = {"number": "9", "slug": "headlines", "title": "Headlines", "text": "Say what happened."}
    assert admin_client.post("/admin/moderation/rule/add/", typed).status_code == 302
    assert str(Rule.objects.get(slug="headlines")) == "9. Headlines"


def test_rules_page_shows_versions_in_force_and_former_rules(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    user = moderator()
    save_rule(rule=rule(), moderator=user, text=RuleText(title="Copies", text="No <b>copies</b>."))
    save_rule(rule=rule("other"), moderator=user, text=text_of(rule("other").versions.get()), is_retired=True)
    client.get("/rules/")
    with django_assert_num_queries(1):
        page = client.get("/rules/").text
    assert "sign it with your account" in page
    assert "6. Copies" in page
    assert "No &lt;b&gt;copies&lt;/b&gt;." in page
    assert "Copied text" not in page
    assert page.index("Former rules") < page.index("8. Other grounds")
    assert "Оскорбления или угрозы" in client.get("/ru/rules/").text


def test_rule_page_shows_all_versions(client: Client) -> None:
    save_rule(rule=rule(), moderator=moderator(), text=RuleText(title="Copies", text="No copies."))
    page = client.get("/rules/copy/").text
    assert page.index("Version 2") < page.index("No copies.") < page.index("Version 1") < page.index("Copied text")
    assert client.get("/rules/invented/").status_code == 404


# --- Common reasons -----------------------------------------------------------------------------------


def test_common_reason_without_script_fills_in_reason_rule_and_verdict(admin_client: Client) -> None:
    article = factories.in_review(factories.UserFactory.create(preferred_language="ru"))
    reason = Reason.objects.get(rule__slug="sources")
    typed = form(article, verdict="", reason="Hello.") | {"common_reason": str(reason.pk)}
    response = admin_client.post(page_of(article), typed)
    assert response.status_code == 200
    filled = response.context["form"].initial
    assert (filled["verdict"], filled["rule"]) == ("return", "sources")
    assert filled["reason"] == f"Hello.\n\n{reason.text_ru}"
    assert not Decision.objects.exists()


@pytest.mark.parametrize("key", ["x", "999999", "9" * 30, ""])
def test_common_reason_unknown_changes_nothing(key: str, admin_client: Client) -> None:
    article = factories.in_review()
    response = admin_client.post(page_of(article), form(article, reason="Hello.") | {"common_reason": key})
    assert response.context["form"].initial["reason"] == "Hello."


def test_common_reasons_on_the_page_are_nine_at_most_and_in_the_author_s_language(admin_client: Client) -> None:
    for number in range(5):
        Reason.objects.create(position=20 + number, title=f"More {number}", text="x")
    article = factories.in_review(factories.UserFactory.create(preferred_language="hy"))
    page = admin_client.get(page_of(article)).text
    assert page.count('name="common_reason"') == 9
    assert "Որոշ փաստեր աղբյուր չունեն" in page
