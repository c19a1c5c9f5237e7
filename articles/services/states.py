"""Changes of state that several actions share. The caller has locked the article and checked that the action fits."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from articles.models import Article, Revision
from articles.models.ranking import hot
from articles.services.body_images import drop_foreign_images, record_images
from articles.services.corrections import publish_correction
from articles.services.revisions import ArticleContent, PageState, set_content, update_tags
from core import events
from core.exceptions import ActionNotAllowed
from core.logs import log_event

# What `set_time` changes.
TIME_FIELDS = ("published_at", "state_since", "hot")


def save_revision(article: Article, revision: Revision, text: ArticleContent, page: PageState | None = None) -> Article:
    """Save sanitised text into a revision, which becomes the latest one."""
    before = revision.body
    set_content(revision, text, page)
    drop_foreign_images(revision, before)
    revision.version = article.latest.version + 1 if article.latest else 1
    revision.save()
    record_images(revision, before)
    article.latest = revision
    article.save(update_fields=["latest"])
    return article


def publish_revision(article: Article, revision: Revision, *, at: datetime | None = None) -> Article:
    """Make a revision the live one.

    Args:
        at: when readers see an article that was never published; by default, and if it has passed, now.

    Raises:
        ActionNotAllowed: the time is to come, and the author is suspended or the account is closed.
    """
    now = timezone.now()
    revision.state, revision.publish_at = Revision.State.PUBLISHED, None
    revision.save(update_fields=["state", "publish_at"])
    if article.live is not None and not article.is_scheduled and revision.correction:
        publish_correction(article=article, text=revision.correction)
    article.live = revision
    article.section, article.language = revision.section, revision.language
    article.state, article.state_since = Article.State.PUBLISHED, now
    if article.published_at is None:
        set_time(article, max(at or now, now))
        article.is_unannounced = article.is_scheduled
    if article.is_scheduled and article.published_at:
        _check_can_wait(article)
        article.state_since = article.published_at
    article.save(update_fields=["live", "section", "language", "state", "is_unannounced", *TIME_FIELDS])
    if not article.is_scheduled:
        return announce(article)
    update_tags(article, revision, with_new=False)
    log_event("article_scheduled", article_id=article.pk, revision_id=revision.pk)
    return article


def set_time(article: Article, at: datetime) -> None:
    """Set when an article is published for the first time, without saving it."""
    article.published_at = article.state_since = at
    article.hot = hot(article.likes, article.dislikes, at)


def announce(article: Article) -> Article:
    """Tell the other apps that readers see the live revision."""
    assert article.live is not None  # guaranteed by a constraint
    if article.is_unannounced:
        article.is_unannounced = False
        article.save(update_fields=["is_unannounced"])
    update_tags(article, article.live)
    events.article_published.send(Article, article=article, revision=article.live)
    return article


def follow(article: Article, state: str) -> None:
    """Give an article that was never published the state of its latest revision."""
    if article.live is None:
        set_state(article, state)


def set_state(article: Article, state: str) -> None:
    """Save the state that an article is in from now on."""
    article.state = state
    article.state_since = timezone.now()
    article.save(update_fields=["state", "state_since"])


def _check_can_wait(article: Article) -> None:
    if article.author.is_suspended or not article.author.is_active:
        raise ActionNotAllowed(
            _("The author is suspended or the account is closed, so the article cannot be scheduled."), "publish_at"
        )
