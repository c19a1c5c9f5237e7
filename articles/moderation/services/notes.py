"""Notes that moderators write for each other."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import lock_acting_user
from articles.models import Article
from articles.moderation.models import StaffNote
from articles.moderation.services.permissions import DECIDE
from core.exceptions import ActionNotAllowed
from core.text import MAX_REASON, clean_text


@transaction.atomic
def add_note(*, moderator: User, text: str, user: User | None = None, article: Article | None = None) -> StaffNote:
    """Note something about an author or an article, for moderators only.

    Raises:
        PermissionDenied: the user is not a moderator.
        ActionNotAllowed: the note is empty or too long, or the moderator is suspended.
    """
    lock_acting_user(moderator.pk, DECIDE)
    text = clean_text(text)
    if not text:
        raise ActionNotAllowed(_("Write something before you save the note."))
    if len(text) > MAX_REASON:
        raise ActionNotAllowed(_("Enter a note of up to %(count)d characters.") % {"count": MAX_REASON})
    return StaffNote.objects.create(moderator=moderator, text=text, user=user, article=article)
