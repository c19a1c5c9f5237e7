"""RSS and Atom feeds of the site, a section or an author, with the full sanitised text."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from urllib.parse import urljoin

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed, SyndicationFeed
from django.views.generic import View

from accounts.models import User
from articles import presenters
from articles.models import Article, Section
from core.models import SiteSettings
from core.sanitizer import sanitize

MAX_ITEMS = 30


def _for_xml(text: str) -> str:
    """Return `text` without the control characters that XML does not allow."""
    return "".join(c for c in text if c in "\t\n\r" or c >= " ")


class _FullTextAtomFeed(Atom1Feed):
    def add_item_elements(self, handler: Any, item: Any) -> None:
        super().add_item_elements(handler, item)
        handler.addQuickElement("content", item["content"], {"type": "html"})


class ArticleFeed(View):
    """The newest articles of the whole site, of a section or of an author."""

    feed_type: type[SyndicationFeed] = Rss201rev2Feed

    def get(self, request: HttpRequest, slug: str = "", username: str = "") -> HttpResponse:
        # django.contrib.syndication builds URLs from the Host header; links must come from ORIGIN.
        site, articles = SiteSettings.current(), Article.objects.published()
        title, page = site.name, reverse("front")
        if slug:
            section = get_object_or_404(Section, slug=slug)
            articles = articles.in_section(section)
            title, page = f"{section.name} · {site.name}", section.get_absolute_url()
        elif username:
            author = get_object_or_404(User, username=username, is_active=True)
            articles = articles.by(author)
            if not articles.exists():
                raise Http404
            title, page = f"{author.name} · {site.name}", author.get_absolute_url()
        feed = self.feed_type(
            title=title,
            link=urljoin(settings.ORIGIN, page),
            description=site.tagline or site.name,
            feed_url=urljoin(settings.ORIGIN, request.path),
            language=None,
        )
        for article in articles.new().for_detail()[:MAX_ITEMS]:
            self.add(feed, article)
        response = HttpResponse(content_type=feed.content_type)  # type: ignore[attr-defined]
        feed.write(response, "utf-8")
        return response

    def add(self, feed: SyndicationFeed, article: Article) -> None:
        revision = article.live
        assert revision is not None  # guaranteed by a constraint
        body = sanitize(revision.body)
        if revision.image:
            image = urljoin(settings.ORIGIN, revision.image.url(960))
            # Nothing that a user typed is in this element: the URL consists of random characters.
            body = f'<p><img src="{image}" alt=""></p>{body}'
        feed.add_item(
            title=_for_xml(revision.title),
            link=presenters.canonical_url(article),
            description=_for_xml(revision.summary) if issubclass(self.feed_type, Atom1Feed) else _for_xml(body),
            content=_for_xml(body),
            author_name=_for_xml(article.author.name),
            author_link=urljoin(settings.ORIGIN, article.author.get_absolute_url()),
            pubdate=cast("datetime", article.published_at),
            updateddate=revision.submitted_at,
            unique_id=urljoin(settings.ORIGIN, reverse("article_short", kwargs={"pk": article.pk})),
            unique_id_is_permalink=False,
            categories=[article.section.name, *revision.tag_names],
        )


class ArticleAtomFeed(ArticleFeed):
    feed_type = _FullTextAtomFeed
