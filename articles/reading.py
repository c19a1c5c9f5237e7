"""The reader's pages. They hold nothing personal for an anonymous reader, and ask the database little."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView

from accounts.models import User
from articles.access import published_article
from articles.models import Article, Section, Tag
from articles.pages import Page, page_of

MORE_IN_SECTION = 3
MOST_LIKED = 6


class FrontView(TemplateView):
    """Newest first: a lead story, two beside it, the river, and what was liked most this week."""

    template_name = "articles/front.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = page_of(Article.objects.published(), self.request)
        context = {"page": page, "here": "front", "river": page.articles}
        if page.is_first:
            context |= {
                "lead": page.articles[:1],
                "side": page.articles[1:3],
                "river": page.articles[3:],
                "most_liked": Article.objects.published().most_liked(since=timedelta(days=7)).with_cards()[:MOST_LIKED],
            }
        return super().get_context_data(**context, **kwargs)


class SectionView(TemplateView):
    """One section, newest first."""

    template_name = "articles/section.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        section = get_object_or_404(Section, slug=kwargs["slug"])
        page = page_of(Article.objects.published().in_section(section), self.request)
        return super().get_context_data(section=section, page=page, river=page.articles, **kwargs)


class TagView(TemplateView):
    """What carries one tag, newest first."""

    template_name = "articles/tag.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        tag = get_object_or_404(Tag, slug=kwargs["slug"])
        page = page_of(Article.objects.published().tagged(tag), self.request)
        return super().get_context_data(tag=tag, page=page, river=page.articles, **kwargs)


class AuthorView(TemplateView):
    """An author: who it is, what was published, and the totals."""

    template_name = "articles/author.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        author = get_object_or_404(User, username__iexact=kwargs["username"], is_active=True)
        if author.username != kwargs["username"]:  # Usernames are one whatever their case; their page has one address.
            return redirect(author, permanent=True)
        page = page_of(Article.objects.published().by(author), request)
        return self.render_to_response(self.get_context_data(author=author, page=page, river=page.articles))

    def get_context_data(self, author: User, page: Page, **kwargs: Any) -> dict[str, Any]:  # type: ignore[override]
        totals = {}
        if page.is_first:
            totals = (
                Article.objects.published()
                .by(author)
                .aggregate(articles=Count("pk"), views=Sum("views"), likes=Sum("likes"), dislikes=Sum("dislikes"))
            )
        return super().get_context_data(author=author, page=page, totals=totals, **kwargs)


class ArticleView(TemplateView):
    """The article page, with every element that docs/architecture.md lists."""

    template_name = "articles/article.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        article = published_article(kwargs["pk"])
        if article.slug != kwargs.get("slug"):
            return redirect(article, permanent=False)  # A title may change; its old address leads to the new one.
        return self.render_to_response(self.get_context_data(article=article))

    def get_context_data(self, article: Article, **kwargs: Any) -> dict[str, Any]:  # type: ignore[override]
        more = Article.objects.published().in_section(article.section).exclude(pk=article.pk).new().with_cards()
        return super().get_context_data(
            article=article, text=article.live, section=article.section, more=more[:MORE_IN_SECTION], **kwargs
        )


@require_safe
def short_address(request: HttpRequest, pk: int) -> HttpResponseBase:
    """`/articles/12/` leads to the article's full address."""
    return redirect(published_article(pk))
