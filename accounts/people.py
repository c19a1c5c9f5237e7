"""Questions about a person that several rooms ask."""

from __future__ import annotations

from allauth.account.models import EmailAddress

from accounts.models import User


def has_confirmed_email(person: User) -> bool:
    """Whether one of the person's addresses is confirmed; only then may they submit."""
    return bool(EmailAddress.objects.filter(user=person, verified=True).exists())
