"""Queries about a user."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.models import User


def has_confirmed_email(user: User) -> bool:
    """Whether one of the person's addresses is confirmed; only then may they submit."""
    return bool(EmailAddress.objects.filter(user=user, verified=True).exists())


def open_sessions(user: User) -> list[UserSession]:
    """The sessions in which the person is logged in, newest first. What a new password has ended is not among them."""
    known = list(UserSession.objects.filter(user=user).order_by("-created_at"))
    stored = Session.objects.filter(expire_date__gt=timezone.now()).in_bulk([one.session_key for one in known])
    valid = user.get_session_auth_hash()
    return [
        one
        for one in known
        if one.session_key in stored and stored[one.session_key].get_decoded().get(HASH_SESSION_KEY) == valid
    ]
