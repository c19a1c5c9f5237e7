"""What pages, feeds and JSON-LD show of articles, as plain values for templates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.contrib.humanize.templatetags.humanize import NaturalTimeFormatter
from django.template.defaultfilters import date as format_date
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import localize
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from articles import disclosure
from articles.body import has_embeds
from articles.image_selectors import images_of_texts
from articles.models import Article, Correction, Image, Revision, Section
from articles.models.disclosure import DISCLOSURE_FIELDS
from articles.models.image import CENTER
from articles.models.slugs import slug_of
from articles.selectors import Card
from articles.series import SeriesPlace, place_of
from core.zones import in_zones

# The `sizes` attribute of a card's image: on a phone, and on wider screens.
CARD_SIZES = "(max-width: 30rem) 104px, 152px"


def section_name(section: Section, language: str = "") -> str:
    """Return the section's name in `language`, or in the language of the interface."""
    return section.name_in(language or get_language() or settings.LANGUAGE_CODE)


def section_language(section: Section) -> str:
    """Return the language of `section_name`: that of the interface, or the default one of a name not translated."""
    language = get_language() or settings.LANGUAGE_CODE
    return language if getattr(section, f"name_{language}", "") else settings.LANGUAGE_CODE


def ago(moment: datetime) -> str:
    """Return how long ago `moment` was in one unit ("3 hours ago"), or its date after a week."""
    now = timezone.now()
    if now - moment > timedelta(days=7):
        local = timezone.localtime(moment)
        return format_date(local, _("j F") if local.year == timezone.localtime(now).year else _("j F Y"))
    if now - moment < timedelta(minutes=1):
        return _("just now")
    # Russian declines "a minute" differently before "ago"; Django's humanize has those forms.
    time = timesince(moment, now, depth=1, time_strings=NaturalTimeFormatter.past_substrings)
    return _("%(time)s ago") % {"time": time}


def isoformat(moment: datetime) -> str:
    """Return a moment for `datetime` attributes: "2023-10-25T13:21:00+0400"."""
    return timezone.localtime(moment).strftime("%Y-%m-%dT%H:%M:%S%z")


def long_date(moment: datetime) -> str:
    """Return a moment as the article page shows it: "13:21, Wednesday, 25 October, 2023"."""
    return format_date(timezone.localtime(moment), _("H:i, l, j F, Y"))


def scheduled_time(moment: datetime) -> SafeString:
    """Return `in_zones` as an element to which static/js/zones.js adds the time in the browser's zone."""
    label = _("your time: {time}")
    return format_html('<time datetime="{}" data-yours="{}">{}</time>', isoformat(moment), label, in_zones(moment))


def absolute_url(path: str) -> str:
    """Return a path as a URL under ORIGIN, and a complete URL unchanged."""
    return str(urljoin(settings.ORIGIN + "/", path))


def canonical_url(article: Article) -> str:
    """Return the one URL that search engines, feeds and share links use."""
    return f"{settings.ORIGIN}{article.canonical_path}"


def tag_url(name: str) -> str:
    """Return the URL of the tag with this name."""
    return reverse("tag", kwargs={"slug": slug_of(name)})


def as_card(article: Article | Card) -> Card:
    """Return the card of an article that `ArticleQuerySet.for_list` has loaded; a card as it is."""
    if isinstance(article, Card):
        return article
    revision, author, section = article.live, article.author, article.section
    assert revision is not None  # guaranteed by a constraint
    assert article.published_at is not None
    assert section is not None
    image = revision.image
    values = (
        *(article.pk, revision.pk, revision.title, revision.summary, revision.language),
        *((image.key, image.width, image.height, image.focus_x, image.focus_y) if image else (None,) * 5),
        *(author.username, author.display_name, author.is_active, article.coauthors),
        *(article.published_at, article.views, article.likes, article.dislikes),
        *(section.slug, section.name, section.name_ru, section.name_hy),
    )
    return Card._make(values)


def counts_context(article: Article | Card) -> dict[str, Any]:
    """Return the localised views, likes and dislikes, and all three in words as `label`."""
    views, likes, dislikes = (str(localize(n)) for n in (article.views, article.likes, article.dislikes))
    words = (
        ngettext("%(views)s view", "%(views)s views", article.views) % {"views": views},
        ngettext("%(likes)s like", "%(likes)s likes", article.likes) % {"likes": likes},
        ngettext("%(dislikes)s dislike", "%(dislikes)s dislikes", article.dislikes) % {"dislikes": dislikes},
    )
    return {"views": views, "likes": likes, "dislikes": dislikes, "label": ", ".join(words)}


def card_context(article: Article | Card, *, size: str = "", sizes: str = "") -> dict[str, Any]:
    """Return the context of `articles/_card.html` for a published article.

    Args:
        size: "lead" for the first article of the front page, "side" for those beside it.
        sizes: the `sizes` attribute of the image; by default `CARD_SIZES`.
    """
    card = as_card(article)
    image = (
        Image(
            key=card.image_key,
            width=card.image_width or 0,
            height=card.image_height or 0,
            focus_x=card.image_focus_x or 0,
            focus_y=card.image_focus_y or 0,
        )
        if card.image_key
        else None
    )
    return {
        "card": card,
        "url": card.url,
        "title": card.title,
        "summary": card.summary,
        "image": image,
        "size": size,
        "sizes": sizes or CARD_SIZES,
    }


def focus_class(image: Image) -> str:
    """Return the class of static/css/site.css that keeps the focal point visible in a 3:2 space; "" at the center."""
    is_wide = 2 * image.width > 3 * image.height
    percent = round((image.focus_x if is_wide else image.focus_y) / 10) * 10
    return "" if percent == CENTER else f"focus-{'x' if is_wide else 'y'}-{percent}"


def article_page_context(
    article: Article, revision: Revision, *, section: Section | None = None, corrections: Sequence[Correction] = ()
) -> dict[str, Any]:
    """Return the context of `articles/article.html`, for the public page and for the author's preview.

    Args:
        revision: the version to show.
        section: the section of this version, if it is loaded already.
    """
    section, image, author = section or revision.section, revision.image, article.author
    revision.article = article
    series = place_of(article)
    body_images = images_of_texts([revision])
    return {
        "article": article,
        "revision": revision,
        "section": section,
        "image": image,
        "body_images": body_images,
        "has_embeds": has_embeds(revision.body),
        "corrections": corrections,
        "canonical_url": canonical_url(article),
        "series": series,
        # All that the cached fragments show, which is their key, so a change is seen at once.
        "shown": (
            *(article.pk, article.slug, article.published_at, article.live_id, revision.pk, revision.submitted_at),
            article.is_public,
            *(revision.language, revision.title, revision.summary, revision.body, revision.tag_names),
            *(revision.caption, revision.alternative_text, revision.credit, image and (image.key, image.width)),
            *(getattr(revision, name) for name in (*DISCLOSURE_FIELDS, "canonical_url")),
            *(author.username, author.name, author.is_active, author.is_staff, author.badge, author.avatar_key),
            article.coauthors,
            section and (section.slug, section_name(section)),
            series and series.shown,
            *sorted((one.pk, one.key, one.width) for one in body_images.values()),
            *((one.text, one.published_at) for one in corrections),
        ),
    }


def json_ld(
    article: Article,
    revision: Revision,
    site_name: str,
    *,
    series: SeriesPlace | None = None,
    corrections: Sequence[Correction] = (),
) -> dict[str, Any]:
    """Return a published article as a schema.org NewsArticle."""
    author, image = article.author, revision.image
    assert article.section is not None  # guaranteed by a constraint
    first = {"@type": "Person", "name": author.name}
    if author.is_active:
        first["url"] = absolute_url(author.get_absolute_url())
    others = [
        {"@type": "Person", "name": one.name, "url": absolute_url(one.get_absolute_url())}
        for one in article.shown_coauthors
    ]
    comments = [
        {"@type": "CorrectionComment", "text": one.text, "datePublished": one.published_at.isoformat()}
        for one in corrections
    ]
    return {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": revision.title,
        "description": revision.summary,
        "inLanguage": revision.language,
        "datePublished": article.published_at.isoformat() if article.published_at else None,
        "dateModified": article.modified_at.isoformat() if article.modified_at else None,
        "mainEntityOfPage": canonical_url(article),
        "articleSection": article.section.name,
        "keywords": revision.tag_names,
        "image": [absolute_url(image.share_url), absolute_url(image.url(1600))] if image else [],
        "author": [first, *others] if others else first,
        "publisher": {"@type": "Organization", "name": site_name, "url": settings.ORIGIN},
        **({"isBasedOn": revision.canonical_url} if revision.canonical_url else {}),
        **({"correction": comments} if comments else {}),
        **disclosure.json_ld(revision),
        **_part_of(series),
    }


def _part_of(place: SeriesPlace | None) -> dict[str, Any]:
    if place is None:
        return {}
    url = absolute_url(place.series.get_absolute_url())
    series = {"@type": "CreativeWorkSeries", "name": place.series.title, "url": url}
    return {"isPartOf": series, "position": place.number}
