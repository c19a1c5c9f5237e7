"""Users in the admin. Only superusers change more than a profile, so that staff cannot gain rights."""

from typing import Any

from django.contrib import admin
from django.contrib.auth import admin as auth_admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import FormerUsername, User
from accounts.services import remove_avatar
from core import events
from core.admin import KeysetModelAdmin
from core.forms import TEXT_FIELDS


@admin.register(User)
class UserAdmin(KeysetModelAdmin[User], auth_admin.UserAdmin[User]):
    """Search users, and change what the permissions allow."""

    list_display = ("username", "display_name", "email", "is_active", "is_staff", "suspended_until", "date_joined")
    list_filter = ("is_active", "is_staff", "is_superuser", "groups", "preferred_language", "date_joined")
    search_fields = ("username", "email", "display_name")
    search_users = ("pk",)
    formfield_overrides = TEXT_FIELDS
    ordering = ("-pk",)  # newest first
    # The user confirms the address at the first log-in.
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "email", "usable_password", "password1", "password2")}),
    )

    # The address is changed by its owner, who confirms it; suspensions are created in their own admin, with a reason.
    readonly_fields = ("email", "suspended_until", "last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password", *readonly_fields)}),
        (_("Profile"), {"fields": ("display_name", "badge", "biography", "links", "preferred_language")}),
        (_("Permissions"), {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
    )
    # What staff who are not superusers see besides the profile, without changing it.
    staff_readonly_fields = ("username", "is_active", *readonly_fields)

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or _is_superuser(request):
            return fieldsets
        return ((None, {"fields": self.staff_readonly_fields}), fieldsets[1])

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj is None:
            return ()
        return self.readonly_fields if _is_superuser(request) else self.staff_readonly_fields

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "username" in form.changed_data:
            former = form.initial["username"].lower()
            FormerUsername.objects.update_or_create(username=former, defaults={"user": obj})
        if change and {"username", "display_name"} & set(form.changed_data):
            events.user_renamed.send(User, user=obj)
        if not obj.is_active:
            remove_avatar(user=obj)
            if "is_active" in form.changed_data:
                events.user_deactivated.send(User, user=obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Refuse: users are deactivated, so that their articles and decisions keep their author."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Refuse changes of other staff accounts to users who are not superusers."""
        if not super().has_change_permission(request, obj):
            return False
        return _is_superuser(request) or obj is None or obj == request.user or not (obj.is_staff or obj.is_superuser)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:  # noqa: A002
        """Allow only superusers to set the passwords of others."""
        if not _is_superuser(request):
            raise PermissionDenied
        return super().user_change_password(request, id, form_url)


def _is_superuser(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_superuser)
