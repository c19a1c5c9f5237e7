"""Template tags and filters for articles; the values come from `articles.presenters`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from django import template
from django.contrib.auth.models import AnonymousUser
from django.template.defaultfilters import date as format_date
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import User
from articles import body, presenters
from articles.disclosure import disclosures, first_published
from articles.models import Article, Correction, Image, Revision
from articles.selectors import Card
from articles.series import SeriesPlace
from core import zones
from core.sanitizer import for_display

register = template.Library()
for _filter in (
    disclosures,
    first_published,
    body.short_code,
    for_display,
    presenters.ago,
    presenters.as_card,
    presenters.canonical_url,
    presenters.focus_class,
    zones.in_zones,
    presenters.isoformat,
    presenters.long_date,
    presenters.section_language,
    presenters.scheduled_time,
    presenters.section_name,
    presenters.tag_url,
    presenters.absolute_url,
):
    register.filter(_filter.__name__, _filter)

# Search engines and messengers cut longer descriptions anyway.
MAX_DESCRIPTION = 200
_LANGUAGE_LABELS = {"en": "EN", "ru": "РУ", "hy": "ՀԱ"}
_JSON_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def language_label(code: str) -> str:
    """Return the two letters that the language switch shows."""
    return _LANGUAGE_LABELS.get(code, code.upper())


@register.simple_tag(takes_context=True)
def language_links(context: template.Context) -> SafeString:
    """Return links to the page in each language of the interface."""
    current = get_language()
    return format_html_join(
        "",
        '<a href="{0}" hreflang="{1}" lang="{1}" title="{2}"{3}>{4}</a>',
        (
            (url, code, name, mark_safe(' aria-current="true"') if code == current else "", language_label(code))
            for code, name, url in context["languages"]
        ),
    )


@register.filter
def as_description(summary: str) -> str:
    """Return a summary for `<meta name="description">`."""
    return summary if len(summary) <= MAX_DESCRIPTION else Truncator(summary).chars(MAX_DESCRIPTION)


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """Return a decorative icon of the sprite; the text beside it carries the meaning."""
    return format_html(
        '<svg class="icon" width="16" height="16" aria-hidden="true"><use href="{}#{}"/></svg>',
        static("img/icons.svg"),
        name,
    )


@register.simple_tag
def today() -> SafeString:
    """Return today's date for the page header."""
    day = timezone.localdate()
    return format_html('<time datetime="{}">{}</time>', day.isoformat(), format_date(day, _("l, j F, Y")))


@register.inclusion_tag("articles/_counts.html")
def counts(article: Article | Card, explained: bool = False) -> dict[str, Any]:
    """Show views, likes and dislikes. With `explained`, the views link to the page that explains them."""
    return {"article": article, "explained": explained, **presenters.counts_context(article)}


@register.inclusion_tag("articles/_card.html")
def article_card(article: Article | Card, size: str = "", sizes: str = "") -> dict[str, Any]:
    """Show a published article in a list (see `presenters.card_context`)."""
    return presenters.card_context(article, size=size, sizes=sizes)


@register.simple_tag
def article_json_ld(
    article: Article,
    revision: Revision,
    site_name: str,
    series: SeriesPlace | None = None,
    corrections: Sequence[Correction] = (),
) -> SafeString:
    """Return the JSON-LD of an article in a script element that no text can close."""
    found = presenters.json_ld(article, revision, site_name, series=series, corrections=corrections)
    data = json.dumps(found, ensure_ascii=False)
    data = data.translate(_JSON_ESCAPES)
    return mark_safe(f'<script type="application/ld+json">{data}</script>')  # noqa: S308 - escaped above


@register.simple_tag
def article_body(revision: Revision, images: dict[int, Image], is_paid_for: bool = False) -> SafeString:
    """Return the text of a version with the images that it may show."""
    return body.render(revision.body, images, is_paid_for=is_paid_for)


@register.filter
def is_author(article: Article, user: User | AnonymousUser) -> bool:
    """Return whether the user is the author, not a co-author: `{{ article|is_author:user }}`."""
    return article.author_id == user.pk


@register.simple_tag
def image_url(image: Image, width: int) -> str:
    """Return the URL of the file for a space of `width` pixels."""
    return image.url(width)
