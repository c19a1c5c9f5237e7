"""Suspend users, lift suspensions and clear profiles. Each action is one transaction.

All raise `PermissionDenied` without the permission for it, and `ActionNotAllowed` if the moderator is suspended, the
account is their own, or the reason is missing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import services as accounts
from accounts.models import User
from accounts.services import lock_acting_user, lock_users
from articles.moderation.models import Suspension
from articles.moderation.services.notifications import email_user
from articles.moderation.services.permissions import LIFT, SUSPEND
from articles.services.schedule import stop_all
from core.exceptions import ActionNotAllowed
from core.text import clean_reason

MAX_SUSPENSION = timedelta(days=3650)


def suspend(*, user: User, moderator: User, until: datetime, reason: str) -> Suspension:
    """Suspend a user, who can log in and read until then, but not write, vote or promote.

    The user's scheduled articles go back to review.

    Only an administrator can suspend an administrator.
    """
    reason = clean_reason(reason, required=True)
    if not timezone.now() < until <= timezone.now() + MAX_SUSPENSION:
        raise ActionNotAllowed(_("Choose a time within the next ten years."))
    with transaction.atomic():
        user = _lock_suspended(user.pk, moderator, SUSPEND)
        suspension = Suspension.objects.create(user=user, moderator=moderator, ends_at=until, reason=reason)
        _update_suspended_until(user)
        stop_all(author=user)
        email_user(user, "suspension", suspension)
    return suspension


def lift(*, suspension: Suspension, moderator: User) -> None:
    """End a suspension now. Idempotent; other suspensions of the user go on."""
    with transaction.atomic():
        user = _lock_suspended(suspension.user_id, moderator, LIFT)
        Suspension.objects.filter(pk=suspension.pk, lifted_at=None).update(lifted_at=timezone.now())
        _update_suspended_until(user)


def clear_profile(*, user: User, moderator: User) -> None:
    """Remove the name, the description and the photo of a user; the username stays."""
    with transaction.atomic():
        accounts.clear_profile(user=_lock_suspended(user.pk, moderator, SUSPEND))


def _lock_suspended(pk: int, moderator: User, permission: str) -> User:
    """Lock and return the user whom a moderator suspends, or whose suspension they lift, if they may."""
    locked = lock_users(pk, moderator.pk)
    moderator, user = lock_acting_user(moderator.pk, permission), locked[pk]
    if user.pk == moderator.pk:
        raise ActionNotAllowed(_("You cannot suspend yourself or lift your own suspension."))
    if user.is_superuser and not moderator.is_superuser:
        raise ActionNotAllowed(_("Only an administrator can suspend an administrator."))
    return user


def _update_suspended_until(user: User) -> None:
    suspensions = Suspension.objects.filter(user=user, lifted_at=None, ends_at__gt=timezone.now())
    user.suspended_until = suspensions.aggregate(until=Max("ends_at"))["until"]
    user.save(update_fields=["suspended_until"])
