"""The hooks of allauth for accounts of providers."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.logs import log_event


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Join accounts only by an address that both sides have confirmed."""

    error_messages = {
        **DefaultSocialAccountAdapter.error_messages,
        "no_password": _("Set a password first. Without one you could not log in."),
        "no_verified_email": _("Confirm your email address first."),
        "connected_other": _("This account is already connected to another user."),
    }

    def authenticate_by_email(self, sociallogin: SocialLogin) -> tuple[User, str] | None:
        """Return the user with an address that the provider has confirmed, if it is confirmed here too.

        Never staff: an administrator of the provider could become one of them. They connect it in their account.
        """
        found: tuple[User, str] | None = super().authenticate_by_email(sociallogin)
        if found is None:
            return None
        user, email = found
        is_confirmed = EmailAddress.objects.filter(user=user, email=email.lower(), verified=True).exists()
        return found if is_confirmed and not user.is_staff else None

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        """Save a new user and their account of the provider, both or none."""
        with transaction.atomic():
            user: User = super().save_user(request, sociallogin, form)
        return user

    def on_authentication_error(self, request: HttpRequest, provider: Any, **details: Any) -> None:
        """Log that a log-in at a provider failed; the page says nothing more to the user."""
        exception = details.get("exception")
        log_event("provider_failed", provider=provider.sub_id, error=type(exception).__name__ if exception else "")
