"""The passkeys of the signed-in user."""

from __future__ import annotations

from typing import Any

from allauth.account.mixins import NextRedirectMixin
from allauth.mfa.webauthn.views import AddWebAuthnView
from django.urls import reverse


class AddPasskeyView(NextRedirectMixin, AddWebAuthnView):  # type: ignore[misc]
    """Add a passkey, after which a new user goes on to where they wanted to go."""

    def get_success_url(self) -> str:
        return self.get_next_url() or reverse("mfa_list_webauthn")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "skip_url": self.get_next_url() or reverse("mfa_list_webauthn")}
