from __future__ import annotations

import os
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import path

from bench.baselines.plain.models import Article, Page

# The size of the article page, which is padded to it.
ARTICLE_PAGE_BYTES = int(os.environ.get("ARTICLE_PAGE_BYTES", "0"))


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """One row, one template."""
    return render(request, "page.html", {"page": get_object_or_404(Page, pk=pk)})


def article(request: HttpRequest, pk: int) -> HttpResponse:
    """One joined query, one template, as many bytes as the site's article page."""
    found = get_object_or_404(Article.objects.select_related("author", "section"), pk=pk)
    return render(request, "article.html", {"article": found, "padding": _padding()})


@cache
def _padding() -> str:
    """Return the text that the page lacks to be `ARTICLE_PAGE_BYTES` long."""
    found = Article.objects.select_related("author", "section").earliest("pk")
    size = len(render_to_string("article.html", {"article": found}).encode())
    return "." * (ARTICLE_PAGE_BYTES - size)


urlpatterns = [
    path("pages/<int:pk>/", page, name="page"),
    path("articles/<int:pk>/", article, name="article"),
]
