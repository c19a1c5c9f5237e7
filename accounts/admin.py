"""People in the admin. Whoever is not a superuser may mend a profile and nothing that leads to more rights."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.forms import AdminUserCreationForm
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import events
from core.admin import KeysetModelAdmin

# The admin has no log-in of its own: the same page, the same limits, the same second factor (SECURITY.md, 35).
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


class UserCreationForm(AdminUserCreationForm[User]):
    """A person made by hand. They confirm the address at their first log-in."""

    class Meta:
        model = User
        fields = ("username", "email")

    def clean_email(self) -> str:
        email = User.objects.normalize_email(self.cleaned_data["email"])
        if User.objects.filter(email__iexact=email).exists():
            raise ValidationError(_("A person with this e-mail address exists already."))
        return email


@admin.register(User)
class UserAdmin(KeysetModelAdmin[User], auth_admin.UserAdmin[User]):
    """People: search, and what a moderator or a superuser may change."""

    list_display = ("username", "display_name", "email", "is_active", "is_staff", "suspended_until", "date_joined")
    list_filter = ("is_active", "is_staff", "is_superuser", "groups", "preferred_language", "date_joined")
    search_fields = ("username", "email", "display_name")
    search_users = ("pk",)
    ordering = ("-pk",)  # who came last stands first
    add_form = UserCreationForm
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "email", "usable_password", "password1", "password2")}),
    )

    # Beyond the profile, a person who is not a superuser sees this much and changes none of it.
    _seen = ("username", "email", "is_active", "suspended_until", "last_login", "date_joined")
    # The address is changed by its owner, who confirms it; suspension is a decision with a reason of its own.
    _never_typed = ("suspended_until", "last_login", "date_joined")
    _profile = (_("Profile"), {"fields": ("display_name", "biography", "preferred_language")})
    _for_moderators: ClassVar[Any] = ((None, {"fields": _seen}), _profile)
    _for_superusers: ClassVar[Any] = (
        (None, {"fields": ("username", "password", "email", "suspended_until", "last_login", "date_joined")}),
        _profile,
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj is None:
            return self.add_fieldsets
        return self._for_superusers if _is_superuser(request) else self._for_moderators

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj is None:
            return ()
        return (*self._never_typed, "email") if _is_superuser(request) else self._seen

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and {"username", "display_name"} & set(form.changed_data):
            events.user_renamed.send(User, user=obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """People are deactivated; what they wrote and decided stays theirs."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Moderators do not touch the accounts of the staff, their own profile excepted."""
        if not super().has_change_permission(request, obj):
            return False
        return _is_superuser(request) or obj is None or obj == request.user or not (obj.is_staff or obj.is_superuser)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:  # noqa: A002
        """Passwords of others are set by superusers alone."""
        if not _is_superuser(request):
            raise PermissionDenied
        return super().user_change_password(request, id, form_url)


def _is_superuser(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_superuser)
