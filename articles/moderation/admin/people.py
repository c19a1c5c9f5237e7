"""Suspensions: a person is suspended with a form and freed with a button; what was written stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.models import User
from articles.moderation.forms import SuspensionForm
from articles.moderation.models import Sanction
from articles.moderation.services import LIFT, lift, suspend
from core.admin import KeysetModelAdmin
from core.exceptions import ActionNotAllowed


@admin.register(Sanction)
class SanctionAdmin(KeysetModelAdmin[Sanction]):
    """Who is suspended until when, and why."""

    list_display = ["user", "reason", "begins_at", "ends_at", "moderator", "lifted_at"]
    list_filter = ["begins_at", ("lifted_at", admin.EmptyFieldListFilter)]
    list_select_related = ["user", "moderator"]
    search_fields = ["person__username", "person__display_name", "reason"]
    search_users = ("user",)
    search_help_text = gettext_lazy("Person or reason")
    ordering = ["-pk"]
    readonly_fields = ["who", "begins_at", "ends_at", "reason", "moderator", "lifted_at"]
    change_form_template = "admin/moderation/sanction.html"
    actions = None

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # Nothing of it is edited; it ends by being lifted.

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("person"))
    def who(self, obj: Sanction) -> SafeString:
        return format_html('<a href="{}">{}</a>', obj.user.get_absolute_url(), obj.user.name)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask whom, until when and why; `?person=` fills in the username."""
        assert isinstance(request.user, User)
        if not self.has_add_permission(request):
            raise PermissionDenied
        week = timezone.localtime() + timedelta(days=7)
        form = SuspensionForm(
            request.POST or None, initial={"username": request.GET.get("user", "")[:30], "until": week}
        )
        if request.method == "POST" and form.is_valid():
            try:
                sanction = suspend(
                    user=form.user,
                    moderator=request.user,
                    until=form.cleaned_data["until"],
                    reason=form.cleaned_data["reason"],
                )
            except ActionNotAllowed as error:
                form.add_error(None, str(error))
            else:
                self.log_addition(request, sanction, _("Suspended"))
                messages.success(request, _("%(name)s is suspended.") % {"name": form.user.name})
                return redirect("admin:moderation_sanction_changelist")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Suspend a person"),
            "form": form,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/moderation/suspend.html", context)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.lift_view))
        return [path("<int:pk>/lift/", view, name="moderation_sanction_lift"), *super().get_urls()]

    def lift_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """End the suspension now."""
        assert isinstance(request.user, User)
        if not request.user.has_perm(LIFT):
            raise PermissionDenied
        sanction = get_object_or_404(Sanction.objects.select_related("user"), pk=pk)
        try:
            lift(sanction=sanction, moderator=request.user)
        except ActionNotAllowed as error:
            messages.error(request, str(error))
        else:
            self.log_change(request, sanction, _("Lifted"))
            messages.success(request, _("The suspension of %(name)s is lifted.") % {"name": sanction.user.name})
        return redirect("admin:moderation_sanction_changelist")
