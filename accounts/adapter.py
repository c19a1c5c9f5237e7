"""The hooks of allauth."""

from __future__ import annotations

import logging
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import EmailValidator
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

from accounts.gate import INVITATION, admit, is_open
from accounts.identity import imitates_staff
from accounts.models import FormerUsername, User
from accounts.templatetags.user_tags import browser
from core.mail import enqueue_email
from core.models import SiteSettings
from core.ratelimit import client_address, count_event, uncount_event

if TYPE_CHECKING:
    from accounts.forms import SignupForm

logger = logging.getLogger(__name__)

# (wrong passwords, seconds) from one network address: for one account, so that others elsewhere cannot lock its owner
# out, and for all accounts, enough for an office behind one address.
MAX_FAILURES_PER_ACCOUNT = 10, 5 * 60
MAX_FAILURES_PER_ADDRESS = 30, 5 * 60
# For one account from all devices on which its owner has never logged in. From those devices the owner still can, and
# a password reset ends the limit.
MAX_FAILURES_OF_NEW_DEVICES = 50, 60 * 60
DEVICE_COOKIE = "__Host-device" if settings.HTTPS else "device"
DEVICE_COOKIE_AGE = 365 * 24 * 3600
# The maximum number of emails per hour and recipient that anonymous visitors can cause.
MAX_EMAILS_PER_RECIPIENT = 5
LIMITED_EMAILS = {
    *("email_confirmation", "email_confirmation_signup", "account_already_exists", "password_reset_key"),
    *("login_code", "unknown_account"),
}
# The code that an address without an account gets, in the session.
SIGNUP_CODE = "signup_code"
MAX_NEXT_URL = 2000
# The same for a wrong password and for an account that does not exist, so that it does not tell which.
_MISMATCH = _("The username or password is incorrect. Passwords are case-sensitive.")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """The site's emails, URLs and log-in limits."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _MISMATCH,
        "username_password_mismatch": _MISMATCH,
        "too_many_login_attempts": _(
            "Too many failed login attempts. Try again in five minutes or reset your password by email."
        ),
        "incorrect_password": _("The password is incorrect."),
        "enter_current_password": _("The password is incorrect."),
        "incorrect_code": _("The code is incorrect. Enter the six digits from the newest email."),
        "too_many_codes": _("Too many codes were sent to this address. Try again in an hour."),
        "disposable_email": _("Disposable addresses are not accepted. Enter an address that you keep."),
        "username_blacklisted": _("This username is reserved. Choose another one."),
        "username_taken": _("This username is already taken. Choose another one."),
        "duplicate_email": _("This is already your email address."),
        "rate_limited": _("Too many attempts. Try again in a few minutes."),
    }

    def get_client_ip(self, request: HttpRequest) -> str:
        try:
            return str(super().get_client_ip(request))
        except ImproperlyConfigured:
            # Fewer forwarded addresses than proxies: the request did not come through them.
            return str(request.META["REMOTE_ADDR"])

    def clean_username(self, username: str, shallow: bool = False) -> str:
        if imitates_staff(username) or FormerUsername.objects.filter(username=username.lower()).exists():
            raise self.validation_error("username_blacklisted")
        return str(super().clean_username(username, shallow))

    def clean_email(self, email: str) -> str:
        """Refuse IP addresses as the domain, to which Django's validator agrees."""
        if email.endswith("]"):
            raise ValidationError(EmailValidator.message)
        return email

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Enqueue an email; without a word none, if the recipient got too many that strangers can trigger.

        Instead of the email that an address has no account, it gets a code like one that has, so that both look the
        same to strangers; it leads to the form for a new account (`accounts.views.login.ConfirmLoginCodeView`).
        """
        if template_prefix == "account/email/unknown_account" and self.is_open_for_signup(self.request):
            template_prefix, context = "account/email/login_code", {**context, "code": self.generate_login_code()}
            self.request.session[SIGNUP_CODE] = {"email": email, "code": context["code"]}
        is_limited = template_prefix.removeprefix("account/email/") in LIMITED_EMAILS
        if is_limited and count_event(_key("emails", email.lower()), 3600) > MAX_EMAILS_PER_RECIPIENT:
            logger.warning("%s: not sent, too many emails to this recipient", template_prefix)
            return
        enqueue_email(template=template_prefix, to=email, context=context)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return is_open(request)

    def get_login_stages(self) -> list[str]:
        return [*super().get_login_stages(), "accounts.stages.ApprovalStage"]

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return nothing: emails link to the configured origin, and a task has no request."""
        return ""

    def is_safe_url(self, url: str | None) -> bool:
        """Allow paths and URLs of the configured origin, but no other host, and nothing long, because it is stored."""
        return len(url or "") <= MAX_NEXT_URL and url_has_allowed_host_and_scheme(
            url, allowed_hosts={urlsplit(settings.ORIGIN).netloc}, require_https=settings.HTTPS
        )

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Return the page of the user's articles, in the preferred language; that of the tasks for staff."""
        assert isinstance(request.user, User)
        is_staff = request.user.is_staff and not request.user.is_suspended
        with override(request.user.preferred_language):
            return reverse("admin:index" if is_staff else settings.LOGIN_REDIRECT_URL)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account")

    def is_ajax(self, request: HttpRequest) -> bool:
        """Answer with HTML, and with JSON only where a script asks for the challenge of a passkey."""
        match = request.resolver_match
        return request.method == "GET" and match is not None and match.url_name == "mfa_login_webauthn"

    def save_user(self, request: HttpRequest, user: User, form: SignupForm, commit: bool = True) -> User:
        """Save a new user, who prefers the page's language, and admit or hold them at the gate.

        Raises:
            ActionNotAllowed: the gate is closed.
            IntegrityError: username or address was just taken.
        """
        super().save_user(request, user, form, commit=False)
        # The form of a provider's account has no password.
        user.password = getattr(form, "password_hash", user.password)
        user.preferred_language = get_language() or settings.LANGUAGE_CODE
        if commit:
            user.save()
            admit(user=user, credentials=form.credentials(request))
            request.session.pop(INVITATION, None)
        return user

    def set_password(self, user: User, password: str) -> None:
        """Save a new password, with which the user can log in even after too many wrong ones."""
        user.set_password(password)
        user.save(update_fields=["password"])
        keys = [_key("login", client_address(self.request), login) for login in (user.username.lower(), user.email)]
        cache.delete_many([*keys, _key("account", user.pk)])

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Confirm the address, unless another account has confirmed it meanwhile."""
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

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the attempt, and refuse it after too many failures.

        Replaces the limit of allauth, which counts by account, so that others could lock the owner out.

        Raises:
            ValidationError: a limit is exceeded.
        """
        limits = _failure_limits(request, credentials)
        if any(count_event(key, seconds) > limit for key, (limit, seconds) in limits.items()):
            raise self.validation_error("too_many_login_attempts")

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Return the user, whose attempt does not count as a failure, or None."""
        user: User | None = super().authenticate(request, **credentials)
        if user is not None:
            for key in _failure_limits(request, credentials):
                uncount_event(key)
        return user

    def login(self, request: HttpRequest, user: User) -> None:
        """Log in for the whole time, although the session before was a short one."""
        super().login(request, user)
        request.session.set_expiry(None)

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """Remember that the user has logged in on this device."""
        response: HttpResponse = super().post_login(request, user, **kwargs)
        options: dict[str, Any] = {"secure": settings.HTTPS, "httponly": True, "samesite": "Lax"}
        response.set_signed_cookie(DEVICE_COOKIE, str(user.pk), salt="device", max_age=DEVICE_COOKIE_AGE, **options)
        return response


def _key(*parts: object) -> str:
    # Hashed, because not all caches accept every character in a key.
    return "accounts:" + sha256(" ".join(map(str, parts)).encode()).hexdigest()


def _failure_limits(request: HttpRequest, credentials: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Return cache key → limit of failures and its seconds."""
    login = str(credentials.get("email") or credentials.get("username") or "").lower()
    address, pk = client_address(request), next(iter(User.objects.pks_by_login(login)), None)
    limits = {
        _key("address", address): MAX_FAILURES_PER_ADDRESS,
        _key("login", address, login): MAX_FAILURES_PER_ACCOUNT,
    }
    if pk is None or request.get_signed_cookie(DEVICE_COOKIE, "", salt="device") != str(pk):
        limits[_key("account", pk or login)] = MAX_FAILURES_OF_NEW_DEVICES
    return limits


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Authenticator apps and passkeys, which show the site's name."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("The code is incorrect or has expired. Enter the next code that your app shows."),
        "incorrect_passkey": _("This passkey was not accepted. Try again, or use another way to log in."),
        "unverified_email": _("Confirm your email address first."),
    }

    def get_totp_issuer(self) -> str:
        return str(SiteSettings.current().name)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Bind passkeys to the configured host, not to that of the request."""
        return {"id": str(urlsplit(settings.ORIGIN).hostname), "name": SiteSettings.current().name}

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:  # noqa: A002
        """Return the browser's name, such as "Firefox · Linux"."""
        return browser(self.request.headers.get("User-Agent", ""))

    def is_mfa_enabled(self, user: User, types: list[Authenticator.Type] | None = None) -> bool:
        """Ask for a second factor only if there is an authenticator app; then a passkey is one as well.

        Otherwise a user with a passkey could not log in by a code where the passkey is not.
        """
        if types is None or Authenticator.Type.TOTP in types:
            types = [Authenticator.Type.TOTP]
        return bool(super().is_mfa_enabled(user, types))
