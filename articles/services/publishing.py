"""The life of an article: each action is one function. A scheduled one has more of them (`schedule`).

Draft → In review → Published, Returned or Hidden. Each function locks the article, checks its state in the database
(not in the instance that the caller read), writes, sends its signal and returns the article. An action that does not
fit the state raises `ActionNotAllowed` with a sentence for the user, and writes nothing.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.selectors import has_confirmed_email
from accounts.services import lock_acting_user
from articles.models import Article, ArticleTag, Revision
from articles.services import checkpoints
from articles.services.images import hide_images, show_images
from articles.services.previews import end_link
from articles.services.revisions import (
    ArticleContent,
    PageState,
    check_in_review,
    is_empty,
    is_unchanged,
    lock_article,
    missing_for_submission,
    next_number,
    sanitized,
    update_tags,
)
from articles.services.states import announce, follow, publish_revision, save_revision, set_state
from articles.services.trust import is_trusted
from core import events
from core.exceptions import ActionNotAllowed
from core.sanitizer import plain_text
from core.text import shorten

MAX_SUMMARY = 200  # characters of one that is taken from the text


def start_draft(
    *, author: User, text: ArticleContent, form_key: uuid.UUID | None = None, page: PageState | None = None
) -> Article:
    """Create an article as a draft.

    Args:
        form_key: idempotency key of the form. A second call with the same key saves into the article of the first one,
            so that a form that is submitted twice creates one article.
        page: as in `save_draft`.

    Raises:
        ActionNotAllowed: nothing was typed, the author is suspended, the section was deleted meanwhile, or the article
            of this key is in review with another text.
        StaleVersion: the article of this key has another text than the page knows.
    """
    key = form_key or uuid.uuid4()
    text = sanitized(text)
    try:
        with transaction.atomic():
            lock_acting_user(author.pk)
            article = Article(author=author, form_key=key, section=text.section, language=text.language)
            if not is_empty(text):
                article.save()
                return save_revision(article, Revision(article=article, number=1), text, page)
    except IntegrityError as error:
        made = Article.objects.filter(author=author, form_key=key).first()
        if made is None:  # The error was not about the key.
            raise ActionNotAllowed(_("This section no longer exists. Choose another one.")) from error
        return save_draft(article=made, text=text, page=page)
    raise ActionNotAllowed(_("The form is empty. Write something first."))


@transaction.atomic
def save_draft(
    *,
    article: Article,
    text: ArticleContent,
    editor: User | None = None,
    page: PageState | None = None,
    with_checkpoint: bool = False,
) -> Article:
    """Save what the author or a co-author wrote.

    An open draft is overwritten. After a decision a new revision is created, and the older one stays as it was decided
    on. Saving the content of a revision in review or of a published one again changes nothing.

    Args:
        editor: who saves it; by default the author.
        page: what the page knows of the text that it replaces; by default any text is replaced.
        with_checkpoint: store the text that is overwritten, even if that was done minutes ago.

    Raises:
        ActionNotAllowed: the text is in review (withdraw it first), the draft is in the trash, or the editor is
            suspended or no longer a co-author.
        StaleVersion: the text was changed since `page`. Content that is stored already is never stale.
    """
    user = lock_acting_user(editor.pk if editor else article.author_id)
    article, latest = lock_article(article)
    if not article.is_by(user):
        raise ActionNotAllowed(_("You are no longer a co-author of this article, so your text was not saved."))
    text = sanitized(text)
    if article.live:  # From then on `articles.services.schedule` changes the time.
        text = replace(text, publish_at=None)
    if latest.state != Revision.State.RETURNED and is_unchanged(latest, text):
        return article
    if latest.state == Revision.State.IN_REVIEW:
        raise ActionNotAllowed(_("This version is in review. Withdraw it before you edit it."))
    if page:
        page.check(latest)
    if article.deleted_at:
        raise ActionNotAllowed(_("This draft is in the trash. Restore it before you save it."))
    revision = latest if latest.is_editable else Revision(article=article, number=next_number(article))
    if revision is latest and (with_checkpoint or checkpoints.is_due(latest, text)):
        checkpoints.create(latest)
    save_revision(article, revision, text, page)
    if article.live is None:
        article.section, article.language = text.section, text.language
        article.save(update_fields=["section", "language"])
        if article.state == Article.State.RETURNED and revision is not latest:
            set_state(article, Article.State.DRAFT)
    return article


@transaction.atomic
def submit(*, article: Article) -> Article:
    """Submit the draft for review, or publish it at once if its author is trusted.

    Raises:
        ActionNotAllowed: no confirmed e-mail, suspended, nothing to submit, or something is missing
            (`missing_for_submission`).
    """
    author = lock_acting_user(article.author_id)
    if not has_confirmed_email(author):
        raise ActionNotAllowed(_("Confirm your email address first. Use the link in the email that we sent you."))
    article, revision = lock_article(article)
    if revision.state == Revision.State.IN_REVIEW:
        return article  # The button was pressed twice.
    if not revision.is_editable:
        raise ActionNotAllowed(_("There are no changes to submit."))
    if article.deleted_at:
        raise ActionNotAllowed(_("This draft is in the trash. Restore it before you submit it."))
    if missing := missing_for_submission(revision):
        raise ActionNotAllowed(" ".join(missing.values()))
    revision.state = Revision.State.IN_REVIEW
    revision.submitted_at = timezone.now()
    revision.save_key = None  # From now on another page can have changed it.
    if not revision.summary:
        # Cards, feeds and search results show a summary: take the beginning of the text.
        revision.summary = shorten(plain_text(revision.body), MAX_SUMMARY)
        revision.version += 1
    revision.save(update_fields=["state", "submitted_at", "save_key", "summary", "version"])
    if article.state != Article.State.HIDDEN and is_trusted(author):
        article = publish_revision(article, revision, at=revision.publish_at)
        events.article_published_unreviewed.send(Article, article=article, revision=revision)
        return article
    follow(article, Article.State.IN_REVIEW)
    events.article_submitted.send(Article, article=article, revision=revision)
    return article


@transaction.atomic
def withdraw(*, article: Article) -> Article:
    """Withdraw the revision in review; it becomes a draft again.

    Raises:
        ActionNotAllowed: it is not in review any more.
    """
    article, revision = lock_article(article)
    check_in_review(revision)
    revision.state = Revision.State.DRAFT
    revision.save(update_fields=["state"])
    follow(article, Article.State.DRAFT)
    return article


@transaction.atomic
def publish(*, article: Article, revision_number: int, at: datetime | None = None) -> Article:
    """Publish the revision in review.

    Args:
        revision_number: number of the revision that the decision was made on.
        at: when readers see it, for a first publication; by default when the author wants it. If that has passed, at
            once.

    Raises:
        ActionNotAllowed: that revision is not in review any more, or its author is suspended and the time is to come.
    """
    article, revision = lock_article(article)
    check_in_review(revision, revision_number)
    return publish_revision(article, revision, at=at or revision.publish_at)


@transaction.atomic
def return_to_author(*, article: Article, revision_number: int) -> Article:
    """Return the revision in review to its author, who can edit and submit it again. A live revision stays public.

    Raises:
        ActionNotAllowed: that revision is not in review any more.
    """
    article, revision = lock_article(article)
    check_in_review(revision, revision_number)
    revision.state = Revision.State.RETURNED
    revision.save(update_fields=["state"])
    follow(article, Article.State.RETURNED)
    events.article_returned.send(Article, article=article, revision=revision)
    return article


@transaction.atomic
def publish_returned(*, article: Article, revision_number: int) -> Article:
    """Publish a revision that was returned, after its author's appeal.

    Raises:
        ActionNotAllowed: the author has changed the text since, or it is not returned.
    """
    article, revision = lock_article(article)
    if revision.state != Revision.State.RETURNED or revision.number != revision_number:
        raise ActionNotAllowed(_("The author has changed this text since it was returned."))
    return publish_revision(article, revision, at=revision.publish_at)


@transaction.atomic
def hide(*, article: Article) -> Article:
    """Hide a published article and its images from all readers.

    Raises:
        ActionNotAllowed: it is not published.
    """
    article, _latest = lock_article(article)
    _check_published(article)
    if article.is_unannounced:
        announce(article)  # Its time came a moment ago: who hears of the end has heard of the beginning.
    ArticleTag.objects.filter(article=article).delete()
    set_state(article, Article.State.HIDDEN)
    hide_images(article)
    end_link(article=article)
    events.article_hidden.send(Article, article=article)
    return article


@transaction.atomic
def restore(*, article: Article) -> Article:
    """Publish a hidden article again, with its first publication time.

    Raises:
        ActionNotAllowed: it is not hidden.
    """
    article, _latest = lock_article(article)
    if article.state != Article.State.HIDDEN or article.live is None:
        raise ActionNotAllowed(_("This article is not hidden."))
    set_state(article, Article.State.PUBLISHED)
    show_images(article)
    update_tags(article, article.live)
    events.article_restored.send(Article, article=article)
    return article


@transaction.atomic
def correct(*, article: Article, text: ArticleContent) -> Article:
    """Publish a moderator's correction of the live text as a new revision.

    Raises:
        ActionNotAllowed: the article is not published, or the author has a newer text open.
    """
    article, latest = lock_article(article)
    _check_published(article)
    if latest.pk != article.live_id and latest.state in {Revision.State.DRAFT, Revision.State.IN_REVIEW}:
        raise ActionNotAllowed(
            _("The author is working on a newer version. Decide on that version, or return it first.")
        )
    revision = Revision(article=article, number=next_number(article), submitted_at=timezone.now())
    return publish_revision(save_revision(article, revision, sanitized(text)), revision)


@transaction.atomic
def discard(*, article: Article) -> None:
    """Move a draft to the trash (`articles.services.drafts`).

    Raises:
        ActionNotAllowed: it is in review, was published, or a moderator has decided on it.
    """
    article, latest = lock_article(article)
    if article.live is not None or article.state == Article.State.IN_REVIEW:
        raise ActionNotAllowed(_("You can only delete a draft that was never published."))
    if article.state != Article.State.DRAFT or latest.number > 1:
        raise ActionNotAllowed(_("This article was decided on or scheduled before, so it cannot be deleted."))
    end_link(article=article)
    if article.deleted_at is None:  # Otherwise the button was pressed twice.
        article.deleted_at = timezone.now()
        article.save(update_fields=["deleted_at"])


def _check_published(article: Article) -> None:
    if not article.is_public:
        raise ActionNotAllowed(_("This article is not published."))
