"""What the site's templates say in one word."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urljoin

from django import template
from django.conf import settings
from django.contrib.humanize.templatetags.humanize import NaturalTimeFormatter
from django.template.defaultfilters import date as in_words
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import localize
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timesince import timesince
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from articles.models import Article, Image, Revision, Section
from articles.models.slugs import slug_of
from articles.templatetags.parts import part
from core.sanitizer import for_display

register = template.Library()
register.filter("for_display", for_display)

# How wide a card's picture is: on a phone, and on everything wider.
CARD_SIZES = "(max-width: 30rem) 104px, 152px"
_MARKS = {"en": "EN", "ru": "РУ", "hy": "ՀԱ"}


@register.filter
def language_mark(code: str) -> str:
    """The two letters that stand for a language in the site's head."""
    return _MARKS.get(code, code.upper())


@register.filter
def section_name(section: Section, language: str = "") -> str:
    """The section's name in `language`, or in the language of the interface."""
    return section.name_in(language or get_language() or "en")


@register.simple_tag
@lru_cache(maxsize=32)
def icon(name: str) -> SafeString:
    """A picture from the site's own sprite; it says nothing that the words beside it do not."""
    return format_html(
        '<svg class="icon" width="16" height="16" aria-hidden="true"><use href="{}#{}"/></svg>',
        static("img/icons.svg"),
        name,
    )


@register.filter
def ago(moment: datetime) -> str:
    """How long ago in one unit ("3 hours ago"), or the day when it is more than a week."""
    now = timezone.now()
    passed = now - moment
    if passed > timedelta(days=7):
        day = timezone.localtime(moment).date()
        return _day_in_words(day, day.year == timezone.localtime(now).year, get_language())
    if passed < timedelta(minutes=1):
        return _("just now")
    # In whole minutes, hours or days, so that the words can be remembered.
    unit = next(unit for unit in _UNITS if passed >= unit)
    return _ago_in_words(passed // unit * unit, get_language())


_UNITS = (timedelta(days=1), timedelta(hours=1), timedelta(minutes=1))


@lru_cache(maxsize=1024)
def _day_in_words(day: date, same_year: bool, language: str | None) -> str:
    return in_words(day, _("j F") if same_year else _("j F Y"))


@lru_cache(maxsize=512)
def _ago_in_words(passed: timedelta, language: str | None) -> str:
    now = timezone.now()
    # Russian says "a minute" otherwise after "ago" than alone; Django's humanize has those forms.
    time = timesince(now - passed, now, depth=1, time_strings=NaturalTimeFormatter.past_substrings)
    return _("%(time)s ago") % {"time": time}


@register.filter
def for_machines(moment: datetime) -> str:
    """A moment for `datetime` attributes: "2023-10-25T13:21:00+0400"."""
    return timezone.localtime(moment).strftime("%Y-%m-%dT%H:%M:%S%z")


@register.filter
def in_full(moment: datetime) -> str:
    """A moment as the article's page has it: "13:21, Wednesday, 25 October, 2023"."""
    return in_words(timezone.localtime(moment), _("H:i, l, j F, Y"))


@register.simple_tag
def today() -> SafeString:
    """Today's date in words, for the head of the page."""
    return _today(timezone.localtime().date(), get_language())


@lru_cache(maxsize=8)
def _today(day: date, language: str | None) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', day.isoformat(), in_words(day, _("l, j F, Y")))


@register.simple_tag(takes_context=True)
def language_links(context: template.Context) -> SafeString:
    """The same page in each language of the interface."""
    here = get_language()
    links = (_language_link(code, name, code == here) for code, name, _url in context.get("languages") or ())
    addresses = (escape(url) for _code, _name, url in context.get("languages") or ())
    both = zip(links, addresses, strict=True)
    return mark_safe("".join(f'<a href="{address}"{link}' for link, address in both))  # noqa: S308 - escaped


@lru_cache(maxsize=32)
def _language_link(code: str, name: str, is_here: bool) -> SafeString:
    current = mark_safe(' aria-current="true"') if is_here else ""
    return format_html(' hreflang="{0}" lang="{0}" title="{1}"{2}>{3}</a>', code, name, current, language_mark(code))


@register.simple_tag(takes_context=True)
def section_links(context: template.Context) -> SafeString:
    """The site's sections, the open one marked."""
    section: Any = context.get("section")
    language = get_language() or "en"
    return part(
        "_sections.html",
        sections=tuple((one.pk, one.slug, one.name_in(language)) for one in context.get("sections") or ()),
        here=str(context.get("here") or ""),
        section=getattr(section, "pk", None),
    )


@register.simple_tag
def figures(article: Article, explained: bool = False) -> SafeString:
    """Views, likes and dislikes. With `explained`, they lead to how the views are counted."""
    language = get_language()
    return part(
        "articles/_numbers.html",
        number=article.pk if explained else None,
        views=_figure("views", article.views, language),
        likes=_figure("likes", article.likes, language),
        dislikes=_figure("dislikes", article.dislikes, language),
    )


@lru_cache(maxsize=4096)
def _figure(name: str, number: int, language: str | None) -> tuple[str, str]:
    """A number, and the same with its word."""
    written = str(localize(number))
    return written, _IN_WORDS[name](number) % {name: written}


_IN_WORDS: dict[str, Callable[[int], str]] = {
    "views": lambda number: ngettext("%(views)s view", "%(views)s views", number),
    "likes": lambda number: ngettext("%(likes)s like", "%(likes)s likes", number),
    "dislikes": lambda number: ngettext("%(dislikes)s dislike", "%(dislikes)s dislikes", number),
}


@register.simple_tag
def card(article: Article, size: str = "", sizes: str = "") -> SafeString:
    """One story in a list.

    Args:
        size: "lead" for the front page's first, "side" for those beside it.
        sizes: of its picture, as the attribute of that name says it.
    """
    return part("articles/_story.html", size=size, sizes=sizes or CARD_SIZES, **story(article))


def story(article: Article) -> dict[str, Any]:
    """What a published article's card says, as plain values: all but its form."""
    text, author, section = article.live, article.author, article.section
    assert text is not None  # both are constraints of the table
    assert article.published_at is not None
    image = text.image
    return {
        "number": article.pk,
        "slug": article.slug,
        "title": text.title,
        "summary": text.summary,
        "language": text.language,
        "section": section.slug,
        "kicker": section_name(section, text.language),
        "username": author.username,
        "author": author.name,
        "published": for_machines(article.published_at),
        "ago": ago(article.published_at),
        "figures": figures(article),
        "source": image.url(480) if image else "",
        "srcset": image.srcset if image else "",
        "width": image.width if image else 0,
        "height": image.height if image else 0,
    }


@register.simple_tag
def absolute(address: str) -> str:
    """A path as a full address under the site's own origin; a full address as it is."""
    return str(urljoin(settings.ORIGIN + "/", address))


@register.filter
def tag_address(name: str) -> str:
    """The address of the tag that an author named so."""
    return reverse("tag", kwargs={"slug": slug_of(name)})


@register.simple_tag
def article_address(article: Article) -> str:
    """The full address under which the article is known everywhere."""
    return f"{settings.ORIGIN}{article.canonical_path}"


@register.simple_tag
def article_json_ld(article: Article, text: Revision, site_name: str) -> SafeString:
    """The article as schema.org's NewsArticle, in a script element that no text can close (SECURITY.md, 6)."""
    data = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": text.title,
        "description": text.summary,
        "inLanguage": text.language,
        "datePublished": article.published_at.isoformat() if article.published_at else None,
        "dateModified": text.submitted_at.isoformat() if text.submitted_at else None,
        "mainEntityOfPage": article_address(article),
        "articleSection": article.section.name,
        "keywords": text.tag_names,
        "image": [urljoin(settings.ORIGIN, text.image.url(1600))] if text.image else [],
        "author": {
            "@type": "Person",
            "name": article.author.name,
            "url": urljoin(settings.ORIGIN, article.author.get_absolute_url()),
        },
        "publisher": {"@type": "Organization", "name": site_name, "url": settings.ORIGIN},
    }
    escaped = json.dumps(data, ensure_ascii=False).translate({ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"})
    return mark_safe(f'<script type="application/ld+json">{escaped}</script>')  # noqa: S308 - escaped above


@register.simple_tag
def image_url(image: Image, width: int) -> str:
    """The address of the file that suits a place `width` pixels wide."""
    return image.url(width)
