"""Secret links, with which authors show a text before it is published."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.selectors import has_confirmed_email
from accounts.services import lock_acting_user
from articles.models import Article, PreviewLink
from articles.services.revisions import lock_article
from core.exceptions import ActionNotAllowed
from core.logs import log_event

TIMEOUT = timedelta(days=14)
MAX_PER_AUTHOR = 20


@transaction.atomic
def create_link(*, article: Article) -> PreviewLink:
    """Return the secret link of an article, a new one unless there is one.

    Raises:
        ActionNotAllowed: the author is suspended, has no confirmed email address or has `MAX_PER_AUTHOR` links, or the
            article is hidden or in the trash.
    """
    author = lock_acting_user(article.author_id)
    if not has_confirmed_email(author):
        raise ActionNotAllowed(_("Confirm your email address first. Use the link in the email that we sent you."))
    article, _latest = lock_article(article)
    if article.state == Article.State.HIDDEN or article.deleted_at:
        raise ActionNotAllowed(_("This article cannot be shared now."))
    links = PreviewLink.objects.live()
    if link := links.filter(article=article).first():
        return link  # The button was pressed twice.
    if links.filter(article__author=author).count() >= MAX_PER_AUTHOR:
        raise ActionNotAllowed(
            _("You have %(count)d secret links. End one of them before you create another.") % {"count": MAX_PER_AUTHOR}
        )
    PreviewLink.objects.filter(article=article).delete()  # It has expired.
    link = PreviewLink.objects.create(article=article, expires_at=timezone.now() + TIMEOUT)
    log_event("preview_link_created", article_id=article.pk)
    return link


@transaction.atomic
def end_link(*, article: Article) -> None:
    """Delete the secret link of an article, if it has one. It never works again."""
    if PreviewLink.objects.filter(article=article).delete()[0]:
        log_event("preview_link_ended", article_id=article.pk)


def delete_expired() -> int:
    """Delete the links that have expired; return how many."""
    return PreviewLink.objects.filter(expires_at__lte=timezone.now()).delete()[0]
