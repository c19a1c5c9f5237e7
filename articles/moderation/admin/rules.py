"""The rules of the site, the reasons that moderators give often, and the words that give a hint."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import User
from articles.moderation.forms import RuleForm
from articles.moderation.models import Reason, Rule, WatchWord
from articles.moderation.services.rules import RuleText, save_rule
from core.forms import TEXT_FIELDS


@admin.register(Rule)
class RuleAdmin(admin.ModelAdmin[Rule]):
    """The rules. Saving another text adds a version; rules are not deleted, because decisions cite them."""

    form = RuleForm
    list_display = ["number", "__str__", "slug", "retired_at"]
    list_display_links = ["__str__"]
    fields = ["number", "slug", *RuleText.__dataclass_fields__, "is_retired"]
    change_form_template = "admin/moderation/rule.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rule]:
        return super().get_queryset(request).prefetch_related("versions")

    def get_readonly_fields(self, request: HttpRequest, obj: Rule | None = None) -> list[str]:
        return ["slug"] if obj else []  # Links lead to it.

    def has_delete_permission(self, request: HttpRequest, obj: Rule | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Rule, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        text = RuleText(**{name: form.cleaned_data[name] for name in RuleText.__dataclass_fields__})
        save_rule(rule=obj, moderator=request.user, text=text, is_retired=form.cleaned_data["is_retired"])


@admin.register(Reason)
class ReasonAdmin(admin.ModelAdmin[Reason]):
    """What moderators write often: the first nine are on the review page, with the keys 1 to 9."""

    formfield_overrides = TEXT_FIELDS
    list_display = ["position", "title", "rule"]
    list_display_links = ["title"]
    fields = ["position", "title", "rule", "text", "text_ru", "text_hy"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reason]:
        return super().get_queryset(request).select_related("rule").prefetch_related("rule__versions")


@admin.register(WatchWord)
class WatchWordAdmin(admin.ModelAdmin[WatchWord]):
    """Words that give a hint when a submission contains them."""

    formfield_overrides = TEXT_FIELDS
    list_display = ["word", "note"]
    search_fields = ["word"]
    fields = ["word", "note"]
