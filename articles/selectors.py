"""Queries that check who may see an article. What a user may not see is a 404, like what does not exist."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, cast
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.cache import caches
from django.db.models import BigAutoField, Count, Exists, OuterRef, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from articles.models import Article, ArticleTag, Correction, PreviewLink, Revision, Section, Tag
from articles.models.article import BY_STATE_CHANGE, DETAIL_FIELDS, ArticleQuerySet, article_slug
from articles.models.byline import ShownCoAuthor
from articles.models.slugs import slug_of
from core.http_cache import FRESH_SECONDS, fresh_seconds, seconds_until_change

MAX_SAVE_KEYS = 20
# Of one article.
MAX_CORRECTIONS = 50
# Times of publication that a process knows in advance.
MAX_TIMES = 10
# Characters.
MIN_TAG_PREFIX = 2
MAX_TAG_PREFIX = 40
MAX_TAGS_SHOWN = 8
# Of which the uses are counted.
MAX_TAGS_COUNTED = 500
TAGS_TIMEOUT = 300  # seconds
DETAIL_JOINS = ("live__image", "author", "series_part")
SECTION_VALUES = ("section__slug", "section__name", "section__name_ru", "section__name_hy")
# The columns of a `Card`, in its order.
CARD_VALUES = (
    *("pk", "live_id", "live__title", "live__summary", "live__language"),
    *("live__image__key", "live__image__width", "live__image__height", "live__image__focus_x", "live__image__focus_y"),
    *("author__username", "author__display_name", "author__is_active", "coauthors"),
    *("published_at", "views", "likes", "dislikes"),
    *SECTION_VALUES,
)


class Card(NamedTuple):
    """What a card shows of a published article: a row of `CARD_VALUES`.

    These are all the values that a card depends on, so the card as a string is the key under which it is cached.
    """

    pk: int
    revision_pk: int
    title: str
    summary: str
    language: str
    image_key: str | None
    image_width: int | None
    image_height: int | None
    image_focus_x: int | None
    image_focus_y: int | None
    author_username: str
    author_display_name: str
    author_is_active: bool
    coauthors: list[list[Any]]
    published_at: datetime
    views: int
    likes: int
    dislikes: int
    section_slug: str
    section_name: str
    section_name_ru: str
    section_name_hy: str

    @property
    def author_name(self) -> str:
        """The name that readers see (`User.name`)."""
        return self.author_display_name or self.author_username

    @property
    def shown_coauthors(self) -> list[ShownCoAuthor]:
        """`Article.shown_coauthors`."""
        return [ShownCoAuthor._make(values) for values in self.coauthors]

    @property
    def section_label(self) -> str:
        """The section's name in the language of the article."""
        return str(getattr(self, f"section_name_{self.language}", "") or self.section_name)

    @property
    def section_language(self) -> str:
        """The language of `section_label`."""
        return self.language if getattr(self, f"section_name_{self.language}", "") else settings.LANGUAGE_CODE

    @property
    def url(self) -> str:
        """The article's URL (`Article.get_absolute_url`)."""
        return reverse("article", kwargs={"pk": self.pk, "slug": article_slug(self.pk, self.title)})


def published_article(pk: int) -> Article:
    """Return a published article with everything that its page shows, in one query.

    Raises:
        Http404: there is no published article with this key.
    """
    if pk > BigAutoField.MAX_BIGINT:
        raise Http404
    article = get_object_or_404(_published_for_detail(), pk=pk)
    assert article.section_id is not None  # guaranteed by a constraint
    article.section = Section.cached(article.section_id)
    return article


def corrections_of(article: Article, pending: Revision | None = None) -> list[Correction]:
    """Return the corrections of an article, newest first.

    Args:
        pending: a version that is not published, with the correction that will be published with it.
    """
    corrections = list(article.corrections.all()[:MAX_CORRECTIONS])
    if pending and pending.pk != article.live_id and pending.pending_correction:
        text, when = pending.pending_correction, pending.submitted_at or pending.updated_at
        corrections.insert(0, Correction(article=article, text=text, published_at=when))
    return corrections


def newest_in_section(section: Section, *, limit: int) -> list[Card]:
    """Return cards of the newest published articles of a section.

    Which ones are the newest is read once in some seconds. What is hidden in the meantime is not returned.
    """
    newest = Article.objects.published().in_section(section).new().values_list("pk", flat=True)
    key = f"newest-{limit}-in-section-{section.pk}"
    timeout = fresh_seconds(seconds_until_change())
    pks: list[int] = caches["local"].get_or_set(key, lambda: list(newest[:limit]), timeout) or []
    section_values = (section.slug, section.name, section.name_ru, section.name_hy)
    rows = {row[0]: row for row in _published_cards().filter(pk__in=pks, section=section)}
    return [Card._make(rows[pk] + section_values) for pk in pks if pk in rows]


def next_publication() -> datetime | None:
    """Return when the next scheduled article is published, as it was known at most `FRESH_SECONDS` ago."""
    times = Article.objects.scheduled().order_by("published_at").values_list("published_at", flat=True).distinct()
    # More than one, because the first can pass while they are cached.
    known = caches["local"].get_or_set("next-publications", lambda: list(times[:MAX_TIMES]), FRESH_SECONDS) or []
    return next((at for at in known if at and at > timezone.now()), None)


# Querysets are lazy and each filter copies them: resolving the names of joined columns once, and not for each page,
# halves the cost of a query (docs/decisions/0013-rendering-public-pages.md). They are never evaluated themselves.


@cache
def _published_for_detail() -> ArticleQuerySet:
    # With most articles this saves the query for their corrections.
    has_corrections = Exists(Correction.objects.filter(article=OuterRef("pk")))
    articles = Article.objects.published().annotate(has_corrections=has_corrections)
    return articles.select_related(*DETAIL_JOINS).only(*DETAIL_FIELDS)


@cache
def _published_cards() -> QuerySet[Article, tuple[Any, ...]]:
    return Article.objects.published().values_list(*CARD_VALUES[: -len(SECTION_VALUES)])


def own_article(
    user: User | AnonymousUser, pk: int, *, or_in_trash: bool = False, or_as_coauthor: bool = False
) -> Article:
    """Return the user's own article in any state, with its latest revision.

    Args:
        or_in_trash: also a draft in the trash.
        or_as_coauthor: also one of which the user is a co-author: to edit it, and to see versions and statistics.

    Raises:
        Http404: the user has no article with this key.
    """
    articles = Article.objects.all() if or_in_trash else Article.objects.not_in_trash()
    if not or_as_coauthor:
        articles = articles.filter(author_id=user.pk)
    joined = ("latest__image", "latest__section", "live", "section", "author", "series_part")
    article = get_object_or_404(articles.select_related(*joined), pk=pk)
    if not article.is_by(user):
        raise Http404
    return article


def own_draft(user: User, pk: int) -> Article:
    """Return an article that the user writes, also in the trash, with what saving it needs.

    That is the latest revision, its image and the series.

    Raises:
        Http404: the user is neither the author nor a co-author of an article with this key.
    """
    article = get_object_or_404(Article.objects.select_related("latest__image", "series_part"), pk=pk)
    if not article.is_by(user):
        raise Http404
    if article.author_id == user.pk:
        article.author = user
    return article


def shared_article(token: str) -> Article:
    """Return the article of a secret link, with its latest revision.

    Raises:
        Http404: there is no such link, or it has ended.
    """
    related = ("latest__image", "latest__section", "live", "author", "series_part")
    links = PreviewLink.objects.live().select_related(*(f"article__{name}" for name in related))
    return get_object_or_404(links, token=token).article


def tags_beginning_with(typed: str) -> list[str]:
    """Return the names of tags of published articles for an incomplete one, the most used first; cached."""
    slug = slug_of(typed[:MAX_TAG_PREFIX], default="")
    if len(slug) < MIN_TAG_PREFIX:
        return []
    candidates = Tag.objects.filter(slug__startswith=slug).order_by("slug").values("pk")[:MAX_TAGS_COUNTED]

    def count() -> list[str]:
        uses = ArticleTag.objects.filter(tag__in=list(candidates.values_list("pk", flat=True)))
        uses = uses.filter(published_at__lte=timezone.now())
        most = uses.values("tag__name").annotate(count=Count("pk")).order_by("-count", "tag__slug")
        return list(most.values_list("tag__name", flat=True)[:MAX_TAGS_SHOWN])

    return cast("list[str]", caches["default"].get_or_set(f"tags-{slug}", count, TAGS_TIMEOUT))


def recent_save_keys(user: User) -> list[UUID]:
    """Return the keys of the last saves of the user's latest drafts, to which a page may have got no answer."""
    latest = Article.objects.by(user).filter(state=Article.State.DRAFT).order_by(*BY_STATE_CHANGE.names)
    return [key for key in latest.values_list("latest__save_key", flat=True)[:MAX_SAVE_KEYS] if key]


def article_pk_ranges(size: int = 1000) -> Iterator[tuple[int, int]]:
    """Yield (first, last) primary keys of consecutive batches of `size` articles."""
    last = 0
    while pks := list(Article.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:size]):
        yield pks[0], pks[-1]
        last = pks[-1]
