"""The forms of sign-up, log-in, passwords and the second factor: allauth's, with our words and bounds."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as allauth_forms
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.totp import forms as totp_forms
from django import forms
from django.contrib.auth.hashers import make_password
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.tasks import send_password_reset_email

PASSWORD_HELP = _("At least 10 characters. Not a common password, not only digits, not like your name.")
# More than anybody types; beyond it, hashing would be work for nothing.
LONGEST = {"login": 254, "username": 30, "email": 254, "code": 20}
LONGEST_PASSWORD = 256


class Ours:
    """Mixed into allauth's forms: labels instead of placeholders, a length for each field, no second password field.

    Instead of being typed twice, a new password can be shown (static/js/password.js).
    """

    labels: dict[str, Any] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields: dict[str, forms.Field]
        self.fields.pop("password2", None)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            if name in self.labels:
                field.label = self.labels[name]
            if isinstance(field, forms.CharField):
                longest = LONGEST.get(name, LONGEST_PASSWORD)
                field.validators.append(MaxLengthValidator(longest))
                field.widget.attrs["maxlength"] = str(longest)
        if new := self.fields.get("password1"):
            new.help_text = PASSWORD_HELP


class LoginForm(Ours, allauth_forms.LoginForm):  # type: ignore[misc]
    """Log-in by username or by e-mail address."""

    labels = {"login": _("Username or e-mail"), "password": _("Password")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs |= {
            "autocomplete": "username",
            "autocapitalize": "none",
            "spellcheck": "false",
        }
        self.fields["password"].help_text = ""

    def user_credentials(self) -> dict[str, str]:
        """What was typed is one thing: a username has no @ in it. So exactly one password is checked, which takes the
        same time whether the account exists or not."""
        login, password = self.cleaned_data["login"], self.cleaned_data["password"]
        return {"email" if "@" in login else "username": login, "password": password}


class SignupForm(Ours, allauth_forms.SignupForm):  # type: ignore[misc]
    """Sign-up: username, e-mail address, password, and the rules."""

    labels = {"username": _("Username"), "email": _("E-mail"), "password1": _("Password")}
    field_order = ["username", "email", "password1", "rules"]

    rules = forms.BooleanField(error_messages={"required": _("Please accept the rules; everyone here keeps them.")})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].help_text = _(
            "Latin letters, digits, dots, hyphens and underscores. It stands in the address of your page; "
            "you can add your full name later."
        )
        self.fields["username"].widget.attrs |= {"autocapitalize": "none", "spellcheck": "false"}
        self.fields["email"].help_text = _("We send a link to confirm it. Nobody else sees it.")
        self.fields["rules"].label = format_html(
            str(_('I have read <a href="{url}" target="_blank">the rules</a> and keep to them')), url=reverse("rules")
        )

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """Where the address has an account already, its owner gets a letter and the newcomer sees the same page.

        It also takes the same time: the password is hashed for nothing.
        """
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        user, response = super().try_save(request)
        return user, response


class AddEmailForm(Ours, allauth_forms.AddEmailForm):  # type: ignore[misc]
    """Another e-mail address instead of the present one."""

    labels = {"email": _("New e-mail")}


class ChangePasswordForm(Ours, allauth_forms.ChangePasswordForm):  # type: ignore[misc]
    """A new password by somebody who knows the old one."""

    labels = {"oldpassword": _("Present password"), "password1": _("New password")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].help_text = ""


class SetPasswordForm(Ours, allauth_forms.SetPasswordForm):  # type: ignore[misc]
    """The first password of an account that has none."""

    labels = {"password1": _("New password")}


class ResetPasswordForm(Ours, allauth_forms.ResetPasswordForm):  # type: ignore[misc]
    """Where to send the link for a new password."""

    labels = {"email": _("E-mail")}

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Queue one task, whether or not somebody has the address: same words, same work."""
        email = str(self.cleaned_data["email"])
        send_password_reset_email.enqueue(email, get_language() or "en")
        return email


class ResetPasswordKeyForm(Ours, allauth_forms.ResetPasswordKeyForm):  # type: ignore[misc]
    """A new password by somebody who followed the link."""

    labels = {"password1": _("New password")}


class ReauthenticateForm(Ours, allauth_forms.ReauthenticateForm):  # type: ignore[misc]
    """The password once more, before something that matters."""

    labels = {"password": _("Password")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = ""


class CodeForm(Ours):
    """A code from the authenticator app, or one of the recovery codes."""

    labels = {"code": _("Code")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= {"autocapitalize": "none", "spellcheck": "false", "inputmode": "numeric"}


class SecondFactorForm(CodeForm, mfa_forms.AuthenticateForm):  # type: ignore[misc]
    """The second step of log-in."""


class ReauthenticateCodeForm(CodeForm, mfa_forms.ReauthenticateForm):  # type: ignore[misc]
    """A code before something that matters."""


class ActivateTOTPForm(CodeForm, totp_forms.ActivateTOTPForm):  # type: ignore[misc]
    """The first code of the app, which proves that it is set up."""
