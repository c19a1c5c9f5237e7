"""The forms of allauth with the site's labels and length limits, and the profile form."""

import re
from typing import Any

from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.totp import forms as totp_forms
from django import forms
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from PIL import Image

from accounts.identity import imitates_staff
from accounts.models import User, normalize_password
from accounts.selectors import AVATAR_SIZES
from accounts.tasks import send_password_reset_email
from core.forms import OneLineField, TextField
from core.images import ACCEPTED_TYPES, load_image

PASSWORD_HELP = _(
    "Use at least 10 characters. Do not use a common password, only digits, or something similar to your name."
)
# Fields that are not listed hold passwords; the limit bounds the work of hashing.
MAX_LENGTHS = {"login": 254, "username": 30, "email": 254, "code": 20}
MAX_PASSWORD_LENGTH = 256
# Invisible characters that no name needs; joiners and direction marks that scripts need are allowed.
_INVISIBLE = re.compile("[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b\u2028-\u202e\u2060-\u2069\ufeff]")


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
            if isinstance(field, forms.CharField):
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


class SignupForm(AllauthFormMixin, allauth_forms.SignupForm):  # type: ignore[misc]
    """Sign-up with username, email address, password and consent to the rules."""

    labels = {**AllauthFormMixin.labels, "password1": _("Password")}
    field_order = ["username", "email", "password1", "rules"]

    rules = forms.BooleanField(error_messages={"required": _("Accept the rules to create an account.")})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].help_text = _(
            "Use A–Z, digits, dots, hyphens and underscores. Your username is part of your page’s "
            "address. You can add your full name later."
        )
        self.fields["email"].help_text = _(
            "We will send a confirmation link. Your address is not shown to other users."
        )
        self.fields["rules"].label = format_html(
            str(_('I have read <a href="{url}" target="_blank">the rules</a> and agree to follow them')),
            url=reverse("rules"),
        )

    def hash_password(self) -> None:
        """Replace the password by its hash, before the transaction of the sign-up, because that takes long.

        Also if the address has an account already, so that both take the same time.
        """
        self.password_hash = make_password(normalize_password(self.cleaned_data.pop("password1")))

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """Save the new user; if the address has an account already, its owner is emailed and the page is the same."""
        if self.account_already_exists:
            # For a corrected address (`EmailVerificationSentView`).
            signup = {"username": self.cleaned_data["username"], "password": self.password_hash}
            request.session["signup"] = signup
        user, response = super().try_save(request)
        return user, response


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


AddEmailForm = _adapted(allauth_forms.AddEmailForm, email=_("New email"))
ChangePasswordForm = _adapted(allauth_forms.ChangePasswordForm)
SetPasswordForm = _adapted(allauth_forms.SetPasswordForm)
ResetPasswordKeyForm = _adapted(allauth_forms.ResetPasswordKeyForm)
ReauthenticateForm = _adapted(allauth_forms.ReauthenticateForm)
AuthenticateCodeForm = _adapted(mfa_forms.AuthenticateForm)
ReauthenticateCodeForm = _adapted(mfa_forms.ReauthenticateForm)
ActivateTOTPForm = _adapted(totp_forms.ActivateTOTPForm)


class CorrectEmailForm(AllauthFormMixin, forms.Form):
    """Another address for a user who has signed up with a wrong one."""

    labels = {"email": _("Email")}

    email = forms.EmailField(widget=forms.EmailInput(attrs={"autocomplete": "email"}))

    def clean_email(self) -> str:
        return str(get_adapter().clean_email(self.cleaned_data["email"].lower()))


class ProfileForm(forms.ModelForm[User]):
    """Name, biography, avatar and language. `accounts.services.update_profile` stores what it returns."""

    avatar = forms.FileField(
        label=_("Profile photo"),
        required=False,
        help_text=_("JPEG, PNG, WebP, AVIF, HEIC or a still GIF, up to 10 MB. We crop it to a square."),
        widget=forms.FileInput(attrs={"accept": ACCEPTED_TYPES}),
    )
    without_avatar = forms.BooleanField(label=_("Remove my profile photo"), required=False)

    class Meta:
        model = User
        fields = [
            "display_name",
            "biography",
            "avatar",
            "without_avatar",
            "preferred_language",
            "allows_promotion_by_others",
        ]
        field_classes = {"display_name": OneLineField, "biography": TextField}
        widgets = {"biography": forms.Textarea(attrs={"rows": 5})}
        help_texts = {
            "display_name": _(
                "Readers see this name above your articles. If you leave it empty, they see your username."
            ),
            "biography": _("A few sentences for your public page, up to 1,000 characters."),
            "preferred_language": _("The language of emails to you and of the pages that you see after you log in."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["display_name"].widget.attrs["autocomplete"] = "name"
        if not self.instance.avatar_key:
            del self.fields["without_avatar"]

    def clean_display_name(self) -> str:
        name = str(self.cleaned_data["display_name"])
        if _INVISIBLE.search(name):
            raise ValidationError(_("The name contains invisible characters. Type it again."))
        return name

    def clean_biography(self) -> str:
        return _INVISIBLE.sub("", self.cleaned_data["biography"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        name, user = cleaned.get("display_name", ""), self.instance
        if name and name != self.initial["display_name"] and not user.is_staff:
            of_others = User.objects.by_username(name).exclude(pk=user.pk)
            if of_others.exists() or imitates_staff(name):
                self.add_error(
                    "display_name", _("This name could be mistaken for that of another user or of the staff.")
                )
        return cleaned

    def clean_avatar(self) -> Image.Image | None:
        file = self.cleaned_data["avatar"]
        return load_image(file, min_side=max(AVATAR_SIZES)) if file else None
