"""The forms of allauth with the site's labels and length limits."""

from dataclasses import asdict
from typing import Any

from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.totp import forms as totp_forms
from allauth.socialaccount import forms as social_forms
from django import forms
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.challenge import create_challenge, is_solved
from accounts.gate import INVITATION, Credentials, is_disposable
from accounts.models import User, normalize_password
from accounts.tasks import send_password_reset_email
from core.forms import TextField
from core.models import SignupGate, SiteSettings

PASSWORD_HELP = _(
    "Use at least 10 characters. Do not use a common password, only digits, or something similar to your name."
)
# Fields that are not listed hold passwords; the limit bounds the work of hashing.
MAX_LENGTHS = {"login": 254, "username": 30, "email": 254, "code": 20}
MAX_PASSWORD_LENGTH = 256
# The key of the session for a sign-up whose address has an account already.
PENDING_SIGNUP = "pending_signup"
MIN_USERNAME_LENGTH = settings.ACCOUNT_USERNAME_MIN_LENGTH


class AllauthFormMixin:
    """Give a form of allauth labels instead of placeholders, and a length limit for each field.

    The second password field is removed; a new password can be shown instead (static/js/password.js).
    """

    labels: dict[str, Any] = {
        "login": _("Username or email"),
        "username": _("Username"),
        "email": _("Email"),
        "password": _("Password"),
        "oldpassword": _("Current password"),
        "password1": _("New password"),
        "code": _("Code"),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields: dict[str, forms.Field]
        self.fields.pop("password2", None)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = self.labels.get(name, field.label)
            if isinstance(field, forms.CharField) and not isinstance(field, forms.JSONField):
                max_length = MAX_LENGTHS.get(name, MAX_PASSWORD_LENGTH)
                field.validators.append(MaxLengthValidator(max_length))
                field.widget.attrs["maxlength"] = str(max_length)
            if name in {"login", "username", "code"}:
                field.widget.attrs |= {"autocapitalize": "none", "spellcheck": "false"}
            if name in {"password", "oldpassword"}:
                field.help_text = ""
            if name == "password1":
                field.help_text = PASSWORD_HELP
            if name == "code":
                field.widget.attrs["inputmode"] = "numeric"


class LoginForm(AllauthFormMixin, allauth_forms.LoginForm):  # type: ignore[misc]
    """Log-in by username or email address."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs["autocomplete"] = "username"

    def user_credentials(self) -> dict[str, str]:
        """Return a username or an email address, not both.

        Only an address contains an @. So exactly one password is hashed, whether or not the account exists.
        """
        login, password = self.cleaned_data["login"], self.cleaned_data["password"]
        return {"email" if "@" in login else "username": login, "password": password}


class RequestLoginCodeForm(AllauthFormMixin, allauth_forms.RequestLoginCodeForm):  # type: ignore[misc]
    """The address to which a code is sent, whether or not it has an account."""

    labels = {**AllauthFormMixin.labels, "email": _("Email address")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # The page has other fields with these names.
        super().__init__(*args, auto_id="code_%s", **kwargs)
        self.fields["email"].widget.attrs["autocomplete"] = "username webauthn"

    def clean_email(self) -> str:
        """Count the codes for this address."""
        self.cleaned_data["email"] = get_adapter().clean_email(self.cleaned_data["email"].lower())
        try:
            return str(super().clean_email())
        except ValidationError as error:
            if error.code == "too_many_login_attempts":
                raise get_adapter().validation_error("too_many_codes") from error
            raise


class NewAccountMixin(AllauthFormMixin):
    """What every new account needs, whichever way it is made: a username, consent to the rules, what the gate asks."""

    cleaned_data: dict[str, Any]
    initial: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].help_text = _(
            "Use A–Z, digits, dots, hyphens and underscores. Your username is part of your page’s "
            "address. You can add your full name later."
        )
        self.fields["email"].help_text = _(
            "We will send a confirmation link. Your address is not shown to other users."
        )
        self.fields["rules"] = forms.BooleanField(
            label=format_html(
                str(_('I have read <a href="{url}" target="_blank">the rules</a> and agree to follow them')),
                url=reverse("rules"),
            ),
            error_messages={"required": _("Accept the rules to create an account.")},
        )
        gate = SiteSettings.current().signup_gate
        if gate == SignupGate.APPROVAL:
            self.fields["answer"] = TextField(
                label=SiteSettings.current().signup_question or _("Why do you want to join?"),
                help_text=_("Staff read your answer before they approve your account."),
                max_length=1000,
                widget=forms.Textarea(attrs={"rows": 4}),
            )
        elif gate == SignupGate.CHALLENGE:
            hidden = forms.HiddenInput(attrs=create_challenge())
            self.fields["challenge"] = forms.CharField(required=False, max_length=300, widget=hidden)
        order = ["username", "email", "password1", "answer", "rules"]
        self.order_fields(order)  # type: ignore[attr-defined]

    def clean_email(self) -> str:
        return _refuse_disposable(super().clean_email())  # type: ignore[misc]

    def credentials(self, request: HttpRequest) -> Credentials:
        """Return what the user shows at the gate."""
        return Credentials(
            answer=self.cleaned_data.get("answer", ""),
            has_solved_challenge=is_solved(self.cleaned_data.get("challenge", "")),
            invitation=request.session.get(INVITATION, ""),
        )

    def keep_email(self, email: str) -> None:
        """Show an address that is confirmed already, which cannot be changed here."""
        self.fields["email"].initial = self.initial["email"] = email
        self.fields["email"].disabled = True
        self.fields["email"].help_text = _("This address is confirmed. It is not shown to other users.")


class SignupForm(NewAccountMixin, allauth_forms.SignupForm):  # type: ignore[misc]
    """Sign-up with a password; without one for an address that a code has confirmed.

    Args:
        confirmed_email: the confirmed address.
    """

    labels = {**AllauthFormMixin.labels, "password1": _("Password")}

    def __init__(self, *args: Any, confirmed_email: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if confirmed_email:
            del self.fields["password1"]
            self.keep_email(confirmed_email)
            self.initial.setdefault("username", propose_username(confirmed_email))

    def hash_password(self) -> None:
        """Replace the password by its hash, before the transaction of the sign-up, because that takes long.

        Also if the address has an account already, so that both take the same time.
        """
        self.password_hash = make_password(normalize_password(self.cleaned_data.pop("password1", None)))

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """Save the new user; if the address has an account already, its owner is emailed and the page is the same."""
        if self.account_already_exists:
            # For a corrected address (`EmailVerificationSentView`).
            user = {"username": self.cleaned_data["username"], "password": self.password_hash}
            request.session[PENDING_SIGNUP] = {"user": user, "credentials": asdict(self.credentials(request))}
        user, response = super().try_save(request)
        return user, response


class SocialSignupForm(NewAccountMixin, social_forms.SignupForm):  # type: ignore[misc]
    """Sign-up with an account of a provider, whose address is final if the provider has confirmed it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        addresses = self.sociallogin.email_addresses
        if confirmed := next((address.email for address in addresses if address.verified), None):
            self.keep_email(confirmed)
        if not self.initial.get("username"):
            self.initial["username"] = propose_username(self.initial["first_name"], self.initial["email"])


def propose_username(*texts: str) -> str:
    """Return a free username made from the first of these names or email addresses that gives one, or ""."""
    names = [name for text in texts if len(name := text.partition("@")[0]) >= MIN_USERNAME_LENGTH]
    try:
        return str(get_adapter().generate_unique_username(names, regex=r"[^A-Za-z0-9_.-]"))
    except NotImplementedError:  # All candidates are taken.
        return ""


class ResetPasswordForm(AllauthFormMixin, allauth_forms.ResetPasswordForm):  # type: ignore[misc]
    """The address to which to send a link for a new password."""

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Enqueue the same task whether or not an account has this address, so that the response takes the same time.

        The task takes keys, because task arguments are stored for days.
        """
        email = str(self.cleaned_data["email"])
        pk = User.objects.by_email(email).values_list("pk", flat=True).first()
        send_password_reset_email.enqueue(pk, get_language() or "en")
        return email


def _adapted(form: type[forms.Form], **labels: Any) -> Any:
    """Return a form of allauth with the mixin and no other change."""
    return type(form.__name__, (AllauthFormMixin, form), {"labels": {**AllauthFormMixin.labels, **labels}})


ChangePasswordForm = _adapted(allauth_forms.ChangePasswordForm)
SetPasswordForm = _adapted(allauth_forms.SetPasswordForm)
ResetPasswordKeyForm = _adapted(allauth_forms.ResetPasswordKeyForm)
ReauthenticateForm = _adapted(allauth_forms.ReauthenticateForm)
AuthenticateCodeForm = _adapted(mfa_forms.AuthenticateForm)
ReauthenticateCodeForm = _adapted(mfa_forms.ReauthenticateForm)
ActivateTOTPForm = _adapted(totp_forms.ActivateTOTPForm)
ConfirmLoginCodeForm = _adapted(allauth_forms.ConfirmLoginCodeForm, code=_("Code from the email"))
DisconnectForm = social_forms.DisconnectForm


class AddEmailForm(AllauthFormMixin, allauth_forms.AddEmailForm):  # type: ignore[misc]
    """Another address for a user."""

    labels = {"email": _("New email")}

    def clean_email(self) -> str:
        return _refuse_disposable(super().clean_email())


class CorrectEmailForm(AllauthFormMixin, forms.Form):
    """Another address for a user who has signed up with a wrong one."""

    labels = {"email": _("Email")}

    email = forms.EmailField(widget=forms.EmailInput(attrs={"autocomplete": "email"}))

    def clean_email(self) -> str:
        return _refuse_disposable(get_adapter().clean_email(self.cleaned_data["email"].lower()))


def _refuse_disposable(email: str) -> str:
    if is_disposable(email):
        raise get_adapter().validation_error("disposable_email")
    return email
