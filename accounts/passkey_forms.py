"""The forms of allauth for passkeys."""

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn import forms as webauthn_forms
from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import AllauthFormMixin
from core.forms import OneLineField

MAX_NAME_LENGTH = 60
MAX_CREDENTIAL_LENGTH = 20_000


class CredentialField(forms.JSONField):
    """What the browser's script says of a passkey."""

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> Any:
        if len(value or "") > MAX_CREDENTIAL_LENGTH:
            raise get_adapter().validation_error("incorrect_passkey")
        return super().to_python(value)


class PasskeyFormMixin(AllauthFormMixin):
    """Treat what no browser's script sends as a wrong passkey."""

    labels = {"name": _("Name")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["credential"] = CredentialField()

    def full_clean(self) -> None:
        try:
            super().full_clean()  # type: ignore[misc]
        except (AttributeError, KeyError, TypeError, ValueError):
            self.add_error(  # type: ignore[attr-defined]
                "credential", get_adapter().validation_error("incorrect_passkey")
            )


class AddPasskeyForm(PasskeyFormMixin, webauthn_forms.AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey and its name."""

    name = OneLineField(max_length=MAX_NAME_LENGTH, required=False)


class LoginPasskeyForm(PasskeyFormMixin, webauthn_forms.LoginWebAuthnForm):  # type: ignore[misc]
    """Log-in with a passkey alone."""


class AuthenticatePasskeyForm(PasskeyFormMixin, webauthn_forms.AuthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey as the second factor."""


class ReauthenticatePasskeyForm(PasskeyFormMixin, webauthn_forms.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey to confirm who it is."""


class EditPasskeyForm(AllauthFormMixin, webauthn_forms.EditWebAuthnForm):  # type: ignore[misc]
    """Another name."""

    labels = {"name": _("Name")}

    name = OneLineField(max_length=MAX_NAME_LENGTH)
