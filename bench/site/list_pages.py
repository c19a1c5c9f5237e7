"""The pages of every list that are measured: its first page and one far down, at the same share of each site."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Model, QuerySet
from django.urls import reverse

from accounts.models import User
from articles.models import Article, ArticleTag, Section, Tag
from articles.models.article import BY_STATE_CHANGE, BY_TAG_DATE, HOT, NEW
from articles.views.public import TOP_SPANS
from bench.site.sessions import administrator, log_in
from core.pagination import KeysetOrdering

# How far down, as a share of the list.
FAR_SHARE = 0.9


@dataclass(frozen=True, kw_only=True)
class ListPage:
    """One page of one list. `session` is the session key of the user who can see it."""

    name: str
    path: str
    session: str = ""


def list_pages() -> list[dict[str, str]]:
    """Return the pages of all lists; those of the largest section, tag and author."""
    published = Article.objects.published()
    section = _largest(Section.objects.all(), "articles")
    tag = _largest(Tag.objects.all(), "article_tags")
    author = _largest(User.objects.filter(is_active=True, is_staff=False), "articles")
    [of_author, of_administrator] = log_in([author, administrator()])
    found = [
        *_of("new", reverse("front"), published, NEW),
        *_of("hot", reverse("hot"), published, HOT),
        *(page for span in TOP_SPANS for page in _top(span)),
        *_of("section", section.get_absolute_url(), published.in_section(section), NEW),
        *_of("tag", tag.get_absolute_url(), ArticleTag.objects.filter(tag=tag), BY_TAG_DATE),
        *_of("author", author.get_absolute_url(), published.by(author), NEW),
        *_of("my articles", reverse("my_articles"), Article.objects.by(author), BY_STATE_CHANGE, session=of_author),
        ListPage(name="feed", path=reverse("feed_rss")),
        ListPage(name="feed of a section", path=reverse("feed_section_atom", args=[section.slug])),
        ListPage(name="feed of an author", path=reverse("feed_author_rss", args=[author.username])),
        ListPage(name="sitemap, index", path=reverse("sitemap")),
        ListPage(name="sitemap, part", path=reverse("sitemap_part", args=[0])),
        *(
            ListPage(name=f"admin: {name}", path=reverse(f"admin:{view}_changelist"), session=of_administrator)
            for name, view in (
                ("queue", "moderation_submission"),
                ("articles", "articles_article"),
                ("decisions", "moderation_decision"),
                ("users", "accounts_user"),
                ("images", "articles_image"),
                ("tags", "articles_tag"),
                ("suspensions", "moderation_suspension"),
                ("promotions", "promotion_promotion"),
            )
        ),
    ]
    return [asdict(page) for page in found]


def _largest[M: Model](rows: QuerySet[M], related: str) -> M:
    found = rows.annotate(size=Count(related)).order_by("-size", "pk").first()
    assert found is not None, "a filled site has some of everything"
    return found


def _top(span: str) -> list[ListPage]:
    return [ListPage(name=f"top, {span}", path=reverse("top", args=[span]))]


def _of(name: str, path: str, rows: QuerySet[Any], order: KeysetOrdering, *, session: str = "") -> list[ListPage]:
    """Return the first page of a list and one far down."""
    found = [ListPage(name=name, path=path, session=session)]
    if last := order.sort(rows)[int(rows.count() * FAR_SHARE) :].first():
        far = f"{path}?{urlencode({'after': order.encode_cursor(last)})}"
        found.append(ListPage(name=f"{name}, far down", path=far, session=session))
    return found
