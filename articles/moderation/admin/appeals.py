"""Appeals: the list of those that wait, and the page on which another moderator answers."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.models import User
from articles.moderation.forms import AppealDecisionForm
from articles.moderation.models import Appeal
from articles.moderation.services import DECIDE, alerts
from articles.moderation.services.appeals import decide_appeal
from core.admin import KeysetModelAdmin, NoAddDeleteAdminMixin, ViewFilter
from core.exceptions import ActionNotAllowed
from core.forms import TEXT_FIELDS


class AppealFilter(ViewFilter):
    views = {
        "waiting": pgettext_lazy("appeals", "Waiting"),
        "decided": pgettext_lazy("appeals", "Decided"),
    }


@admin.register(Appeal)
class AppealAdmin(NoAddDeleteAdminMixin, KeysetModelAdmin[Appeal]):
    """Appeals are read and answered; a moderator cannot answer those against their own decisions."""

    list_display = ["subject_column", "user", "age", "against", "outcome", "decided_by"]
    list_filter = [AppealFilter]
    list_select_related = ["decision", "user", "against", "decided_by"]
    search_fields = ["user__username", "user__display_name"]
    search_users = ("user",)
    search_help_text = gettext_lazy("User")
    formfield_overrides = TEXT_FIELDS
    actions = None

    def get_ordering(self, request: HttpRequest) -> tuple[()]:
        return ()  # The methods of `AppealFilter` order.

    def get_queryset(self, request: HttpRequest) -> QuerySet[Appeal]:
        return super().get_queryset(request).defer("text", "answer")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(DECIDE))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        alerts.note_opened(request.user)  # type: ignore[arg-type]
        return super().changelist_view(request, extra_context)

    @admin.display(description=gettext_lazy("appeal"))
    def subject_column(self, obj: Appeal) -> str:
        return obj.subject

    @admin.display(description=pgettext_lazy("of a submission", "waiting"))
    def age(self, obj: Appeal) -> str:
        return timesince(obj.created_at, obj.decided_at)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the appeal with the decision that it is against; a POST answers."""
        assert isinstance(request.user, User)
        if not self.has_view_permission(request):
            raise PermissionDenied
        appeal = self.get_object(request, unquote(object_id))
        if appeal is None:
            return super().change_view(request, object_id)  # It says that there is no such object.
        form = AppealDecisionForm(request.POST or None)
        if form.is_valid():
            try:
                outcome, answer = form.cleaned_data["outcome"], form.cleaned_data["answer"]
                decide_appeal(appeal=appeal, moderator=request.user, outcome=outcome, answer=answer)
            except ActionNotAllowed as error:
                form.add_error("answer" if error.field else None, str(error))
            else:
                self.log_change(request, appeal, appeal.get_outcome_display())
                messages.success(request, _("The answer is sent to the user."))
                return redirect("admin:moderation_appeal_changelist")
        is_own = appeal.decision is not None and appeal.decision.revision.article.is_by(request.user)
        context = {
            "title": appeal.subject,
            "appeal": appeal,
            "form": form,
            "can_decide": not is_own and request.user.pk not in {appeal.against_id, appeal.user_id},
        }
        return self.render_page(request, "admin/moderation/appeal.html", context)
