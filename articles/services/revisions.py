"""Write and compare the content of revisions; the steps that the actions of `articles.services.publishing` share."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils import timezone
from django.utils.translation import gettext as _

from articles.models import Article, ArticleTag, Image, Revision, Section, Tag
from core.exceptions import ActionNotAllowed
from core.sanitizer import plain_text, sanitize
from core.text import is_visible

MIN_WORDS = 30
MAX_TAGS = 5


@dataclass(frozen=True, kw_only=True)
class ArticleContent:
    """What an author writes. `body` is HTML; it is sanitised when it is stored."""

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


def lock_article(article: Article) -> tuple[Article, Revision]:
    """Lock an article until the end of the transaction; return it and its latest revision as the database has them now.

    Raises:
        ActionNotAllowed: it was deleted meanwhile.
    """
    # Two queries: one that waits for a lock returns the joined rows as they were before the wait.
    if not Article.objects.select_for_update(no_key=True).only("pk").filter(pk=article.pk).first():
        raise ActionNotAllowed(_("This article no longer exists."))
    article = Article.objects.select_related("live", "latest", "author").get(pk=article.pk)
    assert article.latest is not None  # `start_draft` creates both
    return article, article.latest


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


def set_content(revision: Revision, content: ArticleContent) -> None:
    """Copy the content into a revision, without saving it."""
    # Not dataclasses.asdict(), which copies the model instances.
    for name in ArticleContent.__dataclass_fields__:
        setattr(revision, name, getattr(content, name))
    revision.body = sanitize(content.body)
    revision.updated_at = timezone.now()


def is_unchanged(revision: Revision, content: ArticleContent) -> bool:
    """Return whether a revision has this content. An empty summary equals one that was taken from the body."""
    same = all(
        getattr(revision, name) == getattr(content, name)
        for name in ArticleContent.__dataclass_fields__
        if name not in {"body", "summary"}
    )
    return same and content.summary in {"", revision.summary} and revision.body == sanitize(content.body)


def missing_for_submission(revision: Revision) -> dict[str, str]:
    """Return what a revision lacks to be submitted, as field name → sentence; empty if nothing is missing."""
    missing = {}
    if sum(map(is_visible, plain_text(revision.body).split())) < MIN_WORDS:
        missing["body"] = _("Write at least %(count)d words.") % {"count": MIN_WORDS}
    return missing


def update_tags(article: Article, revision: Revision) -> None:
    """Make the tags of a published article those of its live revision."""
    assert article.published_at is not None  # guaranteed by a constraint
    tags = Tag.objects.named(revision.tag_names[:MAX_TAGS])
    ArticleTag.objects.filter(article=article).exclude(tag__in=tags).delete()
    ArticleTag.objects.bulk_create(
        [ArticleTag(article=article, tag=tag, published_at=article.published_at) for tag in tags], ignore_conflicts=True
    )
