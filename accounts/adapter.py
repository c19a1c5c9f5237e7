"""Where allauth asks us."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction
from django.forms import BaseForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.tasks import enqueue_email
from core.mail import absolute_url
from core.models import SiteSettings
from core.ratelimit import client_address

# One sentence for a wrong password and for an account that does not exist (SECURITY.md, 37).
_MISMATCH = _("The name or the password is not right. Mind capital letters in the password.")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Our decisions about accounts: links from the origin, letters of our own, limits that lock nobody out."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _MISMATCH,
        "username_password_mismatch": _MISMATCH,
        "too_many_login_attempts": _(
            "There were too many wrong passwords from here. Wait five minutes, or set a new password by e-mail."
        ),
        "incorrect_password": _("This is not your password."),
        "enter_current_password": _("This is not your password."),
        "incorrect_code": _("This code is not right, or its time is over. Take the next one."),
        "username_blacklisted": _("This username is kept for the site. Choose another."),
        "username_taken": _("Somebody has this username already. Choose another."),
        "duplicate_email": _("This is your address already."),
        "rate_limited": _("Too many tries. Wait a few minutes."),
    }

    def get_client_ip(self, request: HttpRequest) -> str:
        try:
            return str(super().get_client_ip(request))
        except ImproperlyConfigured:
            # Fewer addresses than proxies: it did not come through them, so it is from where its connection is.
            return str(request.META["REMOTE_ADDR"])

    # --- Letters ---

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        enqueue_email(template=template_prefix, to=email, context=context)

    def send_account_already_exists_mail(self, email: str) -> None:
        context = {
            "login_url": absolute_url(reverse("account_login")),
            "password_reset_url": absolute_url(reverse("account_reset_password")),
        }
        self.send_mail("account/email/account_already_exists", email, context)

    def get_email_confirmation_url(self, request: HttpRequest | None, emailconfirmation: Any) -> str:
        return absolute_url(reverse("account_confirm_email", args=[emailconfirmation.key]))

    def get_reset_password_from_key_url(self, key: str) -> str:
        user, _dash, token = key.partition("-")
        return absolute_url(reverse("account_reset_password_from_key", kwargs={"uidb36": user, "key": token}))

    # --- Where to go ---

    def is_safe_url(self, url: str | None) -> bool:
        """Paths of ours, and addresses under the configured origin; never another host (SECURITY.md, 45)."""
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={urlsplit(settings.ORIGIN).netloc}, require_https=settings.HTTPS
        )

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Their articles, in the language that they prefer."""
        assert isinstance(request.user, User)
        with override(request.user.preferred_language):
            return reverse(settings.LOGIN_REDIRECT_URL)

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        return reverse(settings.LOGIN_REDIRECT_URL)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account")

    def get_email_verification_redirect_url(self, email_address: EmailAddress) -> str:
        return reverse("account" if self.request.user.is_authenticated else "account_login")

    def is_ajax(self, request: HttpRequest) -> bool:
        """These pages speak HTML alone, whatever a client asks for."""
        return False

    # --- People ---

    def save_user(self, request: HttpRequest, user: User, form: BaseForm, commit: bool = True) -> User:
        """Fill in the newcomer; the language of the page that they signed up on is theirs.

        Raises:
            IntegrityError: somebody took the name or the address a moment ago.
        """
        super().save_user(request, user, form, commit=False)
        user.preferred_language = get_language() or settings.LANGUAGE_CODE
        if commit:
            with transaction.atomic():
                user.save()
        return user

    def set_password(self, user: User, password: str) -> None:
        user.set_password(password)
        user.save(update_fields=["password"])

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Confirm, unless the address became somebody else's meanwhile."""
        try:
            with transaction.atomic():
                return bool(super().confirm_email(request, email_address))
        except IntegrityError:
            self.add_message(
                request,
                messages.ERROR,
                "account/messages/email_confirmation_failed.txt",
                {"email": email_address.email},
            )
            return False

    # --- Limits ---

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Failures count per account *and* address, so that a stranger elsewhere cannot lock a person out."""
        login = credentials.get("email") or credentials.get("username") or ""
        return f"{client_address(request)} {login.lower()}"


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """The second factor carries the site's own name."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": AccountAdapter.error_messages["incorrect_code"],
    }

    def get_totp_issuer(self) -> str:
        return str(SiteSettings.current().name)
