"""Trust of authors: the history of changes, and the form that grants or freezes it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from articles.models import Trust
from articles.moderation.forms import TrustForm
from articles.moderation.models import Submission
from articles.moderation.services import DECIDE, change_trust
from core.admin import KeysetModelAdmin, ReadOnlyAdminMixin, is_pk
from core.exceptions import ActionNotAllowed

Kind = Trust.Kind
_MESSAGES = {
    Kind.COMPUTED: gettext_lazy("The trust of %(name)s is computed again."),
    Kind.GRANTED: gettext_lazy("%(name)s publishes without review from now on."),
    Kind.FROZEN: gettext_lazy("What %(name)s submits from now on is reviewed first."),
}


@admin.register(Trust)
class TrustAdmin(ReadOnlyAdminMixin, KeysetModelAdmin[Trust]):
    """Whose trust was changed by whom, why and until when. The last row of an author applies."""

    list_display = ["user", "kind", "ends_at", "reason", "moderator", "begins_at"]
    list_filter = ["kind"]
    list_select_related = ["user", "moderator"]
    search_fields = ["user__username", "user__display_name", "reason"]
    search_users = ("user",)
    search_help_text = gettext_lazy("User or reason")
    ordering = ["-pk"]
    fields = readonly_fields = ("user_link", "kind", "begins_at", "ends_at", "reason", "moderator")
    actions = None

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(DECIDE))

    @admin.display(description=gettext_lazy("user"))
    def user_link(self, obj: Trust) -> SafeString:
        return format_html('<a href="{}">{}</a>', obj.user.get_absolute_url(), obj.user.name)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Change an author's trust.

        `?user=` and `?kind=` fill in the form, `?submission=` is the review page that it returns to.
        """
        assert isinstance(request.user, User)
        if not self.has_add_permission(request):
            raise PermissionDenied
        initial = {"username": request.GET.get("user", "")[:30], "kind": request.GET.get("kind", "")}
        form = TrustForm(request.POST or None, initial=initial)
        if form.is_valid():
            user, kind, until, reason = (form.cleaned_data[name] for name in ("username", "kind", "until", "reason"))
            try:
                change = change_trust(user=user, moderator=request.user, kind=kind, until=until, reason=reason)
            except ActionNotAllowed as error:
                form.add_error(error.field, str(error))
            else:
                self.log_addition(request, change, change.get_kind_display())
                messages.success(request, _MESSAGES[Kind(kind)] % {"name": user.name})
                return redirect(self._back(request))
        context = {"title": _("Change the trust of an author"), "form": form}
        return self.render_page(request, "admin/moderation/trust.html", context)

    def _back(self, request: HttpRequest) -> str:
        """Return the address of the review page from which the form was opened, or of the list."""
        pk = request.GET.get("submission", "")
        if is_pk(pk) and Submission.objects.submitted().filter(pk=pk).exists():
            return reverse("admin:moderation_submission_change", args=[pk])
        return reverse("admin:articles_trust_changelist")
