"""Suspensions: a form suspends a user, a button lifts the suspension."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.models import User
from articles.moderation.forms import SuspensionForm
from articles.moderation.models import Suspension
from articles.moderation.services import SUSPEND, lift, suspend
from core.admin import KeysetModelAdmin, ReadOnlyAdminMixin
from core.exceptions import ActionNotAllowed


@admin.register(Suspension)
class SuspensionAdmin(ReadOnlyAdminMixin, KeysetModelAdmin[Suspension]):
    """Which users are suspended, until when and why."""

    list_display = ["user", "reason", "begins_at", "ends_at", "moderator", "lifted_at"]
    list_filter = ["begins_at", ("lifted_at", admin.EmptyFieldListFilter)]
    list_select_related = ["user", "moderator"]
    search_fields = ["user__username", "user__display_name", "reason"]
    search_users = ("user",)
    search_help_text = gettext_lazy("User or reason")
    ordering = ["-pk"]
    fields = readonly_fields = ("user_link", "begins_at", "ends_at", "reason", "moderator", "lifted_at")
    change_form_template = "admin/moderation/suspension.html"
    actions = None

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(SUSPEND)

    @admin.display(description=gettext_lazy("user"))
    def user_link(self, obj: Suspension) -> SafeString:
        return format_html('<a href="{}">{}</a>', obj.user.get_absolute_url(), obj.user.name)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Suspend a user; `?user=` fills in the username."""
        assert isinstance(request.user, User)
        if not self.has_add_permission(request):
            raise PermissionDenied
        in_a_week = timezone.localtime() + timedelta(days=7)
        initial = {"username": request.GET.get("user", "")[:30], "until": in_a_week}
        form = SuspensionForm(request.POST or None, initial=initial)
        if form.is_valid():
            user, until, reason = (form.cleaned_data[name] for name in ("username", "until", "reason"))
            try:
                suspension = suspend(user=user, moderator=request.user, until=until, reason=reason)
            except ActionNotAllowed as error:
                form.add_error(None, str(error))
            else:
                self.log_addition(request, suspension, _("Suspended"))
                messages.success(request, _("%(name)s is suspended.") % {"name": user.name})
                return redirect("admin:moderation_suspension_changelist")
        context = {"title": _("Suspend a user"), "form": form}
        return self.render_page(request, "admin/moderation/suspend.html", context)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.lift_view))
        return [path("<int:pk>/lift/", view, name="moderation_suspension_lift"), *super().get_urls()]

    def lift_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Lift a suspension now."""
        assert isinstance(request.user, User)
        suspension = get_object_or_404(Suspension.objects.select_related("user"), pk=pk)
        try:
            lift(suspension=suspension, moderator=request.user)
        except ActionNotAllowed as error:
            messages.error(request, str(error))
        else:
            self.log_change(request, suspension, _("Lifted"))
            messages.success(request, _("The suspension of %(name)s is lifted.") % {"name": suspension.user.name})
        return redirect("admin:moderation_suspension_changelist")
