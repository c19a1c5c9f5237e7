"""Claims: a moderator takes a submission, so that two do not review the same one. Each action is one transaction.

All raise `PermissionDenied` without the permission to decide, and `ActionNotAllowed` if the moderator is suspended.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import lock_acting_user
from articles.models import Article, Revision
from articles.moderation.models import CLAIM_TIME, Claim, Submission
from articles.moderation.services.permissions import DECIDE, check_not_own
from core.exceptions import ActionNotAllowed

# For so long a page that was left can be opened again, or reloaded, without losing the claim.
LEAVE_TIMEOUT = timedelta(minutes=1)


@transaction.atomic
def take_next(*, moderator: User) -> Submission | None:
    """Claim the oldest submission that no other moderator reviews and that the moderator may decide on.

    When none waits, it is the oldest publication that was drawn for a review afterwards. The claim that the moderator
    had ends. Returns None if nothing waits for them.
    """
    lock_acting_user(moderator.pk, DECIDE)
    before = Claim.objects.filter(moderator=moderator).values_list("revision_id", flat=True).first()
    written_with = Article.objects.written_with(moderator)
    claimed = Claim.objects.active().exclude(moderator=moderator)
    for submissions in (Submission.objects.waiting(), Submission.objects.sampled()):
        reviewable = submissions.exclude(article__author=moderator).exclude(pk=before or 0)
        reviewable = reviewable.exclude(article__in=written_with)
        unclaimed = reviewable.exclude(pk__in=claimed.values("revision"))
        # SKIP LOCKED: what another moderator takes at this moment.
        while locked := unclaimed.select_for_update(skip_locked=True, no_key=True, of=("self",)).only("pk").first():
            # Again, because the query saw the claims and samples as they were before the lock.
            if unclaimed.filter(pk=locked.pk).exists():
                _store(locked, moderator)
                return Submission.objects.get(pk=locked.pk)
    Claim.objects.filter(moderator=moderator).delete()
    return None


@transaction.atomic
def claim(*, revision: Revision, moderator: User, take_over: bool = False) -> Claim:
    """Claim a submission in review, or claim it for another 15 minutes.

    Args:
        take_over: also if another moderator reviews it.

    Raises:
        ActionNotAllowed: another moderator reviews it, it is the moderator's own, or there is nothing to review.
    """
    lock_acting_user(moderator.pk, DECIDE)
    locked = Submission.objects.select_for_update(no_key=True).filter(pk=revision.pk).first()
    if locked is None or not (locked.state == Revision.State.IN_REVIEW or is_sampled(locked)):
        raise ActionNotAllowed(
            _("This version is no longer in review. It was withdrawn, or a moderator has decided on it.")
        )
    check_not_own(locked.article, moderator)
    if not take_over:
        check_not_claimed(locked, moderator)
    return _store(locked, moderator)


@transaction.atomic
def release(*, revision: Revision, moderator: User, left: bool = False) -> None:
    """End the moderator's claim of a submission. Idempotent.

    Args:
        left: the page was left, perhaps only for a moment, so the claim ends after `LEAVE_TIMEOUT`.
    """
    lock_acting_user(moderator.pk, DECIDE)
    own = Claim.objects.filter(revision=revision.pk, moderator=moderator)
    if left:
        soon = timezone.now() + LEAVE_TIMEOUT
        own.filter(ends_at__gt=soon).update(ends_at=soon)
    else:
        own.delete()


def is_sampled(revision: Revision) -> bool:
    """Return whether a revision is published and was drawn for a review, which has not been made yet."""
    return Submission.objects.sampled().filter(pk=revision.pk).exists()


def check_not_claimed(revision: Revision, moderator: User) -> None:
    """Check that no other moderator reviews the revision.

    Raises:
        ActionNotAllowed: another one does.
    """
    other = Claim.objects.active().filter(revision=revision.pk).exclude(moderator=moderator)
    if found := other.select_related("moderator").first():
        raise ActionNotAllowed(
            _("%(name)s reviews this until %(time)s. You can take it over.")
            % {"name": found.moderator.name, "time": format_end(found.ends_at)}
        )


def format_end(moment: datetime) -> str:
    """Return the time of day at which a claim ends."""
    return time_format(timezone.localtime(moment), "H:i")


def _store(revision: Revision, moderator: User) -> Claim:
    """Replace the claims of the revision, whose row is locked, and of the moderator."""
    ends_at = timezone.now() + CLAIM_TIME
    replaced = Claim.objects.filter(Q(moderator=moderator) | Q(revision=revision.pk))
    # In one order, so that two moderators who take over from each other do not wait for each other.
    list(replaced.select_for_update().order_by("pk"))
    replaced.exclude(moderator=moderator, revision=revision.pk).delete()
    made, _is_new = Claim.objects.update_or_create(
        revision_id=revision.pk, defaults={"moderator": moderator, "ends_at": ends_at}
    )
    return made
