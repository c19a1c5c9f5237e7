"""Addresses that programs read, in one language: feeds, sitemap, robots.txt."""

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import path

from articles import sitemaps
from articles.feeds import ArticleAtomFeed, ArticleFeed
from articles.pages import public_page


def favicon(request: HttpRequest) -> HttpResponseBase:
    """Browsers ask for it here before they have read a page."""
    return redirect(static("img/favicon.png"))


urlpatterns = [
    path("feeds/rss.xml", public_page(ArticleFeed.as_view()), name="feed_rss"),
    path("feeds/atom.xml", public_page(ArticleAtomFeed.as_view()), name="feed_atom"),
    path("sections/<slug:slug>/rss.xml", public_page(ArticleFeed.as_view()), name="feed_section_rss"),
    path("sections/<slug:slug>/atom.xml", public_page(ArticleAtomFeed.as_view()), name="feed_section_atom"),
    path("authors/<str:username>/rss.xml", public_page(ArticleFeed.as_view()), name="feed_author_rss"),
    path("authors/<str:username>/atom.xml", public_page(ArticleAtomFeed.as_view()), name="feed_author_atom"),
    path("sitemap.xml", public_page(sitemaps.index), name="sitemap"),
    path("sitemaps/<int:number>.xml", public_page(sitemaps.part), name="sitemap_part"),
    path("robots.txt", public_page(sitemaps.robots), name="robots"),
    path("favicon.ico", favicon, name="favicon"),
]
