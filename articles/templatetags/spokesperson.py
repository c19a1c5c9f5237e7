"""What the site's templates say in one word."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from urllib.parse import urlencode, urljoin

from django import template
from django.conf import settings
from django.contrib.humanize.templatetags.humanize import NaturalTimeFormatter
from django.template.defaultfilters import date
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timesince import timesince
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from articles.models import Article, Picture, Revision, Section
from articles.sanitizing import for_display
from articles.slugs import slug_of

register = template.Library()
register.filter("for_display", for_display)

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
    if now - moment > timedelta(days=7):
        same_year = timezone.localtime(moment).year == timezone.localtime(now).year
        return date(timezone.localtime(moment), _("j F") if same_year else _("j F Y"))
    if now - moment < timedelta(minutes=1):
        return _("just now")
    # Russian says "a minute" otherwise after "ago" than alone; Django's humanize has those forms.
    time = timesince(moment, now, depth=1, time_strings=NaturalTimeFormatter.past_substrings)
    return _("%(time)s ago") % {"time": time}


@register.simple_tag
def today() -> str:
    """Today's date in words, for the head of the page."""
    return date(timezone.localtime(), _("l, j F, Y"))


@register.simple_tag
def absolute(address: str) -> str:
    """A path as a full address under the site's own origin; a full address as it is."""
    return str(urljoin(settings.ORIGIN + "/", address))


@register.filter
def tag_address(name: str) -> str:
    """The address of the tag that an author named so."""
    return reverse("tag", kwargs={"slug": slug_of(name)})


@register.simple_tag
def share_links(article: Article, title: str) -> list[tuple[str, str]]:
    """(name, address) of the places to share an article; plain links, nothing is loaded from them."""
    address = urljoin(settings.ORIGIN, article.canonical_path)
    return [
        ("Facebook", "https://www.facebook.com/sharer/sharer.php?" + urlencode({"u": address})),
        ("Telegram", "https://t.me/share/url?" + urlencode({"url": address, "text": title})),
        ("WhatsApp", "https://wa.me/?" + urlencode({"text": f"{title} {address}"})),
        ("X", "https://x.com/intent/post?" + urlencode({"url": address, "text": title})),
    ]


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
        "mainEntityOfPage": urljoin(settings.ORIGIN, article.canonical_path),
        "articleSection": article.section.name,
        "keywords": text.tag_names,
        "image": [urljoin(settings.ORIGIN, text.picture.url(1600))] if text.picture else [],
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
def picture_url(picture: Picture, width: int) -> str:
    """The address of the file that suits a place `width` pixels wide."""
    return picture.url(width)
