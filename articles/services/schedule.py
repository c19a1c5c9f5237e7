"""Scheduled articles: published at a later time, which queries compare with the clock (`ArticleQuerySet.published`).

Each action of an author or moderator locks the article and raises `ActionNotAllowed` if it is not scheduled any more.
`announce_due` does what readers do not wait for: search, emails and whatever else follows `article_published`.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import lock_acting_user
from articles.models import Article, ArticleTag, Revision
from articles.services.drafts import content_of
from articles.services.revisions import lock_article, next_number
from articles.services.states import TIME_FIELDS, announce, save_revision, set_time
from articles.services.trust import is_trusted
from core.exceptions import ActionNotAllowed
from core.logs import log_event

MAX_AHEAD = timedelta(days=366)
# Articles in one run.
MAX_ANNOUNCED = 1_000

logger = logging.getLogger(__name__)


def check_time(at: datetime) -> None:
    """Check that an article can be published at this time.

    Raises:
        ActionNotAllowed: it has passed, or is more than a year ahead.
    """
    now = timezone.now()
    if at <= now:
        raise ActionNotAllowed(_("This time has passed. Choose a later one, or leave the field empty."), "publish_at")
    if at > now + MAX_AHEAD:
        raise ActionNotAllowed(_("Choose a time within the next year."), "publish_at")


@transaction.atomic
def reschedule(*, article: Article, at: datetime | None) -> Article:
    """Change the time of the author's own scheduled article.

    Args:
        at: the new time; None publishes it now.

    Raises:
        ActionNotAllowed: the time is not possible, or earlier than what a moderator has confirmed to an author who is
            not trusted.
    """
    author = lock_acting_user(article.author_id)
    article, _latest = _lock_scheduled(article)
    assert article.published_at is not None  # guaranteed by a constraint
    if (at is None or at < article.published_at) and not is_trusted(author):
        raise ActionNotAllowed(_("A moderator has confirmed the time. You can choose a later one."), "publish_at")
    return _set_time(article, at)


@transaction.atomic
def cancel(*, article: Article) -> Article:
    """Cancel the publication of the author's own scheduled article, which becomes a draft."""
    lock_acting_user(article.author_id)
    return _take_back(*_lock_scheduled(article), to_review=False)


@transaction.atomic
def reschedule_as_moderator(*, article: Article, at: datetime | None) -> Article:
    """Change the time of a scheduled article.

    Args:
        at: as in `reschedule`.
    """
    return _set_time(_lock_scheduled(article)[0], at)


@transaction.atomic
def return_to_review(*, article: Article) -> Article:
    """Stop the publication of a scheduled article: its text waits for a decision again."""
    return _take_back(*_lock_scheduled(article), to_review=True)


@transaction.atomic
def stop_all(*, author: User) -> int:
    """Stop the publication of all scheduled articles of an author who is suspended or gone; return how many."""
    count = 0
    # Locked in one order, as by `coauthors.rename`.
    for scheduled in Article.objects.scheduled().by(author).order_by("pk"):
        article, latest = lock_article(scheduled)
        if article.is_scheduled:
            _take_back(article, latest, to_review=True)
            count += 1
    return count


def announce_due() -> int:
    """Announce the articles whose time has come; return how many. It can run late, and twice at the same time."""
    count = 0
    for pk in list(Article.objects.due().values_list("pk", flat=True)[:MAX_ANNOUNCED]):
        try:
            with transaction.atomic():
                # Again, because its time can have been changed, or another worker announced it.
                due = Article.objects.due().order_by().select_for_update(no_key=True, skip_locked=True)
                if article := due.filter(pk=pk).first():
                    announce(lock_article(article)[0])
                    count += 1
        except Exception:  # The others do not wait for it.
            logger.exception("Article %s could not be announced", pk)
    return count


def _lock_scheduled(article: Article) -> tuple[Article, Revision]:
    article, latest = lock_article(article)
    if not article.is_scheduled:
        raise ActionNotAllowed(_("This article is not scheduled any more."))
    return article, latest


def _set_time(article: Article, at: datetime | None) -> Article:
    if at:
        check_time(at)
    set_time(article, at or timezone.now())
    article.save(update_fields=TIME_FIELDS)
    ArticleTag.objects.filter(article=article).update(published_at=article.published_at)
    log_event("article_rescheduled", article_id=article.pk)
    return article if at else announce(article)


def _take_back(article: Article, latest: Revision, *, to_review: bool) -> Article:
    """Make a scheduled article one that was never published.

    Args:
        to_review: its text waits for a decision, unless the author works on a newer one; otherwise it is a draft.
    """
    is_latest, at = latest.pk == article.live_id, article.published_at
    if is_latest and to_review:
        latest.state, latest.publish_at = Revision.State.IN_REVIEW, at
        latest.save(update_fields=["state", "publish_at"])
    else:
        # A decision can be bound to it, so it stays as it is.
        Revision.objects.filter(live_for=article).update(state=Revision.State.CANCELLED)
        if is_latest:
            text = replace(content_of(latest), publish_at=at)
            latest = Revision(article=article, number=next_number(article))
            save_revision(article, latest, text)
    ArticleTag.objects.filter(article=article).delete()
    article.live = article.published_at = None
    article.is_unannounced, article.hot = False, 0.0
    article.section, article.language = latest.section, latest.language
    article.state, article.state_since = latest.state, timezone.now()
    article.save(update_fields=["live", "section", "language", "state", "is_unannounced", *TIME_FIELDS])
    log_event("article_unscheduled", article_id=article.pk)
    return article
