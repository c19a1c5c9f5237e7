"""The article, its revisions and how they are read."""

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
from django.utils.translation import pgettext_lazy

from articles.models.image import Image
from articles.models.slugs import slug_of
from articles.models.taxonomy import Section, Tag
from articles.models.top import SCORE, BestSince, DayOf
from core.pagination import KeysetOrdering

if TYPE_CHECKING:
    from accounts.models import User

# What follows an article's number in other addresses; a title of this one word gets another.
TAKEN_SLUGS = {"promote", "views", "vote"}

# The orders of the readers' lists (docs/architecture.md, Ranking); each has its index.
NEW = KeysetOrdering({"published_at": datetime, "pk": int})
HOT = KeysetOrdering({"hot": float, "pk": int})
TOP = KeysetOrdering({"score": int, "pk": int})
# What moved last stands first on the author's desk, and what carries a tag in the order of publication.
MOVED = KeysetOrdering({"state_since": datetime, "pk": int})
TAGGED = KeysetOrdering({"published_at": datetime, "article_id": int})


class ArticleQuerySet(models.QuerySet["Article"]):
    """How articles are asked for; compose, do not repeat."""

    def published(self) -> Self:
        return self.filter(state=Article.State.PUBLISHED)

    def in_section(self, section: Section) -> Self:
        return self.filter(section=section)

    def by(self, author: User) -> Self:
        return self.filter(author=author)

    def new(self) -> Self:
        """Newest first."""
        return self.order_by(*NEW.names)

    def hot(self) -> Self:
        """The order of `articles.models.ranking.hot`."""
        return self.order_by(*HOT.names)

    def with_score(self) -> Self:
        """With `score`: likes − dislikes."""
        return self.annotate(score=SCORE)

    def top(self) -> Self:
        """The highest score first, of all time."""
        return self.with_score().order_by(*TOP.names)

    def best_since(self, since: datetime, *, limit: int, after: tuple[Any, ...] | None = None) -> BestSince:
        """The keys of the `limit` highest scores among what was published from `since` on, for `pk__in`.

        Args:
            after: only what stands behind this place in the order `TOP`.
        """
        articles = self.with_score()
        return BestSince(TOP.filter_after(articles, after) if after else articles, since=since, limit=limit)

    def for_detail(self) -> Self:
        """With everything that a card or a page shows, in the same query."""
        return self.select_related("live", "live__image", "author", "section").defer("author__biography")

    def for_list(self) -> Self:
        """Like `for_detail`, without the bodies, which a list never shows."""
        return self.for_detail().defer("live__body", "author__biography")


class Article(models.Model):
    """One article through its life. Only `articles.services.publishing` changes its state.

    Its text is in its revisions: `live` is what readers see, `latest` is what its author works on. The counters are
    derived from rows (`manage.py recount --check`) and written with F() or by recount alone.
    """

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("state of an article", "Draft")
        IN_REVIEW = "in_review", pgettext_lazy("state of an article", "In review")
        PUBLISHED = "published", pgettext_lazy("state of an article", "Published")
        RETURNED = "returned", pgettext_lazy("state of an article", "Returned")
        HIDDEN = "hidden", pgettext_lazy("state of an article", "Hidden")

    # Two indexes begin with the author; one more for the key alone would only cost every vote an entry.
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="articles", db_index=False
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    state_since = models.DateTimeField(_("in this state since"), default=timezone.now)
    live = models.OneToOneField(
        "Revision",
        on_delete=models.RESTRICT,
        null=True,
        blank=True,
        related_name="live_for",
        verbose_name=_("live text"),
    )
    latest = models.OneToOneField(
        "Revision", on_delete=models.RESTRICT, null=True, related_name="latest_for", verbose_name=_("latest text")
    )
    # Copied from the live revision (the latest until there is one), for the lists' indexes.
    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="articles", verbose_name=_("section"))
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES, default="en")
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    # The form's own key: sent twice, it makes one article.
    form_key = models.UUIDField(default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(_("begun"), auto_now_add=True)

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
            models.UniqueConstraint(fields=["author", "form_key"], name="article_one_per_form"),
        ]
        indexes = [
            models.Index(F("published_at").desc(), F("id").desc(), condition=Q(state="published"), name="article_new"),
            models.Index(
                "section",
                F("published_at").desc(),
                F("id").desc(),
                condition=Q(state="published"),
                name="article_section",
            ),
            models.Index(
                "author",
                F("published_at").desc(),
                F("id").desc(),
                condition=Q(state="published"),
                name="article_author",
            ),
            models.Index(F("hot").desc(), F("id").desc(), condition=Q(state="published"), name="article_hot"),
            # Each costs every vote an entry: think twice before there is a third.
            models.Index(SCORE.desc(), F("id").desc(), condition=Q(state="published"), name="article_top"),
            models.Index(
                DayOf("published_at"),
                SCORE.desc(),
                F("id").desc(),
                condition=Q(state="published"),
                name="article_top_of_day",
            ),
            models.Index("author", F("state_since").desc(), F("id").desc(), name="article_desk"),
            # For the moderators' list of articles: the few that are not published among the many that are.
            models.Index(
                "state",
                F("id").desc(),
                condition=Q(state__in=["in_review", "returned", "hidden"]),
                name="article_not_published",
            ),
            # Whether an author is trusted: has anything of theirs been hidden?
            models.Index("author", condition=Q(state="hidden"), name="article_hidden_of"),
        ]

    def __str__(self) -> str:
        text = self.live or self.latest
        return text.title if text else f"#{self.pk}"

    @property
    def slug(self) -> str:
        text = self.live or self.latest
        slug = slug_of(text.title, limit=80) if text else "-"
        return f"{slug}-{self.pk}" if slug in TAKEN_SLUGS else slug

    def get_absolute_url(self) -> str:
        return reverse("article", kwargs={"pk": self.pk, "slug": self.slug})

    @property
    def canonical_path(self) -> str:
        """The path under which the article is known everywhere: with the interface in the article's own language."""
        if self.language == translation.get_language():
            return self.get_absolute_url()
        with translation.override(self.language):
            return self.get_absolute_url()

    @property
    def is_public(self) -> bool:
        return self.state == self.State.PUBLISHED


class ArticleTagQuerySet(models.QuerySet["ArticleTag"]):
    """A tag's list is read here, in the order of `article_tag_new`, and each article joined to it."""

    def of(self, tag: Tag) -> Self:
        """What carries the tag; only what is published does."""
        return self.filter(tag=tag, article__state=Article.State.PUBLISHED)

    def new(self) -> Self:
        """Newest first."""
        return self.order_by(*TAGGED.names)

    def for_list(self) -> Self:
        """With everything that the articles' cards show, in the same query."""
        return self.select_related("article__live__image", "article__author", "article__section").defer(
            "article__live__body", "article__author__biography"
        )


class ArticleTag(models.Model):
    """A tag of a published article. Rows exist only while it is published, so that a tag's list is one index."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="article_tags")
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="article_tags")
    published_at = models.DateTimeField()

    objects = ArticleTagQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["article", "tag"], name="article_tag_once")]
        indexes = [models.Index("tag", F("published_at").desc(), F("article").desc(), name="article_tag_new")]

    def __str__(self) -> str:
        return f"{self.tag_id} on {self.article_id}"


class RevisionQuerySet(models.QuerySet["Revision"]):
    def in_review(self) -> Self:
        """What waits for a moderator, longest first."""
        return self.filter(state=Revision.State.IN_REVIEW).order_by("submitted_at", "pk")


class Revision(models.Model):
    """One text of an article. From submission on it never changes: a decision binds to what was read."""

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("state of a text", "Draft")
        IN_REVIEW = "in_review", pgettext_lazy("state of a text", "In review")
        PUBLISHED = "published", pgettext_lazy("state of a text", "Published")
        RETURNED = "returned", pgettext_lazy("state of a text", "Returned")

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="revisions", verbose_name=_("article"))
    number = models.PositiveIntegerField(_("number"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    title = models.CharField(_("title"), max_length=140)
    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+", verbose_name=_("section"))
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES, default="en")
    summary = models.CharField(_("summary"), max_length=300, blank=True)
    body = models.TextField(_("text"), blank=True)
    tag_names = models.JSONField(_("tags"), default=list, blank=True)
    image = models.ForeignKey(
        Image, on_delete=models.PROTECT, null=True, blank=True, related_name="revisions", verbose_name=_("lead image")
    )
    caption = models.CharField(_("caption"), max_length=300, blank=True)
    alternative_text = models.CharField(_("alternative text"), max_length=200, blank=True)
    credit = models.CharField(_("credit"), max_length=120, blank=True)
    created_at = models.DateTimeField(_("begun"), auto_now_add=True)
    updated_at = models.DateTimeField(_("saved"), default=timezone.now)
    submitted_at = models.DateTimeField(_("submitted"), null=True, blank=True)

    objects = RevisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("revision")
        verbose_name_plural = _("revisions")
        constraints = [
            models.UniqueConstraint(fields=["article", "number"], name="revision_number_once"),
            models.UniqueConstraint(
                fields=["article"], condition=Q(state__in=["draft", "in_review"]), name="revision_one_open"
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(submitted_at__isnull=False), name="revision_submitted_has_time"
            ),
        ]
        indexes = [
            models.Index("submitted_at", "id", condition=Q(state="in_review"), name="revision_queue"),
            models.Index(
                "state",
                F("submitted_at").desc(),
                F("id").desc(),
                condition=Q(state__in=["published", "returned"]),
                name="revision_decided",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_editable(self) -> bool:
        return self.state == self.State.DRAFT
