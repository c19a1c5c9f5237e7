"""The admin site: who may use it, and how they log in."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator

from accounts.models import User


class SiteAdmin(AdminSite):
    """The admin for staff who are not suspended, behind the site's log-in with limits and two-factor authentication."""

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and isinstance(request.user, User) and not request.user.is_suspended

    @method_decorator(secure_admin_login)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Never show the form of Django, which has neither limits nor two-factor authentication."""
        if not self.has_permission(request):
            raise PermissionDenied
        return redirect("admin:index")
