"""Admin of sections, tags, series and images. Articles are in the admin of `articles.moderation`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from articles.models import Image, Section, Series, Tag
from articles.series import published_parts
from articles.services.images import delete_image
from core import events
from core.admin import KeysetModelAdmin, ReadOnlyAdminMixin
from core.forms import TEXT_FIELDS


@admin.register(Section)
class SectionAdmin(admin.ModelAdmin[Section]):
    """Sections, in the order of the navigation."""

    formfield_overrides = TEXT_FIELDS
    list_display = ["name", "slug", "name_ru", "name_hy", "position"]
    search_fields = ["name", "name_ru", "name_hy", "slug"]
    fields = ["name", "slug", "name_ru", "name_hy", "description", "position"]
    show_full_result_count = False

    def get_readonly_fields(self, request: HttpRequest, obj: Section | None = None) -> list[str]:
        return ["slug"] if obj else []  # Other sites link to its address.

    def get_prepopulated_fields(self, request: HttpRequest, obj: Section | None = None) -> dict[str, Sequence[str]]:
        return {} if obj else {"slug": ["name"]}


@admin.register(Tag)
class TagAdmin(KeysetModelAdmin[Tag]):
    """Tags. The slug follows the first spelling of the name and does not change."""

    formfield_overrides = TEXT_FIELDS
    list_display = ["name", "slug"]
    search_fields = ["name", "slug"]
    ordering = ["slug"]
    fields = ["name", "slug"]

    def get_readonly_fields(self, request: HttpRequest, obj: Tag | None = None) -> list[str]:
        return ["slug"] if obj else []

    def save_model(self, request: HttpRequest, obj: Tag, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "name" in form.changed_data:
            events.tag_renamed.send(Tag, tag=obj)


@admin.register(Series)
class SeriesAdmin(ReadOnlyAdminMixin, KeysetModelAdmin[Series]):
    """Series of authors: moderators can delete one whose title or description breaks the rules; its articles stay."""

    list_display = ["title", "author", "created_at"]
    list_select_related = ["author"]
    search_fields = ["title", "author__username"]
    search_users = ("author",)
    ordering = ["-pk"]
    fields = ["title", "description", "author", "created_at", "parts"]
    readonly_fields: ClassVar[Any] = fields

    def has_delete_permission(self, request: HttpRequest, obj: Series | None = None) -> bool:
        return bool(request.user.has_perm("articles.delete_series"))

    def view_on_site(self, obj: Series) -> str | None:
        return obj.get_absolute_url() if published_parts(obj).exists() else None

    @admin.display(description=gettext_lazy("articles"))
    def parts(self, obj: Series) -> SafeString:
        parts = obj.parts.select_related("article__latest", "article__live").order_by("position", "article")
        return format_html_join(SafeString("<br>"), "{} ({})", ((p.article, p.article.state_label) for p in parts))


@admin.register(Image)
class ImageAdmin(ReadOnlyAdminMixin, KeysetModelAdmin[Image]):
    """Lead images: administrators can delete them; the versions that show one have none then."""

    list_display = ["__str__", "thumbnail", "owner", "size", "created_at"]
    list_select_related = ["owner"]
    search_fields = ["owner__username", "owner__display_name", "key"]
    search_users = ("owner",)
    search_help_text = gettext_lazy("Owner or file name")
    ordering = ["-pk"]
    readonly_fields = ["thumbnail", "owner", "width", "height", "size", "created_at"]

    def has_delete_permission(self, request: HttpRequest, obj: Image | None = None) -> bool:
        return bool(request.user.has_perm("articles.delete_image"))

    def delete_model(self, request: HttpRequest, obj: Image) -> None:
        delete_image(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Image]) -> None:
        for image in queryset:
            delete_image(image)

    @admin.display(description=gettext_lazy("image"))
    def thumbnail(self, obj: Image) -> SafeString:
        return format_html(
            '<img class="thumbnail" src="{}" width="120" height="80" alt="" loading="lazy">', obj.url(480)
        )
