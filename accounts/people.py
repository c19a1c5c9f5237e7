"""Questions about a person that several rooms ask."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts.models import User


def has_confirmed_email(person: User) -> bool:
    """Whether one of the person's addresses is confirmed; only then may they submit."""
    return bool(EmailAddress.objects.filter(user=person, verified=True).exists())


def open_sessions(person: User) -> list[UserSession]:
    """The sessions in which the person is logged in, newest first. What a new password has ended is not among them."""
    known = list(UserSession.objects.filter(user=person).order_by("-created_at"))
    stored = Session.objects.filter(expire_date__gt=timezone.now()).in_bulk([one.session_key for one in known])
    valid = person.get_session_auth_hash()
    return [
        one
        for one in known
        if one.session_key in stored and stored[one.session_key].get_decoded().get(HASH_SESSION_KEY) == valid
    ]


def renamed(person: User) -> None:
    """To be called where a person's name or username was changed: rooms above keep copies of it."""
    import_string(settings.AFTER_RENAMING)(person)
