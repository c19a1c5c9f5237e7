"""Drafts: save while the author writes, go back to an earlier text, and the trash."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from articles.models import Article, Checkpoint, Revision
from articles.services import checkpoints
from articles.services.body_images import drop_foreign_images, record_images
from articles.services.publishing import save_draft
from articles.services.revisions import (
    ArticleContent,
    PageState,
    StaleVersion,
    is_unchanged,
    lock_article,
    sanitized,
    set_content,
)
from core.exceptions import ActionNotAllowed
from core.logs import log_event

# Until a draft in the trash is deleted for good.
TRASH_TIMEOUT = timedelta(days=30)
# Drafts in one run.
MAX_DELETED = 1_000
SAVED_FIELDS = (*ArticleContent.__dataclass_fields__, "version", "save_key", "updated_at", "checkpointed_at")


def autosave(*, article: Article, text: ArticleContent, page: PageState, editor: User | None = None) -> Revision:
    """Save what the author or a co-author has written so far, with as few queries as possible.

    The one draft is overwritten, by an UPDATE that does nothing if its version is not the expected one. After a
    decision the first change creates the next revision, as in `save_draft`.

    Args:
        article: from `own_draft`.
        editor: who saves it; by default the author.

    Returns:
        the revision that has this text now.

    Raises:
        ActionNotAllowed, StaleVersion: as `save_draft`.
    """
    latest, content = article.latest, sanitized(text)
    assert latest is not None  # `start_draft` creates both
    latest.article = article
    before = latest.body
    if is_unchanged(latest, content):
        return latest
    is_copied = article.live_id is None and (latest.section_id, latest.language) != (
        content.section and content.section.pk,
        content.language,
    )
    if not latest.is_editable or is_copied or article.deleted_at or (editor or article.author).is_suspended:
        saved = save_draft(article=article, text=content, editor=editor, page=page).latest
        assert saved is not None
        return saved
    page.check(latest)
    try:
        with transaction.atomic():
            if checkpoints.is_due(latest, content):
                checkpoints.create(latest)
            set_content(latest, content, page)
            drop_foreign_images(latest, before)
            draft = Revision.objects.filter(pk=latest.pk, state=Revision.State.DRAFT, version=latest.version)
            latest.version += 1
            if not draft.update(**{name: getattr(latest, name) for name in SAVED_FIELDS}):
                raise StaleVersion
            record_images(latest, before)
    except IntegrityError as error:
        raise ActionNotAllowed(_("This section no longer exists. Choose another one.")) from error
    return latest


def restore_version(*, article: Article, version: int, editor: User | None = None) -> Article:
    """Make an earlier text the draft again. The text that it replaces becomes a checkpoint, so this can be undone.

    Args:
        version: of a revision or a checkpoint of the article.
        editor: who does it; by default the author.

    Raises:
        ActionNotAllowed: there is no such version, or as `save_draft`.
    """
    of_version = {"article": article, "version": version}
    found = Revision.objects.filter(**of_version).first() or Checkpoint.objects.filter(**of_version).first()
    if found is None:
        raise ActionNotAllowed(_("This version no longer exists."))
    return save_draft(article=article, text=content_of(found), editor=editor, with_checkpoint=True)


def content_of(source: Revision | Checkpoint) -> ArticleContent:
    """Return the content of a revision or a checkpoint, without a correction that was published."""
    values = {name: getattr(source, name) for name in ArticleContent.__dataclass_fields__}
    return ArticleContent(**{**values, "correction": source.pending_correction})


@transaction.atomic
def discard_edit(*, article: Article) -> Article:
    """Go back from an unsubmitted edit to the text that readers see. The edit becomes a checkpoint.

    Raises:
        ActionNotAllowed: there is no such edit, or it is in review.
    """
    article, latest = lock_article(article)
    if latest.state == Revision.State.IN_REVIEW:
        raise ActionNotAllowed(_("This version is in review. Withdraw it before you edit it."))
    if article.live is None or not latest.is_editable:
        raise ActionNotAllowed(_("There are no changes to discard."))
    checkpoints.create(latest)
    # Versions grow with each change, so that an open page which knows the edit is stale.
    article.live.version, article.live.save_key = latest.version + 1, None
    article.live.save(update_fields=["version", "save_key"])
    article.latest = article.live
    article.save(update_fields=["latest"])
    latest.delete()
    log_event("edit_discarded", article_id=article.pk)
    return article


@transaction.atomic
def restore_from_trash(*, article: Article) -> Article:
    """Take a draft out of the trash.

    Raises:
        ActionNotAllowed: it was deleted for good.
    """
    article, _latest = lock_article(article)
    if article.deleted_at:  # Otherwise the button was pressed twice.
        article.deleted_at = None
        article.save(update_fields=["deleted_at"])
    return article


def delete_trashed() -> int:
    """Delete the drafts that were in the trash for `TRASH_TIMEOUT`; return how many."""
    expired = Article.objects.in_trash().filter(deleted_at__lt=timezone.now() - TRASH_TIMEOUT)
    count = 0
    for pk in list(expired.values_list("pk", flat=True)[:MAX_DELETED]):
        # Again, because the author can have restored it meanwhile.
        with suppress(ProtectedError), transaction.atomic():
            if article := expired.select_for_update().filter(pk=pk).first():
                article.delete()
                count += 1
    return count
