"""Invitations to the site, and the page for a user whose account waits for approval."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django.views.generic import TemplateView

from accounts.gate import INVITATION, create_invitation, open_invitations, withdraw_invitation
from accounts.views.account import CurrentUserMixin
from core.exceptions import ActionNotAllowed
from core.mail import absolute_url
from core.ratelimit import check_rate_limit

MAX_INVITATION_PAGES_PER_HOUR = 60
# A user can make 5 in 30 days unless the site has another limit.
MAX_SHOWN = 100


class InvitationsView(CurrentUserMixin, TemplateView):
    """The user's invitations; a POST makes or withdraws one."""

    template_name = "accounts/invitations.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        invitations = self.user.invitations.select_related("invitee").order_by("-pk")[:MAX_SHOWN]
        links = [
            (invitation, absolute_url(reverse("invitation", args=[invitation.token]))) for invitation in invitations
        ]
        return super().get_context_data(links=links, **kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        pk = request.POST.get("withdraw", "")
        try:
            if pk.isascii() and pk.isdecimal() and len(pk) <= 18:
                withdraw_invitation(user=self.user, pk=int(pk))
            else:
                create_invitation(user=self.user)
        except ActionNotAllowed as error:
            messages.warning(request, str(error))
        return redirect("invitations")


@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show who invites; a POST remembers the invitation until the sign-up."""
    check_rate_limit(request, "invitation", limit=MAX_INVITATION_PAGES_PER_HOUR, seconds=3600)
    if request.user.is_authenticated:
        messages.info(request, _("You have an account already. Give the link to someone else."))
        return redirect("account")
    found = get_object_or_404(open_invitations().select_related("inviter"), token=token)
    if request.method != "POST":
        return render(request, "accounts/invitation.html", {"invitation": found})
    request.session[INVITATION] = found.token
    return redirect("account_signup")
