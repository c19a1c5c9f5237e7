"""New accounts that wait for approval, and who has invited whom."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.gate import decide_signup
from accounts.models import Invitation, SignupRequest, User
from core.admin import KeysetModelAdmin, ReadOnlyAdminMixin
from core.exceptions import ActionNotAllowed

# Invitations in the tree, the newest.
MAX_IN_TREE = 5_000


class StaffCanViewMixin(ReadOnlyAdminMixin):
    """Everyone who may use the admin sees the list."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_staff)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_staff)


class DecidedFilter(admin.SimpleListFilter):
    """Those that wait, or all."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("all", _("All"))]

    def choices(self, changelist: Any) -> Any:
        for value, title in ((None, _("Waiting")), ("all", _("All"))):
            query = changelist.get_query_string({self.parameter_name: value} if value else {}, [self.parameter_name])
            yield {"selected": self.value() == value, "query_string": query, "display": title}

    def queryset(self, request: HttpRequest, queryset: QuerySet[SignupRequest]) -> QuerySet[SignupRequest]:
        return queryset if self.value() == "all" else queryset.filter(decided_at=None)


@admin.register(SignupRequest)
class SignupRequestAdmin(StaffCanViewMixin, KeysetModelAdmin[SignupRequest]):
    """Approve or refuse new accounts."""

    list_display = ["user", "email", "answer", "reason", "created_at", "decided_at", "decided_by"]
    list_select_related = ["user", "decided_by"]
    list_filter = [DecidedFilter]
    search_users = ("user",)
    fields = ["user", "email", "answer", "reason", "created_at", "decided_at", "decided_by"]
    readonly_fields = ["email"]
    ordering = ["-pk"]
    actions = ["approve", "refuse"]

    @admin.display(description=_("email address"))
    def email(self, request: SignupRequest) -> str:
        return request.user.email

    @admin.action(description=_("Approve the selected accounts"), permissions=["view"])
    def approve(self, request: HttpRequest, queryset: QuerySet[SignupRequest]) -> None:
        self._decide(request, queryset, is_approved=True)

    @admin.action(description=_("Refuse and close the selected accounts"), permissions=["view"])
    def refuse(self, request: HttpRequest, queryset: QuerySet[SignupRequest]) -> None:
        self._decide(request, queryset, is_approved=False)

    def _decide(self, request: HttpRequest, queryset: QuerySet[SignupRequest], *, is_approved: bool) -> None:
        assert isinstance(request.user, User)
        try:
            for one in queryset.filter(decided_at=None).select_related("user"):
                decide_signup(request=one, moderator=request.user, is_approved=is_approved)
        except ActionNotAllowed as error:
            messages.error(request, str(error))
        else:
            messages.success(request, gettext("The users are told by email."))


@admin.register(Invitation)
class InvitationAdmin(StaffCanViewMixin, KeysetModelAdmin[Invitation]):
    """Who has invited whom."""

    list_display = ["inviter", "invitee", "created_at", "expires_at"]
    list_select_related = ["inviter", "invitee"]
    search_users = ("inviter", "invitee")
    fields = ["inviter", "invitee", "created_at", "expires_at"]
    ordering = ["-pk"]
    actions = None
    change_list_template = "admin/accounts/invitations.html"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.tree)
        return [path("tree/", view, name="accounts_invitation_tree"), *super().get_urls()]

    def tree(self, request: HttpRequest) -> HttpResponse:
        """Show the accepted invitations as a tree, in one query."""
        accepted = Invitation.objects.exclude(invitee=None).select_related("inviter", "invitee").order_by("-pk")
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Who has invited whom"),
            "rows": _rows_of_tree(list(accepted[:MAX_IN_TREE])),
        }
        return TemplateResponse(request, "admin/accounts/invitation_tree.html", context)


def _rows_of_tree(invitations: list[Invitation]) -> list[tuple[int, User]]:
    """Return each user of the tree with the depth, in the order in which the tree is read."""
    invited: dict[User, list[User]] = defaultdict(list)
    for invitation in reversed(invitations):
        assert invitation.invitee is not None
        invited[invitation.inviter].append(invitation.invitee)
    guests = {user for users in invited.values() for user in users}
    rows, waiting = [], [(0, user) for user in reversed(list(invited)) if user not in guests]
    while waiting:
        depth, user = waiting.pop()
        rows.append((depth, user))
        waiting += [(depth + 1, guest) for guest in reversed(invited.get(user, []))]
    return rows
