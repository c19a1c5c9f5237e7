"""Queries about a user."""

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.core.files.storage import default_storage
from django.shortcuts import get_object_or_404
from django.utils import timezone

from accounts.models import FormerUsername, User

# Widths of an avatar's files in pixels: next to a name on a high-density screen, and on the user's page.
AVATAR_SIZES = (96, 320)


def has_confirmed_email(user: User) -> bool:
    """Return whether one of the user's addresses is confirmed, which is required to submit."""
    return bool(EmailAddress.objects.filter(user=user, verified=True).exists())


def renamed_user(username: str) -> User:
    """Return the active user who had this username before, or raise Http404."""
    former = FormerUsername.objects.select_related("user")
    return get_object_or_404(former, username=username.lower(), user__is_active=True).user


def active_sessions(user: User) -> list[UserSession]:
    """Return the sessions in which the user is logged in, newest first; a new password ends the others."""
    sessions = list(UserSession.objects.filter(user=user).order_by("-created_at"))
    keys = [session.session_key for session in sessions]
    stored = Session.objects.filter(expire_date__gt=timezone.now()).in_bulk(keys)
    auth_hash = user.get_session_auth_hash()
    return [
        session
        for session in sessions
        if session.session_key in stored
        and stored[session.session_key].get_decoded().get(HASH_SESSION_KEY) == auth_hash
    ]


def avatar_url(user: User, size: int) -> str:
    """Return the URL of the avatar's file for a place `size` CSS pixels wide, or "" without an avatar."""
    if not user.avatar_key:
        return ""
    width = next((width for width in AVATAR_SIZES if width >= size * 2), AVATAR_SIZES[-1])
    return default_storage.url(avatar_path(user.avatar_key, width))


def avatar_path(key: str, size: int) -> str:
    """Return the path of an avatar's file in the media storage. `key` is random, so the path cannot be guessed."""
    return f"avatars/{key[:2]}/{key}-{size}.webp"
