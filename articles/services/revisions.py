"""Write and compare the content of revisions; the steps that the actions of `articles.services.publishing` share."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from articles.disclosure import missing_answers
from articles.models import Article, ArticleTag, Image, Revision, Section, Tag
from articles.models.disclosure import DETAILS
from articles.models.slugs import slug_of
from core.exceptions import ActionNotAllowed
from core.sanitizer import plain_text, sanitize
from core.text import is_visible

MIN_WORDS = 30
MAX_BODY_LENGTH = 100_000  # characters, with the markup
MAX_TAGS = 5


@dataclass(frozen=True, kw_only=True)
class ArticleContent:
    """What an author writes; any of it can be missing in a draft. `body` is HTML; it is sanitised when it is stored."""

    title: str = ""
    section: Section | None = None
    language: str = "en"
    summary: str = ""
    body: str = ""
    tag_names: list[str] = field(default_factory=list)
    image: Image | None = None
    caption: str = ""
    alternative_text: str = ""
    credit: str = ""
    canonical_url: str = ""
    correction: str = ""
    publish_at: datetime | None = None
    sponsorship: str = ""
    sponsor: str = ""
    interest: str = ""
    interest_note: str = ""
    ai_help: str = ""
    translation: str = ""
    translation_of: str = ""


class StaleVersion(ActionNotAllowed):
    """The text was changed since the version that the author saw. Nothing was written."""

    def __init__(self) -> None:
        super().__init__(
            _("This article was changed in another window or by a moderator since you opened it. Nothing was replaced.")
        )


@dataclass(frozen=True, kw_only=True)
class PageState:
    """What the page that saves a text knows of it.

    Args:
        version: of the text that the page shows; 0 in a new form that was not saved yet.
        save_key: of this request.
        unanswered: keys of earlier saves of this page to which it got no answer. What they stored is its own text.
    """

    version: int
    save_key: UUID | None = None
    unanswered: Collection[UUID] = ()

    def check(self, latest: Revision) -> None:
        """Check that the page may replace this text.

        Raises:
            StaleVersion: the page does not know the text.
        """
        if latest.version != self.version and (latest.save_key is None or latest.save_key not in self.unanswered):
            raise StaleVersion


def lock_article(article: Article) -> tuple[Article, Revision]:
    """Lock an article and its latest revision until the end of the transaction; return both as they are now.

    Raises:
        ActionNotAllowed: it was deleted meanwhile.
    """
    # Two queries: one that waits for a lock returns the joined rows as they were before the wait.
    locked = Article.objects.select_for_update(no_key=True).only("latest").filter(pk=article.pk).first()
    if locked is None:
        raise ActionNotAllowed(_("This article no longer exists."))
    assert locked.latest_id is not None  # `start_draft` creates both
    # `autosave` locks the revision alone.
    revisions = Revision.objects.select_for_update(no_key=True, of=("self",))
    latest = revisions.select_related("article__live", "article__author").get(pk=locked.latest_id)
    article = latest.article
    article.latest = latest
    return article, latest


def next_number(article: Article) -> int:
    """Return the number of the next revision of a locked article. The latest one can be an older one again."""
    return (article.revisions.aggregate(last=Max("number"))["last"] or 0) + 1


def check_in_review(revision: Revision, number: int | None = None) -> None:
    """Check that the latest revision is in review.

    Args:
        number: the number that it must have.

    Raises:
        ActionNotAllowed: it is not in review, or has another number.
    """
    if revision.state != Revision.State.IN_REVIEW or number not in {None, revision.number}:
        raise ActionNotAllowed(
            _("This version is no longer in review. It was withdrawn, or a moderator has decided on it.")
        )


def sanitized(content: ArticleContent) -> ArticleContent:
    """Return the content as it is stored."""
    # Details without the answer that needs them are not shown, so they are not stored either.
    unused: dict[str, Any] = {
        detail: "" for name, (answer, detail) in DETAILS.items() if getattr(content, name) != answer
    }
    return replace(content, body=sanitize(content.body), **unused)


def set_content(revision: Revision, content: ArticleContent, page: PageState | None = None) -> None:
    """Copy sanitised content into a revision, without saving it."""
    # Not dataclasses.asdict(), which copies the model instances.
    for name in ArticleContent.__dataclass_fields__:
        setattr(revision, name, getattr(content, name))
    revision.save_key = page.save_key if page else None
    revision.updated_at = timezone.now()


def is_unchanged(revision: Revision, content: ArticleContent) -> bool:
    """Return whether a revision has this sanitised content.

    After submission an empty summary equals one that was taken from the body.
    """
    same = all(
        getattr(revision, name) == getattr(content, name)
        for name in ArticleContent.__dataclass_fields__
        if name not in {"section", "image", "summary", "correction"}
    )
    same = same and revision.pending_correction == content.correction
    same = same and revision.section_id == _pk(content.section) and revision.image_id == _pk(content.image)
    is_taken_from_body = not content.summary and not revision.is_editable
    return same and (content.summary == revision.summary or is_taken_from_body)


def _pk(instance: Section | Image | None) -> int | None:
    return instance.pk if instance else None


def is_empty(content: ArticleContent) -> bool:
    """Return whether nothing was typed."""
    typed = (content.title, content.summary, content.body, content.caption, content.alternative_text, content.credit)
    disclosed = (content.sponsor, content.interest_note, content.translation_of, content.canonical_url)
    return not any((*typed, *disclosed)) and not content.tag_names and content.image is None


def missing_for_submission(revision: Revision) -> dict[str, str]:
    """Return what a revision lacks to be submitted, as field name → sentence; empty if nothing is missing."""
    missing = {}
    if not revision.title:
        missing["title"] = _("Enter a title.")
    if sum(map(is_visible, plain_text(revision.body).split())) < MIN_WORDS:
        missing["body"] = _("Write at least %(count)d words.") % {"count": MIN_WORDS}
    if revision.section_id is None:
        missing["section"] = _("Choose a section.")
    if revision.publish_at and revision.publish_at <= timezone.now():
        missing["publish_at"] = _("This time has passed. Choose a later one, or leave the field empty.")
    return missing | missing_answers(revision)


def update_tags(article: Article, revision: Revision, *, with_new: bool = True) -> None:
    """Make the tags of a published article those of its live revision.

    Args:
        with_new: create tags that no article had before. They tell what an article is about, so those of a scheduled
            one are created at its time.
    """
    assert article.published_at is not None  # guaranteed by a constraint
    names = revision.tag_names[:MAX_TAGS]
    tags = Tag.objects.named(names) if with_new else list(Tag.objects.filter(slug__in=map(slug_of, names)))
    ArticleTag.objects.filter(article=article).exclude(tag__in=tags).delete()
    ArticleTag.objects.bulk_create(
        [ArticleTag(article=article, tag=tag, published_at=article.published_at) for tag in tags], ignore_conflicts=True
    )
