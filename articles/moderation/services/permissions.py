"""The permissions of moderators."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.models import User
from articles.models import Article
from core.exceptions import ActionNotAllowed

DECIDE = "moderation.decide"
SUSPEND = "moderation.add_suspension"
LIFT = "moderation.change_suspension"


def check_not_own(article: Article, moderator: User) -> None:
    """Check that a moderator does not act on their own article, also as a co-author.

    Raises:
        ActionNotAllowed: it is their own.
    """
    if article.is_by(moderator):
        raise ActionNotAllowed(_("This is your own article. Another moderator must decide on it."))
