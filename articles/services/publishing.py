"""The life of an article: each verb is one function, and nothing else changes a state.

Draft → In review → Published, Returned or Hidden. Each function locks the article, checks what the database says now
(not what the caller read), writes, and returns the article. A verb that does not fit the present state raises
`ActionNotAllowed` with a sentence for the person; nothing has happened then.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.selectors import has_confirmed_email
from articles.models import Article, ArticleTag, Image, Revision, Section, Tag
from articles.models.ranking import hot
from core import events
from core.exceptions import ActionNotAllowed
from core.models import SiteSettings
from core.sanitizer import plain_text, sanitize

MIN_WORDS = 30
MAX_TAGS = 5


@dataclass(frozen=True, kw_only=True)
class ArticleContent:
    """What an author writes, as the form hands it over. `body` is HTML; it is sanitised here again."""

    title: str
    section: Section
    language: str = "en"
    summary: str = ""
    body: str = ""
    tag_names: list[str] = field(default_factory=list)
    image: Image | None = None
    caption: str = ""
    alternative_text: str = ""
    credit: str = ""


def _locked(article: Article) -> Article:
    """The article as the database holds it now, locked until the transaction ends.

    Raises:
        ActionNotAllowed: it was deleted meanwhile.
    """
    # The lock stands alone: a query that waits for a lock brings joined rows from before its wait.
    if not Article.objects.select_for_update(no_key=True).only("pk").filter(pk=article.pk).first():
        raise ActionNotAllowed(_("This article is not there any more."))
    return Article.objects.select_related("live", "latest", "author").get(pk=article.pk)


def _set_state(article: Article, state: str) -> None:
    article.state = state
    article.state_since = timezone.now()
    article.save(update_fields=["state", "state_since"])


def _write(revision: Revision, text: ArticleContent) -> None:
    # Not asdict(): it would copy the model instances.
    for name in ArticleContent.__dataclass_fields__:
        setattr(revision, name, getattr(text, name))
    revision.body = sanitize(text.body)
    revision.updated_at = timezone.now()


def _is_unchanged(revision: Revision, text: ArticleContent) -> bool:
    """Whether the revision says what the text says; a summary that was taken from the text counts as none."""
    same = all(
        getattr(revision, name) == getattr(text, name)
        for name in ArticleContent.__dataclass_fields__
        if name not in {"body", "summary"}
    )
    return same and text.summary in {"", revision.summary} and revision.body == sanitize(text.body)


def _check_can_write(author: User) -> None:
    if author.is_suspended:
        raise ActionNotAllowed(_("Your account is suspended, so you cannot write at the moment."))


def start_draft(*, author: User, text: ArticleContent, form_key: uuid.UUID | None = None) -> Article:
    """Begin an article as a draft.

    Args:
        form_key: the form's own key. A second call with the same key changes the article that the first one made, as
            `save_draft` does, so that a form sent twice is one article.

    Raises:
        ActionNotAllowed: the author is suspended, the section was deleted meanwhile, or the article of this key is in
            review with another text.
    """
    _check_can_write(author)
    key = form_key or uuid.uuid4()
    try:
        with transaction.atomic():
            article = Article.objects.create(author=author, form_key=key, section=text.section, language=text.language)
            revision = Revision(article=article, number=1)
            _write(revision, text)
            revision.save(force_insert=True)
            article.latest = revision
            article.save(update_fields=["latest"])
    except IntegrityError as error:
        made = Article.objects.select_related("latest").filter(author=author, form_key=key).first()
        if made is None:  # It was not the key.
            raise ActionNotAllowed(_("This section is not there any more. Choose another one.")) from error
        if made.latest and _is_unchanged(made.latest, text):
            return made
        return save_draft(article=made, text=text)
    return article


def save_draft(*, article: Article, text: ArticleContent) -> Article:
    """Save what the author wrote.

    An open draft is overwritten; where the latest text is published, returned or hidden, a new revision begins and the
    older one stays as it was decided on. A published text that is saved unchanged, and one in review that is sent
    again, stay as they are.

    Raises:
        ActionNotAllowed: the text is in review (withdraw it first), or the author is suspended.
    """
    _check_can_write(article.author)
    with transaction.atomic():
        article = _locked(article)
        latest = _latest(article)
        if latest.state in {Revision.State.IN_REVIEW, Revision.State.PUBLISHED} and _is_unchanged(latest, text):
            return article
        if latest.state == Revision.State.IN_REVIEW:
            raise ActionNotAllowed(_("This text is in review. Withdraw it first to change it."))
        revision = latest if latest.is_editable else Revision(article=article, number=latest.number + 1)
        _write(revision, text)
        revision.save()
        article.latest = revision
        article.save(update_fields=["latest"])
        if article.live is None:
            article.section, article.language = text.section, text.language
            article.save(update_fields=["section", "language"])
            if article.state == Article.State.RETURNED and revision is not latest:
                _set_state(article, Article.State.DRAFT)
    return article


def missing_for_submission(revision: Revision) -> dict[str, str]:
    """What a text still lacks to be submitted, as field name → sentence; empty when nothing is missing."""
    missing = {}
    if len(plain_text(revision.body).split()) < MIN_WORDS:
        missing["body"] = _("Write at least %(count)d words.") % {"count": MIN_WORDS}
    return missing


def is_trusted(author: User) -> bool:
    """Whether the author publishes at once: enough reviewed articles are published and none is hidden."""
    articles, enough = Article.objects.by(author), SiteSettings.current().reviewed_before_trusted
    # Never counts further than it must: some authors have thousands.
    published = articles.published().values("pk")[:enough].count() if enough else 0
    return published >= enough and not articles.filter(state=Article.State.HIDDEN).exists()


def submit(*, article: Article) -> Article:
    """Send the draft to the moderators, or publish it at once where its author is trusted.

    Raises:
        ActionNotAllowed: no confirmed e-mail, suspended, nothing to submit, or something is missing
            (`missing_for_submission`).
    """
    author = article.author
    _check_can_write(author)
    if not has_confirmed_email(author):
        raise ActionNotAllowed(_("Confirm your e-mail address first: the link is in the message that we sent you."))
    with transaction.atomic():
        article = _locked(article)
        revision = _latest(article)
        if revision.state == Revision.State.IN_REVIEW:
            return article  # The same button pressed twice.
        if not revision.is_editable:
            raise ActionNotAllowed(_("There is no changed text to submit."))
        if missing := missing_for_submission(revision):
            raise ActionNotAllowed(" ".join(missing.values()))
        revision.state = Revision.State.IN_REVIEW
        revision.submitted_at = timezone.now()
        # Cards, feeds and search results need one; the beginning of the text stands in where the author gave none.
        revision.summary = revision.summary or Truncator(plain_text(revision.body)).chars(200, truncate="…")
        revision.save(update_fields=["state", "submitted_at", "summary"])
        if article.state != Article.State.HIDDEN and is_trusted(author):
            return _publish(article, revision)
        if article.live is None:
            _set_state(article, Article.State.IN_REVIEW)
        events.article_submitted.send(Article, article=article, revision=revision)
    return article


def withdraw(*, article: Article) -> Article:
    """Take a text back from review; it is a draft again.

    Raises:
        ActionNotAllowed: it is not in review any more.
    """
    with transaction.atomic():
        article = _locked(article)
        revision = _in_review(article)
        revision.state = Revision.State.DRAFT
        revision.save(update_fields=["state"])
        if article.live is None:
            _set_state(article, Article.State.DRAFT)
    return article


def publish(*, article: Article, revision_number: int) -> Article:
    """Make the revision in review what readers see.

    Args:
        revision_number: the revision that the decision was made on.

    Raises:
        ActionNotAllowed: that revision is not in review any more (decided or withdrawn meanwhile).
    """
    with transaction.atomic():
        article = _locked(article)
        return _publish(article, _in_review(article, revision_number))


def return_to_author(*, article: Article, revision_number: int) -> Article:
    """Give the revision in review back; its author can edit and submit again. A live text stays up.

    Raises:
        ActionNotAllowed: that revision is not in review any more.
    """
    with transaction.atomic():
        article = _locked(article)
        revision = _in_review(article, revision_number)
        revision.state = Revision.State.RETURNED
        revision.save(update_fields=["state"])
        if article.live is None:
            _set_state(article, Article.State.RETURNED)
        events.article_returned.send(Article, article=article, revision=revision)
    return article


def hide(*, article: Article) -> Article:
    """Take a published article from every reader's eyes.

    Raises:
        ActionNotAllowed: it is not published.
    """
    with transaction.atomic():
        article = _locked(article)
        if article.state != Article.State.PUBLISHED:
            raise ActionNotAllowed(_("This article is not published."))
        ArticleTag.objects.filter(article=article).delete()
        _set_state(article, Article.State.HIDDEN)
        events.article_hidden.send(Article, article=article)
    return article


def restore(*, article: Article) -> Article:
    """Show a hidden article again, as it was, at its first time of publication.

    Raises:
        ActionNotAllowed: it is not hidden.
    """
    with transaction.atomic():
        article = _locked(article)
        if article.state != Article.State.HIDDEN or article.live is None:
            raise ActionNotAllowed(_("This article is not hidden."))
        _set_state(article, Article.State.PUBLISHED)
        _tag(article, article.live)
        events.article_restored.send(Article, article=article)
    return article


def correct(*, article: Article, text: ArticleContent) -> Article:
    """A moderator's correction of the live text: a new revision, live at once. Open drafts of the author stay open.

    Raises:
        ActionNotAllowed: the article is not published, or the author has a newer text open.
    """
    with transaction.atomic():
        article = _locked(article)
        latest = _latest(article)
        if article.state != Article.State.PUBLISHED or article.live is None:
            raise ActionNotAllowed(_("This article is not published."))
        if latest.pk != article.live.pk and latest.state in {Revision.State.DRAFT, Revision.State.IN_REVIEW}:
            raise ActionNotAllowed(_("The author is working on a newer text. Decide on that one, or return it first."))
        revision = Revision(article=article, number=latest.number + 1, state=Revision.State.IN_REVIEW)
        _write(revision, text)
        revision.submitted_at = timezone.now()
        revision.save()
        article.latest = revision
        article.save(update_fields=["latest"])
        return _publish(article, revision)


def discard(*, article: Article) -> None:
    """Delete a draft that was never published, with its revisions.

    Raises:
        ActionNotAllowed: it is in review, readers have seen it, or a moderator has decided on it.
    """
    with transaction.atomic():
        article = _locked(article)
        if article.live is not None or article.state == Article.State.IN_REVIEW:
            raise ActionNotAllowed(_("Only a draft that was never published can be deleted."))
        try:
            article.delete()
        except ProtectedError as error:
            raise ActionNotAllowed(_("A moderator has decided on this article, so it stays in the record.")) from error


def _latest(article: Article) -> Revision:
    if article.latest is None:
        raise ActionNotAllowed(_("This article has no text."))
    return article.latest


def _in_review(article: Article, number: int | None = None) -> Revision:
    revision = _latest(article)
    if revision.state != Revision.State.IN_REVIEW or number not in {None, revision.number}:
        raise ActionNotAllowed(_("This text is not in review any more: it was decided on or withdrawn meanwhile."))
    return revision


def _publish(article: Article, revision: Revision) -> Article:
    revision.state = Revision.State.PUBLISHED
    revision.save(update_fields=["state"])
    article.live = revision
    article.section, article.language = revision.section, revision.language
    if article.published_at is None:
        article.published_at = timezone.now()
        article.hot = hot(article.likes, article.dislikes, article.published_at)
    article.state = Article.State.PUBLISHED
    article.state_since = timezone.now()
    article.save(update_fields=["live", "section", "language", "published_at", "hot", "state", "state_since"])
    _tag(article, revision)
    events.article_published.send(Article, article=article, revision=revision)
    return article


def _tag(article: Article, revision: Revision) -> None:
    assert article.published_at is not None
    tags = Tag.objects.named(revision.tag_names[:MAX_TAGS])
    ArticleTag.objects.filter(article=article).exclude(tag__in=tags).delete()
    ArticleTag.objects.bulk_create(
        [ArticleTag(article=article, tag=tag, published_at=article.published_at) for tag in tags], ignore_conflicts=True
    )
