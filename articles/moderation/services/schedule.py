"""Scheduled articles: moderators change the time or stop the publication. Each action is one transaction.

All raise `PermissionDenied` without the permission to decide, and `ActionNotAllowed` if the moderator is suspended, the
article is their own, or it is not scheduled any more. The author is told by email.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.services import lock_acting_user
from articles.models import Article
from articles.moderation.services.notifications import email_user
from articles.moderation.services.permissions import DECIDE, check_not_own
from articles.services.schedule import reschedule_as_moderator, return_to_review
from core.text import clean_reason


@transaction.atomic
def reschedule(*, article: Article, moderator: User, at: datetime | None, reason: str = "") -> Article:
    """Change the time of a scheduled article.

    Args:
        at: the new time; None publishes it now.
        reason: for the author, if there is something to say.
    """
    reason = clean_reason(reason, required=False)
    lock_acting_user(moderator.pk, DECIDE)
    article = reschedule_as_moderator(article=article, at=at)
    check_not_own(article, moderator)
    email_user(article.author, "schedule", article, reason=reason)
    return article


@transaction.atomic
def stop(*, article: Article, moderator: User, reason: str) -> Article:
    """Stop the publication of a scheduled article. Its text is in review again.

    Args:
        reason: the author reads it.
    """
    reason = clean_reason(reason, required=True)
    lock_acting_user(moderator.pk, DECIDE)
    article = return_to_review(article=article)
    check_not_own(article, moderator)
    email_user(article.author, "schedule", article, reason=reason)
    return article
