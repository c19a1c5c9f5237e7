"""RSS and Atom feeds of the site, a section, an author or a series, with the full sanitised text."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import translation
from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed, SyndicationFeed
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.generic import View

from accounts.selectors import renamed_user
from articles import presenters
from articles.authors import published_lists, users_with_name
from articles.body import render_for_feed
from articles.disclosure import disclosures, first_published
from articles.image_selectors import images_of_live_texts
from articles.models import Article, Correction, Image, Section, Series
from articles.models.article import NEW
from articles.series import published_parts
from core.models import SiteSettings
from core.pagination import merge
from core.text import without_forbidden

MAX_ITEMS = 30
DUBLIN_CORE = "http://purl.org/dc/elements/1.1/"


class _Feed(SyndicationFeed):
    """A feed whose bytes change only with its articles."""

    def latest_post_date(self) -> datetime:
        return super().latest_post_date() if self.items else datetime(2000, 1, 1, tzinfo=UTC)


class _RSSFeed(_Feed, Rss201rev2Feed):
    def add_item_elements(self, handler: Any, item: Any) -> None:
        super().add_item_elements(handler, item)
        for coauthor in item.get("coauthors", ()):
            handler.addQuickElement("dc:creator", without_forbidden(coauthor.name), {"xmlns:dc": DUBLIN_CORE})


class _AtomFeed(_Feed, Atom1Feed):
    def add_item_elements(self, handler: Any, item: Any) -> None:
        super().add_item_elements(handler, item)
        for coauthor in item.get("coauthors", ()):
            handler.startElement("author", {})
            handler.addQuickElement("name", without_forbidden(coauthor.name))
            handler.addQuickElement("uri", presenters.absolute_url(coauthor.get_absolute_url()))
            handler.endElement("author")
        handler.addQuickElement("content", item["content"], {"type": "html"})


def _response(feed: _Feed) -> HttpResponse:
    response = HttpResponse(content_type=feed.content_type)  # type: ignore[attr-defined]
    feed.write(response, "utf-8")
    return response


class ArticleFeed(View):
    """The newest articles of the whole site, of a section, of an author or of a series."""

    feed_type: type[_Feed] = _RSSFeed

    def get(self, request: HttpRequest, slug: str = "", username: str = "", pk: int = 0) -> HttpResponse:
        # django.contrib.syndication builds URLs from the Host header; links must come from ORIGIN.
        site, lists = SiteSettings.current(), [Article.objects.published()]
        title, page, path = site.name, reverse("front"), request.path
        if slug:
            section = get_object_or_404(Section, slug=slug)
            lists = [Article.objects.published().in_section(section)]
            title, page = f"{section.name} · {site.name}", section.get_absolute_url()
        elif username:
            author = users_with_name(username).first() or renamed_user(username)
            if author.username != username:
                return redirect(path.replace(f"/{username}/", f"/{author.username}/"), permanent=True)
            lists = published_lists(author)
            title, page = f"{author.name} · {site.name}", author.get_absolute_url()
        elif pk:
            series = get_object_or_404(Series, pk=pk)
            lists = [published_parts(series)]
            title, page = f"{series.title} · {site.name}", series.get_absolute_url()
        feed = self.feed_type(
            title=without_forbidden(title),
            link=presenters.absolute_url(page),
            description=without_forbidden(site.tagline or site.name),
            feed_url=presenters.absolute_url(path),
            language=None,
        )
        listed = merge([articles.for_detail() for articles in lists], order=NEW, limit=MAX_ITEMS)
        if (username or pk) and not listed:
            raise Http404
        images = images_of_live_texts(listed)
        for article in listed:
            feed.add_item(**self.item(article, images))
        return _response(feed)

    def item(self, article: Article, images: dict[int, Image]) -> dict[str, Any]:
        """Return the arguments of `add_item`.

        Args:
            images: those that the texts show, by primary key.
        """
        revision, author, url = article.live, article.author, presenters.canonical_url(article)
        assert revision is not None  # guaranteed by a constraint
        assert article.section is not None
        body = render_for_feed(revision.body, images, url=url)
        with translation.override(revision.language):
            notes = [*disclosures(revision), *filter(None, [first_published(revision)])]
        if notes:
            body = format_html("<p><em>{}</em></p>", SafeString(" · ".join(notes))) + body
        if revision.image:
            image = presenters.absolute_url(revision.image.url(960))
            caption = " ".join(filter(None, [revision.caption, revision.credit]))
            figure = format_html('<p><img src="{}" alt="{}"></p>', image, revision.alternative_text)
            body = figure + (format_html("<p><em>{}</em></p>", caption) if caption else "") + body
        body = without_forbidden(body)
        return {
            "title": without_forbidden(revision.title),
            "link": url,
            # Both feeds declare it as HTML.
            "description": body if self.feed_type is _RSSFeed else escape(without_forbidden(revision.summary)),
            "content": body,
            "author_name": without_forbidden(author.name),
            "coauthors": article.shown_coauthors,
            "author_link": presenters.absolute_url(author.get_absolute_url()) if author.is_active else None,
            "pubdate": article.published_at,
            "updateddate": article.modified_at,
            "unique_id": presenters.absolute_url(reverse("article_short", kwargs={"pk": article.pk})),
            "unique_id_is_permalink": False,
            "categories": [without_forbidden(name) for name in (article.section.name, *revision.tag_names)],
        }


class ArticleAtomFeed(ArticleFeed):
    feed_type = _AtomFeed


class CorrectionFeed(View):
    """The newest corrections of published articles."""

    feed_type: type[_Feed] = _RSSFeed

    def get(self, request: HttpRequest) -> HttpResponse:
        title = f"{_('Corrections')} · {SiteSettings.current().name}"
        feed = self.feed_type(
            title=without_forbidden(title),
            link=presenters.absolute_url(reverse("corrections")),
            description=_("What was wrong in published articles, and when it was corrected."),
            feed_url=presenters.absolute_url(request.path),
            language=None,
        )
        for correction in Correction.objects.public()[:MAX_ITEMS]:
            feed.add_item(**self.item(correction))
        return _response(feed)

    def item(self, correction: Correction) -> dict[str, Any]:
        """Return the arguments of `add_item`."""
        article = correction.article
        assert article.live is not None  # guaranteed by a constraint
        with translation.override(article.live.language):
            title = _("Correction: %(title)s") % {"title": article.live.title}
        text = escape(without_forbidden(correction.text))
        return {
            "title": without_forbidden(title),
            "link": f"{presenters.canonical_url(article)}#corrections",
            # Both feeds declare it as HTML.
            "description": text,
            "content": text,
            "pubdate": correction.published_at,
            "updateddate": correction.published_at,
            "unique_id": f"{presenters.absolute_url(reverse('corrections'))}#{correction.pk}",
            "unique_id_is_permalink": False,
        }


class CorrectionAtomFeed(CorrectionFeed):
    feed_type = _AtomFeed
