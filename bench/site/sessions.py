"""Create sessions without the login form: thousands of logins would measure scrypt."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.models import User

ADMINISTRATOR = "bench-administrator"
_PREFIX = "bench"
_LIFETIME = timedelta(days=2)


def log_in(users: Iterable[User]) -> list[str]:
    """Create a session for each user; return the keys in the same order."""
    store, until = SessionStore(), timezone.now() + _LIFETIME
    sessions = [
        Session(
            session_key=_PREFIX + secrets.token_hex(13),
            session_data=store.encode(
                {
                    SESSION_KEY: str(user.pk),
                    BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
                    HASH_SESSION_KEY: user.get_session_auth_hash(),
                }
            ),
            expire_date=until,
        )
        for user in users
    ]
    Session.objects.bulk_create(sessions, batch_size=2000)
    return [session.session_key for session in sessions]


def delete_earlier_sessions() -> None:
    """Delete the sessions of earlier runs on a database that is used again."""
    Session.objects.filter(session_key__startswith=_PREFIX).delete()


def administrator() -> User:
    """Return a superuser without a usable password."""
    user, _ = User.objects.get_or_create(
        username=ADMINISTRATOR,
        defaults={"email": f"{ADMINISTRATOR}@example.org", "is_staff": True, "is_superuser": True, "password": "!"},
    )
    EmailAddress.objects.get_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
    return user
