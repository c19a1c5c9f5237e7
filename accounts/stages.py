"""The last stage of a log-in."""

from __future__ import annotations

from allauth.account.stages import LoginStage
from django.http import HttpResponse
from django.shortcuts import redirect

from accounts.gate import is_waiting


class ApprovalStage(LoginStage):  # type: ignore[misc]
    """Refuse the log-in while the account waits for approval, whichever way the user comes."""

    key = "approval"
    urlname = "account_waiting"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        if self.login.user is not None and is_waiting(self.login.user):
            return redirect("account_waiting"), False
        return None, True
