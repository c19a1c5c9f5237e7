"""Moderators change whether an author publishes without review."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import lock_acting_user
from articles.models import Trust
from articles.moderation.services.permissions import DECIDE
from core.exceptions import ActionNotAllowed
from core.text import clean_reason

MAX_TRUST = timedelta(days=3650)


@transaction.atomic
def change_trust(*, user: User, moderator: User, kind: str, reason: str, until: datetime | None = None) -> Trust:
    """Grant or freeze an author's trust, or have it computed again. Idempotent.

    It applies to what the author submits from now on; what is in review stays there.

    Args:
        kind: a `Trust.Kind`.
        reason: the author reads it.
        until: when trust is computed again; None if a moderator will decide.

    Raises:
        PermissionDenied: without the permission to decide on articles.
        ActionNotAllowed: the moderator is suspended, the account is their own, the reason is missing, the time is not
            within the next ten years, or trust is computed already.
    """
    kind, reason = Trust.Kind(kind), clean_reason(reason, required=True)
    if kind == Trust.Kind.COMPUTED:
        until = None
    if until is not None and not timezone.now() < until <= timezone.now() + MAX_TRUST:
        raise ActionNotAllowed(_("Choose a time within the next ten years."), "until")
    if user.pk == moderator.pk:
        raise ActionNotAllowed(_("You cannot change the trust of your own account."))
    # In one order, so that two moderators who change each other's trust do not wait for each other. A submission locks
    # its author too, so it is published or reviewed by what applies after it has waited.
    list(User.objects.select_for_update(no_key=True).filter(pk__in=[user.pk, moderator.pk]).order_by("pk"))
    lock_acting_user(moderator.pk, DECIDE)
    last = Trust.objects.filter(user=user).first()
    active = last if last is not None and last.is_active else None
    if active and (active.kind, active.reason, active.ends_at) == (kind, reason, until):
        return active
    if active is None and kind == Trust.Kind.COMPUTED:
        raise ActionNotAllowed(_("The trust of this author is computed already."))
    return Trust.objects.create(user=user, moderator=moderator, kind=kind, reason=reason, ends_at=until)
