"""Articles, their tags, and the querysets that read them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from articles.models.byline import ShownCoAuthor
from articles.models.disclosure import DISCLOSURE_FIELDS
from articles.models.slugs import slug_of
from articles.models.taxonomy import Section, Tag
from core.expressions import CurrentTime
from core.pagination import KeysetOrdering

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

# Paths that other views have below an article's number; a title that gives one of these slugs gets a suffix.
RESERVED_SLUGS = {"promote", "views", "vote"}

SCORE = F("likes") - F("dislikes")

# Orderings of the lists (docs/architecture.md, Ranking); each has an index.
NEW = KeysetOrdering({"published_at": datetime, "pk": int})
HOT = KeysetOrdering({"hot": float, "pk": int})
TOP = KeysetOrdering({"score": int, "pk": int})
# "My articles": the last change of state first.
BY_STATE_CHANGE = KeysetOrdering({"state_since": datetime, "pk": int})
# Rows of ArticleTag: the newest publication first.
BY_TAG_DATE = KeysetOrdering({"published_at": datetime, "article_id": int})

_FIELDS = (
    *("state", "language", "published_at", "views", "likes", "dislikes", "hot"),
    *("live__article", "live__title", "live__summary", "live__language"),
    *("live__image__key", "live__image__width", "live__image__height"),
    *("author__username", "author__display_name", "author__is_active", "coauthors"),
)
CARD_FIELDS = (
    *(*_FIELDS, "live__image__focus_x", "live__image__focus_y"),
    *("section__slug", "section__name", "section__name_ru", "section__name_hy"),
)
# What the article page shows, with the section from `Section.cached`.
DETAIL_FIELDS = (
    *(*_FIELDS, "section", "author__is_staff", "author__avatar_key", "author__allows_promotion_by_others"),
    "author__badge",
    *("live__body", "live__tag_names", "live__caption", "live__alternative_text", "live__credit"),
    *("live__submitted_at", "live__canonical_url", *(f"live__{name}" for name in DISCLOSURE_FIELDS)),
    "series_part__series",
)


def article_slug(pk: int, title: str) -> str:
    """Return the last part of the URL of the article with this primary key and title."""
    slug = slug_of(title, max_length=80)
    return f"{slug}-{pk}" if slug in RESERVED_SLUGS else slug


class ArticleQuerySet(models.QuerySet["Article"]):
    """Composable conditions, orders and joins."""

    def published(self) -> Self:
        """Return what readers see: a scheduled article is among it from its time on."""
        return self.filter(state=Article.State.PUBLISHED, published_at__lte=CurrentTime())

    def published_since(self, since: datetime) -> Self:
        return self.published().filter(published_at__gte=since)

    def in_section(self, section: Section) -> Self:
        return self.filter(section=section)

    def by(self, author: User) -> Self:
        return self.filter(author=author)

    def written_with(self, user: User) -> Self:
        """Articles of other authors of which the user is a co-author."""
        return self.filter(coauthor_rows__user=user, coauthor_rows__accepted_at__isnull=False)

    def all_pks_of(self, user: User) -> models.QuerySet[Article, Any]:
        """Return the keys of the articles of which the user is the author or a co-author, for `article__in`."""
        return self.by(user).values("pk").union(self.written_with(user).values("pk"))

    def scheduled(self) -> Self:
        """Return what is published later, the next one first."""
        return self.filter(is_unannounced=True, published_at__gt=CurrentTime()).order_by("published_at", "pk")

    def due(self) -> Self:
        """Return articles whose time has come, until `services.schedule.announce_due` has announced it."""
        return self.filter(is_unannounced=True, published_at__lte=CurrentTime()).order_by("published_at", "pk")

    def in_trash(self) -> Self:
        return self.filter(deleted_at__isnull=False)

    def not_in_trash(self) -> Self:
        return self.filter(deleted_at=None)

    def new(self) -> Self:
        """Order by publication, newest first."""
        return self.order_by(*NEW.names)

    def with_score(self) -> Self:
        """Annotate `score`: likes − dislikes."""
        return self.annotate(score=SCORE)

    def top(self) -> Self:
        """Order by score, highest first."""
        return self.with_score().order_by(*TOP.names)

    def for_detail(self) -> Self:
        """Join everything that the article page shows."""
        return self.select_related("live__image", "author", "section")

    def for_list(self) -> Self:
        """Join what a card shows, and load nothing else: the SQL of fewer columns is made in half the time."""
        return self.select_related("live__image", "author", "section").only(*CARD_FIELDS)


class Article(models.Model):
    """An article from its first draft on. Only `articles.services.publishing` and `.schedule` change its state.

    The text is in the revisions: `live` is what readers see, `latest` is what the author works on. The counters are
    derived from rows; they are only written with F() expressions and by `manage.py recount`.
    """

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("state of an article", "Draft")
        IN_REVIEW = "in_review", pgettext_lazy("state of an article", "In review")
        PUBLISHED = "published", pgettext_lazy("state of an article", "Published")
        RETURNED = "returned", pgettext_lazy("state of an article", "Returned")
        HIDDEN = "hidden", pgettext_lazy("state of an article", "Hidden")

    # No index of its own: two of the indexes below begin with the author.
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="articles", db_index=False
    )
    # The accepted co-authors, as the values of `ShownCoAuthor`: a copy of their rows, so that lists need no query.
    coauthors = models.JSONField(default=list, db_default=[], editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    state_since = models.DateTimeField(_("in this state since"), default=timezone.now)
    live = models.OneToOneField(
        "Revision",
        on_delete=models.RESTRICT,
        null=True,
        blank=True,
        related_name="live_for",
        verbose_name=_("live version"),
    )
    latest = models.OneToOneField(
        "Revision", on_delete=models.RESTRICT, null=True, related_name="latest_for", verbose_name=_("latest version")
    )
    # Copies of the live revision's fields (of the latest one until then), for the indexes of lists.
    section = models.ForeignKey(
        Section,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="articles",
        verbose_name=_("section"),
    )
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES, default="en")
    # In the future for a scheduled article: every query of what readers see compares it with the clock.
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    # A scheduled article, until `article_published` was sent for it.
    is_unannounced = models.BooleanField(default=False, db_default=False, editable=False)
    # Idempotency key of the form: submitted twice, it creates one article.
    form_key = models.UUIDField(default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    # Drafts in the trash.
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    likes = models.PositiveIntegerField(_("likes"), default=0, editable=False)
    dislikes = models.PositiveIntegerField(_("dislikes"), default=0, editable=False)
    views = models.PositiveIntegerField(_("views"), default=0, editable=False)
    hot = models.FloatField(default=0.0, editable=False)

    tags = models.ManyToManyField(Tag, through="ArticleTag", related_name="articles", verbose_name=_("tags"))

    objects = ArticleQuerySet.as_manager()

    class Meta:
        verbose_name = _("article")
        verbose_name_plural = _("articles")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["draft", "in_review", "published", "returned", "hidden"]),
                name="article_state_known",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["published", "hidden"]) | Q(published_at__isnull=False, live__isnull=False),
                name="article_published_has_time_and_text",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["published", "hidden"]) | Q(published_at__isnull=True, live__isnull=True),
                name="article_unpublished_has_no_live_text",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["published", "hidden"]) | Q(section__isnull=False),
                name="article_published_has_section",
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(deleted_at__isnull=True), name="article_only_drafts_in_trash"
            ),
            models.CheckConstraint(
                condition=Q(is_unannounced=False) | Q(state="published"), name="article_only_published_unannounced"
            ),
            models.UniqueConstraint(fields=["author", "form_key"], name="article_one_per_form"),
        ]
        # A vote changes `hot` and the score, so PostgreSQL adds an entry to every index: each one makes votes slower.
        indexes = [
            # With the counters, so that this index alone gives the top of a time span.
            models.Index(
                fields=["-published_at", "-id", "likes", "dislikes"], condition=Q(state="published"), name="article_new"
            ),
            models.Index(
                fields=["section", "-published_at", "-id"], condition=Q(state="published"), name="article_section"
            ),
            models.Index(
                fields=["author", "-published_at", "-id"], condition=Q(state="published"), name="article_author"
            ),
            models.Index(fields=["-hot", "-id"], condition=Q(state="published"), name="article_hot"),
            models.Index(SCORE.desc(), F("id").desc(), condition=Q(state="published"), name="article_top"),
            models.Index(fields=["author", "-state_since", "-id"], name="article_state_change"),
            # The moderators' list of the few articles that are not published.
            models.Index(
                fields=["state", "-id"],
                condition=Q(state__in=["in_review", "returned", "hidden"]),
                name="article_not_published",
            ),
            models.Index(fields=["author", "-deleted_at"], condition=Q(deleted_at__isnull=False), name="article_trash"),
            models.Index(fields=["published_at", "id"], condition=Q(is_unannounced=True), name="article_unannounced"),
            # Trust: does the author have a hidden article?
            models.Index(fields=["author"], condition=Q(state="hidden"), name="article_hidden_of"),
        ]

    def __str__(self) -> str:
        revision = self.live or self.latest
        return str(revision) if revision else f"#{self.pk}"

    @property
    def slug(self) -> str:
        revision = self.live or self.latest
        return article_slug(self.pk, revision.title) if revision else "-"

    def get_absolute_url(self) -> str:
        return reverse("article", kwargs={"pk": self.pk, "slug": self.slug})

    @property
    def canonical_path(self) -> str:
        """The one path given to search engines, feeds and share links: in the article's own language."""
        if self.language == translation.get_language():
            return self.get_absolute_url()
        with translation.override(self.language):
            return self.get_absolute_url()

    @property
    def modified_at(self) -> datetime | None:
        """When the live text last changed: at its publication, or later by a new version."""
        submitted_at = self.live.submitted_at if self.live else None
        return max(self.published_at, submitted_at) if self.published_at and submitted_at else self.published_at

    @property
    def shown_coauthors(self) -> list[ShownCoAuthor]:
        """The co-authors whom readers see, in the order in which they joined."""
        return [ShownCoAuthor._make(values) for values in self.coauthors]

    @property
    def author_pks(self) -> set[int]:
        """The primary keys of the author and the co-authors: this is their own article."""
        return {self.author_id, *(pk for pk, *_names in self.coauthors)}

    def is_by(self, user: User | AnonymousUser) -> bool:
        """Return whether the user is the author or a co-author."""
        return user.pk in self.author_pks

    @property
    def is_public(self) -> bool:
        """Whether readers see it, as `ArticleQuerySet.published`."""
        return self.state == self.State.PUBLISHED and not self.is_scheduled

    @property
    def state_label(self) -> str:
        """The state in the language of the interface; a scheduled article is not called published."""
        return pgettext("state of an article", "Scheduled") if self.is_scheduled else self.get_state_display()

    @property
    def is_scheduled(self) -> bool:
        """Whether it is published at a later time."""
        return (
            self.state == self.State.PUBLISHED and self.published_at is not None and self.published_at > timezone.now()
        )


class ArticleTagQuerySet(models.QuerySet["ArticleTag"]):
    """A tag's list is read from here, in the order of the index `article_tag_new`, with the articles joined."""

    def of(self, tag: Tag) -> Self:
        """The published articles with a tag."""
        return self.filter(tag=tag, published_at__lte=CurrentTime(), article__state=Article.State.PUBLISHED)

    def for_list(self) -> Self:
        """Join everything that a card shows."""
        return self.select_related("article__live__image", "article__author", "article__section").only(
            "published_at", *(f"article__{name}" for name in CARD_FIELDS)
        )


class ArticleTag(models.Model):
    """A tag of a published article. The row exists only while it is published, so that one index serves the list."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="article_tags", db_index=False)
    # A tag in use is not deleted: articles link to it.
    tag = models.ForeignKey(Tag, on_delete=models.PROTECT, related_name="article_tags", db_index=False)
    published_at = models.DateTimeField()

    objects = ArticleTagQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["article", "tag"], name="article_tag_once")]
        indexes = [models.Index(fields=["tag", "-published_at", "-article"], name="article_tag_new")]

    def __str__(self) -> str:
        return f"{self.tag_id} on {self.article_id}"
