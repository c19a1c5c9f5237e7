"""Sections, tags, pictures and the site's settings. Articles stand in the moderation's admin, beside the decisions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.cache import caches
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.changelists import LongList
from articles.models import Picture, Section, SiteSettings, Tag
from articles.sanitizing import sanitize
from articles.search import indexing


class CarefulChoice[M: Model](admin.ModelAdmin[M]):
    """An admin whose list takes only numbers as what was ticked; Django's own fails on anything else."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if any(not (one.isascii() and one.isdecimal() and len(one) <= 18) for one in chosen):
            messages.error(request, _("The list has changed meanwhile. Please choose again."))
            return redirect(request.get_full_path())
        return super().changelist_view(request, extra_context)


@admin.register(Section)
class SectionAdmin(CarefulChoice[Section]):
    """The parts of the site, in the order in which they stand in its head."""

    list_display = ["name", "slug", "name_ru", "name_hy", "position"]
    search_fields = ["name", "name_ru", "name_hy", "slug"]
    fields = ["name", "slug", "name_ru", "name_hy", "description", "position"]
    prepopulated_fields = {"slug": ["name"]}
    show_full_result_count = False


@admin.register(Tag)
class TagAdmin(LongList[Tag], CarefulChoice[Tag]):
    """What authors call their subjects. The address follows the name's first spelling and stays."""

    list_display = ["name", "slug"]
    search_fields = ["name", "slug"]
    ordering = ["slug"]
    fields = ["name", "slug"]

    def get_readonly_fields(self, request: HttpRequest, obj: Tag | None = None) -> list[str]:
        return ["slug"] if obj else []

    def save_model(self, request: HttpRequest, obj: Tag, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "name" in form.changed_data:
            indexing.update_of_tag(obj)


@admin.register(Picture)
class PictureAdmin(LongList[Picture]):
    """Lead images with their owners, to look at."""

    list_display = ["__str__", "thumbnail", "owner", "size", "created_at"]
    list_select_related = ["owner"]
    search_fields = ["owner__username", "owner__display_name", "key"]
    search_people = ("owner",)
    search_help_text = gettext_lazy("Owner or random name")
    ordering = ["-pk"]
    readonly_fields = ["thumbnail", "owner", "width", "height", "size", "created_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("picture"))
    def thumbnail(self, obj: Picture) -> SafeString:
        return format_html(
            '<img class="thumbnail" src="{}" width="120" height="80" alt="" loading="lazy">', obj.url(480)
        )


class SiteSettingsForm(forms.ModelForm[SiteSettings]):
    """What is shown as HTML is sanitised before it is stored."""

    class Meta:
        model = SiteSettings
        fields = ["name", "tagline", "about", "rules", "reviewed_before_trusted"]

    def clean_about(self) -> str:
        return sanitize(self.cleaned_data["about"])

    def clean_rules(self) -> str:
        return sanitize(self.cleaned_data["rules"])


@admin.register(SiteSettings)
class SiteSettingsAdmin(admin.ModelAdmin[SiteSettings]):
    """The one row: its list is its form, and before it exists the form shows the defaults."""

    form = SiteSettingsForm
    fields = ["name", "tagline", "about", "rules", "reviewed_before_trusted"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return redirect(reverse(f"{self.admin_site.name}:articles_sitesettings_change", args=[1]))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> SiteSettings | None:
        found = super().get_object(request, object_id, from_field)
        return found or (SiteSettings(pk=1) if object_id == "1" else None)

    def save_model(self, request: HttpRequest, obj: SiteSettings, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        caches["local"].delete("site-settings")  # This process at once; the others within five seconds.
