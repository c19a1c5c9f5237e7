"""Tasks about accounts."""

from allauth.account.forms import ResetPasswordForm
from django.tasks import task
from django.utils.translation import override

from accounts.models import User


@task()
def send_password_reset_email(user_id: int | None, language: str) -> None:
    """Send a link for a new password, if there is a user and the account is active."""
    user = User.objects.filter(pk=user_id or 0, is_active=True).first()
    form = ResetPasswordForm({"email": user.email if user else ""})
    with override(language):
        if form.is_valid():
            form.save(request=None)
