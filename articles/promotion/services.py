"""Asking for an article to be put forward."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from articles.models import Article
from articles.promotion.models import Promotion
from articles.promotion.tasks import tell_moderators
from articles.publishing import NotPossible

MAX_MESSAGE = 1000


def open_request(*, article: Article, sponsor: User) -> Promotion | None:
    """The person's request for this article that waits for a moderator, if there is one."""
    return Promotion.objects.filter(article=article, sponsor=sponsor, state=Promotion.State.REQUESTED).first()


def request_promotion(*, article: Article, sponsor: User, message: str = "") -> Promotion:
    """Ask the moderators to put a published article forward, and have them told.

    A person has one open request for an article: asking again, however often and at once, returns it as it is.

    Raises:
        NotPossible: the person is suspended, the article is not published, or the message is too long.
    """
    if sponsor.is_suspended:
        raise NotPossible(_("Your account is suspended, so you cannot put articles forward at the moment."))
    message = message.strip()
    if len(message) > MAX_MESSAGE:
        raise NotPossible(_("Write at most %(count)d characters.") % {"count": MAX_MESSAGE})
    try:
        with transaction.atomic():
            # Locked, so that it is not hidden between the question and the record.
            locked = Article.objects.select_for_update(no_key=True).only("state").filter(pk=article.pk).first()
            if locked is None or not locked.is_public:
                raise NotPossible(_("Only a published article can be put forward."))
            made = Promotion.objects.create(article=article, sponsor=sponsor, message=message)
            tell_moderators.enqueue(made.pk)
    except IntegrityError:
        found = open_request(article=article, sponsor=sponsor)
        if found is None:
            raise
        return found
    return made
