"""The reader's pages. They hold nothing personal for an anonymous reader, and ask the database little."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.cache import caches
from django.db.models import Count, OuterRef, Subquery, Sum
from django.db.models.functions import JSONObject
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.templatetags.static import static
from django.utils import timezone
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView

from accounts.models import User
from articles.models import Article, ArticleTag, Section, Tag
from articles.models.article import HOT, NEW, TAGGED, TOP
from articles.models.prepared import Parameter, Prepared
from articles.models.top import Keys
from articles.selectors import published_article
from core.pagination import Page, cursor_from, paginate, slice_page

MORE_IN_SECTION = 3
MOST_LIKED = 6
TOTALS_SECONDS = 60
WEEK = timedelta(days=7)
# The spans of "top" by their names in addresses; None is all time.
SPANS: dict[str, timedelta | None] = {
    "day": timedelta(days=1),
    "week": WEEK,
    "month": timedelta(days=30),
    "all": None,
}


class FrontView(TemplateView):
    """Newest first: a lead story, two beside it, the river, and what was liked most this week."""

    template_name = "articles/front.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if cursor_from(self.request):
            page = paginate(Article.objects.published().for_list(), self.request, order=NEW)
            context = {"page": page, "river": page.object_list}
        else:
            page, most_liked = front_page()
            context = {
                "page": page,
                "lead": page.object_list[:1],
                "side": page.object_list[1:3],
                "river": page.object_list[3:],
                "most_liked": most_liked,
            }
        return super().get_context_data(here="front", order="new", **context, **kwargs)


def front_page() -> tuple[Page[Article], list[Article]]:
    """The newest articles and the most liked ones of the week, in one query.

    What is among the newest of both lists together is among the newest of all, and so it is with the most liked:
    the one heap of cards falls apart again into exactly the two lists.
    """
    size, since = settings.PAGE_SIZE, timezone.now() - WEEK
    published = Article.objects.published()
    keys = Keys(published.new().values("pk")[: size + 1], published.best_since(since, limit=MOST_LIKED))
    found: Any = list(published.filter(pk__in=keys).with_score().for_list())
    newest = sorted(found, key=lambda one: (one.published_at, one.pk), reverse=True)
    best = sorted(found, key=lambda one: (one.score, one.pk), reverse=True)
    return (
        slice_page(newest[: size + 1], NEW, size=size, is_first=True),
        [one for one in best if one.published_at >= since][:MOST_LIKED],
    )


class HotView(TemplateView):
    """What is liked and new at once."""

    template_name = "articles/hot.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = paginate(Article.objects.published().for_list(), self.request, order=HOT)
        return super().get_context_data(order="hot", page=page, river=page.object_list, **kwargs)


class TopView(TemplateView):
    """The highest scores of a day, a week, a month or all time."""

    template_name = "articles/top.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        span = kwargs["span"]
        if span not in SPANS:
            raise Http404
        page = top_page(self.request, SPANS[span])
        return super().get_context_data(order="top", page=page, river=page.object_list, **kwargs)


def top_page(request: HttpRequest, span: timedelta | None) -> Page[Article]:
    """The part of the list of highest scores that `?after=` asks for, within a span of time or of all time."""
    articles = Article.objects.published().with_score().for_list()
    if span is None:
        return paginate(articles, request, order=TOP)
    cursor, size = cursor_from(request), settings.PAGE_SIZE
    keys = Article.objects.published().best_since(
        timezone.now() - span, limit=size + 1, after=TOP.decode_cursor(cursor) if cursor else None
    )
    found: Any = list(articles.filter(pk__in=keys))
    found.sort(key=lambda one: (one.score, one.pk), reverse=True)
    return slice_page(found, TOP, size=size, is_first=not cursor)


@require_safe
def top(request: HttpRequest) -> HttpResponseBase:
    """`/top/` leads to the week."""
    return redirect("top", span="week")


class SectionView(TemplateView):
    """One section, newest first."""

    template_name = "articles/section.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        slug = kwargs["slug"]
        # Every page knows the sections; only one that was made in the last seconds is asked for.
        known = {section.slug: section for section in Section.all_cached()}
        section = known.get(slug) or get_object_or_404(Section, slug=slug)
        page = paginate(Article.objects.published().in_section(section).for_list(), self.request, order=NEW)
        return super().get_context_data(section=section, page=page, river=page.object_list, **kwargs)


class TagView(TemplateView):
    """What carries one tag, newest first."""

    template_name = "articles/tag.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        tag = get_object_or_404(Tag, slug=kwargs["slug"])
        page = paginate(ArticleTag.objects.of(tag).for_list(), self.request, order=TAGGED)
        river = [row.article for row in page.object_list]
        return super().get_context_data(tag=tag, page=page, river=river, **kwargs)


class AuthorView(TemplateView):
    """An author: who it is, what was published, and the totals."""

    template_name = "articles/author.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        author, totals = author_with_totals(kwargs["username"])
        if author.username != kwargs["username"]:  # Usernames are one whatever their case; their page has one address.
            return redirect(author, permanent=True)
        page = paginate(Article.objects.published().by(author).for_list(), request, order=NEW)
        return self.render_to_response(
            self.get_context_data(author=author, totals=totals, page=page, river=page.object_list)
        )


def author_with_totals(username: str) -> tuple[User, dict[str, int]]:
    """The author, with the number of published articles and their views, likes and dislikes, a minute old at most.

    Adding them up reads each of the author's articles, thousands for a few, so it is done once a minute, and then in
    the query that finds the author. A sum kept in a row of its own would be written with every vote, and all voters
    of the author's articles would queue for it.

    Raises:
        Http404: nobody has this username, or the person left.
    """
    key = f"totals-{quote(username.lower())[:200]}"
    people, totals = User.objects.by_username(username), caches["local"].get(key)
    if totals is None:
        sums = {name: Sum(name) for name in ("views", "likes", "dislikes")}
        of_author = Article.objects.published().filter(author=OuterRef("pk")).order_by().values("author")
        people = people.annotate(
            totals=Subquery(of_author.annotate(totals=JSONObject(articles=Count("pk"), **sums)).values("totals"))
        )
    author: Any = get_object_or_404(people, is_active=True)
    if totals is None:
        totals = author.totals or {"articles": 0, "views": 0, "likes": 0, "dislikes": 0}
        caches["local"].set(key, totals, TOTALS_SECONDS)
    return author, totals


_NEWEST_IN_SECTION = Prepared(
    lambda: (
        Article.objects.published()
        .filter(section=Parameter("section", Section._meta.pk))
        .for_list()
        .new()[: MORE_IN_SECTION + 1]
    )
)


class ArticleView(TemplateView):
    """The article page, with every element that docs/architecture.md lists."""

    template_name = "articles/article.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        article = published_article(kwargs["pk"])
        if article.slug != kwargs.get("slug"):
            return redirect(article, permanent=False)  # A title may change; its old address leads to the new one.
        return self.render_to_response(self.get_context_data(article=article))

    def get_context_data(self, article: Article, **kwargs: Any) -> dict[str, Any]:  # type: ignore[override]
        # One more than is shown, since the article itself may be among them.
        newest = _NEWEST_IN_SECTION.all(section=article.section_id)
        more = [one for one in newest if one.pk != article.pk][:MORE_IN_SECTION]
        return super().get_context_data(
            article=article, text=article.live, section=article.section, more=more, **kwargs
        )


@require_safe
def short_address(request: HttpRequest, pk: int) -> HttpResponseBase:
    """`/articles/12/` leads to the article's full address."""
    return redirect(published_article(pk))


def favicon(request: HttpRequest) -> HttpResponseBase:
    """Browsers request `/favicon.ico` before they have read a page."""
    return redirect(static("img/favicon.png"))
