"""Pages for readers. For an anonymous reader they contain nothing personal, so that they can be cached."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.cache import caches
from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import JSONObject
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.templatetags.static import static
from django.utils import timezone
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView

from accounts.selectors import renamed_user
from articles.authors import published_lists, users_with_name
from articles.models import Article, ArticleTag, Section, Tag
from articles.models.article import BY_TAG_DATE, HOT, NEW, TOP, ArticleQuerySet
from articles.models.slugs import slug_of
from articles.presenters import article_page_context
from articles.selectors import corrections_of, newest_in_section, published_article
from core.pagination import Page, cursor_from, paginate, paginate_merged, slice_page

MAX_MORE_IN_SECTION = 3
MAX_MOST_LIKED = 6
TOTALS_TIMEOUT = 60  # seconds
WEEK = timedelta(days=7)
# The time spans of "top" by their names in URLs; None is all time.
TOP_SPANS: dict[str, timedelta | None] = {
    "day": timedelta(days=1),
    "week": WEEK,
    "month": timedelta(days=30),
    "all": None,
}


class FrontView(TemplateView):
    """The newest articles: a lead, two beside it and a list, and the most liked ones of the week."""

    template_name = "articles/front.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = paginate(Article.objects.published().for_list(), self.request, order=NEW)
        if not page.is_first:
            context: dict[str, Any] = {"articles": page.object_list}
        else:
            context = {
                "lead": page.object_list[:1],
                "side": page.object_list[1:3],
                "articles": page.object_list[3:],
                "most_liked": top_since(timezone.now() - WEEK, limit=MAX_MOST_LIKED),
            }
        return super().get_context_data(here="front", order="new", page=page, **context, **kwargs)


def top_since(since: datetime, *, limit: int, after: tuple[Any, ...] | None = None) -> ArticleQuerySet:
    """Return the articles with the highest scores among those published since a time.

    The keys come from a subquery that reads nothing but an index (docs/decisions/0010-top-of-a-time-span.md).

    Args:
        limit: the maximum number of articles.
        after: a decoded cursor; only articles behind it.
    """
    articles: QuerySet[Article] = Article.objects.published_since(since).with_score()
    if after:
        articles = TOP.filter_after(articles, after)
    keys = TOP.sort(articles).values("pk")[:limit]
    return Article.objects.filter(pk__in=keys).for_list().top()


class HotView(TemplateView):
    """Articles by score and age."""

    template_name = "articles/hot.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = paginate(Article.objects.published().for_list(), self.request, order=HOT)
        return super().get_context_data(order="hot", page=page, articles=page.object_list, **kwargs)


class TopView(TemplateView):
    """The highest scores of a day, a week, a month or all time."""

    template_name = "articles/top.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if kwargs["span"] not in TOP_SPANS:
            raise Http404
        page = self.get_page(TOP_SPANS[kwargs["span"]])
        return super().get_context_data(order="top", page=page, articles=page.object_list, **kwargs)

    def get_page(self, span: timedelta | None) -> Page[Article]:
        if span is None:
            return paginate(Article.objects.published().with_score().for_list(), self.request, order=TOP)
        cursor, size = cursor_from(self.request), settings.PAGE_SIZE
        after = TOP.decode_cursor(cursor) if cursor else None
        articles = top_since(timezone.now() - span, limit=size + 1, after=after)
        return slice_page(list(articles), TOP, size=size, is_first=not cursor)


@require_safe
def top(request: HttpRequest) -> HttpResponseBase:
    """Redirect `/top/` to the week."""
    return redirect("top", span="week")


class SectionView(TemplateView):
    """One section, newest first."""

    template_name = "articles/section.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if kwargs["slug"] != kwargs["slug"].lower():
            return redirect("section", slug=kwargs["slug"].lower(), permanent=True)
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        slug = kwargs["slug"]
        # A section that was created in the last seconds is not among the cached ones.
        cached = {section.slug: section for section in Section.all_cached()}
        section = cached.get(slug) or get_object_or_404(Section, slug=slug)
        page = paginate(Article.objects.published().in_section(section).for_list(), self.request, order=NEW)
        return super().get_context_data(section=section, page=page, articles=page.object_list, **kwargs)


class TagView(TemplateView):
    """Articles with one tag, newest first."""

    template_name = "articles/tag.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        tag = get_object_or_404(Tag, slug=slug_of(kwargs["slug"]))
        if tag.slug != kwargs["slug"]:  # In another case, or not normalised.
            return redirect(tag, permanent=True)
        return self.render_to_response(self.get_context_data(tag=tag))

    def get_context_data(self, tag: Tag, **kwargs: Any) -> dict[str, Any]:  # type: ignore[override]
        page = paginate(ArticleTag.objects.of(tag).for_list(), self.request, order=BY_TAG_DATE)
        articles = [row.article for row in page.object_list]
        return super().get_context_data(tag=tag, page=page, articles=articles, **kwargs)


class AuthorView(TemplateView):
    """An author's profile, published articles and totals."""

    template_name = "articles/author.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            author, totals = author_with_totals(kwargs["username"])
        except Http404:
            return redirect(renamed_user(kwargs["username"]), permanent=True)
        if author.username != kwargs["username"]:  # Usernames ignore case, but the page has one URL.
            return redirect(author, permanent=True)
        page = paginate_merged([articles.for_list() for articles in published_lists(author)], request, order=NEW)
        return self.render_to_response(
            self.get_context_data(author=author, totals=totals, page=page, articles=page.object_list)
        )


def author_with_totals(username: str) -> tuple[Any, dict[str, int]]:
    """Return a user who wrote an article, alone or with others, with the number of articles, views, likes and dislikes.

    The totals are at most a minute old: some authors have thousands of articles to add up. Totals stored in a row of
    their own would be written by every vote, and all voters of an author would wait for the same lock.

    Raises:
        Http404: there is no active user with this username, or they have no published article.
    """
    key = f"totals-{quote(username.lower())[:200]}"
    users, totals = users_with_name(username), caches["local"].get(key)
    if totals is None:
        published, user = Article.objects.published().order_by(), OuterRef("pk")
        with_others = published.filter(coauthor_rows__user=user, coauthor_rows__accepted_at__isnull=False)
        users = users.annotate(
            own_totals=_totals(published.filter(author=user).values("author")),
            other_totals=_totals(with_others.values("coauthor_rows__user")),
        )
    author = get_object_or_404(users)
    if totals is None:
        found = [sums for sums in (author.own_totals, author.other_totals) if sums]
        if not found:
            raise Http404
        totals = {name: sum(sums[name] for sums in found) for name in found[0]}
        caches["local"].set(key, totals, TOTALS_TIMEOUT)
    return author, totals


def _totals(by_author: QuerySet[Article, Any]) -> Subquery:
    sums = {name: Sum(name) for name in ("views", "likes", "dislikes")}
    return Subquery(by_author.annotate(totals=JSONObject(articles=Count("pk"), **sums)).values("totals"))


class ArticleView(TemplateView):
    """The article page, with every element that docs/architecture.md lists."""

    template_name = "articles/article.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        article = published_article(kwargs["pk"])
        if article.slug != kwargs.get("slug"):
            return redirect(article, permanent=False)  # The title can change again.
        return self.render_to_response(self.get_context_data(article=article))

    def get_context_data(self, article: Article, **kwargs: Any) -> dict[str, Any]:  # type: ignore[override]
        revision = article.live
        assert revision is not None  # guaranteed by a constraint
        assert article.section is not None
        # One more than is shown, since the article itself can be among them.
        newest = newest_in_section(article.section, limit=MAX_MORE_IN_SECTION + 1)
        more = [card for card in newest if card.pk != article.pk][:MAX_MORE_IN_SECTION]
        corrections = corrections_of(article) if article.has_corrections else []  # type: ignore[attr-defined]
        context = article_page_context(article, revision, section=article.section, corrections=corrections)
        return super().get_context_data(more=more, **context, **kwargs)


@require_safe
def short_url(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Redirect `/articles/12/` to the full URL of the article."""
    return redirect(published_article(pk))


@require_safe
def without_language(request: HttpRequest, path: str) -> HttpResponseBase:
    """Redirect `/en/…`: the default language has no prefix."""
    query = request.META["QUERY_STRING"]
    return redirect("/" + path.lstrip("/\\") + (f"?{query}" if query else ""), permanent=True)


@require_safe
def favicon(request: HttpRequest) -> HttpResponseBase:
    """Redirect `/favicon.ico`, which browsers request by themselves, to the icon."""
    return redirect(static("img/favicon.png"))
