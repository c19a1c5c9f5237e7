"""Tasks about accounts."""

from __future__ import annotations

from allauth.account.forms import ResetPasswordForm
from django.tasks import task
from django.utils.translation import override


@task()
def send_password_reset_email(email: str, language: str) -> None:
    """Send a link for a new password if an active account has this address.

    A task does it, so that the response takes the same time whether or not such an account exists.
    """
    form = ResetPasswordForm({"email": email})
    with override(language):
        if form.is_valid():
            form.save(request=None)
