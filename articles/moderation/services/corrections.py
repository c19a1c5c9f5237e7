"""Corrections that moderators publish or remove. Each action is one transaction.

All raise `PermissionDenied` without the permission to decide, and `ActionNotAllowed` if the moderator is suspended or
the article is their own.
"""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import lock_acting_user
from articles.models import Article, Correction
from articles.models.content import MAX_CORRECTION
from articles.moderation.services.notifications import email_user
from articles.moderation.services.permissions import DECIDE, check_not_own
from articles.services.corrections import publish_correction
from articles.services.revisions import lock_article
from core.exceptions import ActionNotAllowed
from core.logs import log_event
from core.text import clean_text, is_visible, text_length


@transaction.atomic
def add_correction(*, article: Article, moderator: User, text: str) -> Correction:
    """Tell readers what was wrong in a published article, and email the author.

    Raises:
        ActionNotAllowed: the article is not published, or the text is empty or too long.
    """
    lock_acting_user(moderator.pk, DECIDE)
    article, _latest = lock_article(article)
    check_not_own(article, moderator)
    if not article.is_public:
        raise ActionNotAllowed(_("This article is not published."))
    text = clean_text(text, one_line=True)
    if not is_visible(text):
        raise ActionNotAllowed(_("Write what was wrong."), "correction")
    if text_length(text, MAX_CORRECTION) > MAX_CORRECTION:
        limit = _("Enter a correction of up to %(count)d characters.") % {"count": MAX_CORRECTION}
        raise ActionNotAllowed(limit, "correction")
    if correction := article.corrections.filter(text=text).first():
        return correction  # The button was pressed twice.
    correction = publish_correction(article=article, text=text)
    email_user(article.author, "correction", correction)
    return correction


@transaction.atomic
def remove_correction(*, correction: Correction, moderator: User) -> None:
    """Remove a correction that should not be public. Idempotent."""
    lock_acting_user(moderator.pk, DECIDE)
    article, _latest = lock_article(correction.article)
    check_not_own(article, moderator)
    if Correction.objects.filter(pk=correction.pk).delete()[0]:
        log_event("correction_removed", article_id=article.pk, correction_id=correction.pk)
