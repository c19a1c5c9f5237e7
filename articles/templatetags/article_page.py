"""The article's page in parts: what stands in its head, its text, and what may be done with it."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote_plus

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator
from django.utils.translation import get_language

from accounts.templatetags.user_tags import avatar
from articles.models import Article, Revision
from articles.templatetags.parts import part
from articles.templatetags.spokesperson import (
    absolute,
    article_address,
    article_json_ld,
    for_machines,
    in_full,
    section_name,
    tag_address,
)

register = template.Library()

# Longer descriptions are cut by those who show them.
DESCRIPTION = 200
# No article will ever have this number.
_PLACE = 9_876_543_210_123_456


@register.filter
def as_description(summary: str) -> str:
    """A summary for `<meta name="description">`."""
    return summary if len(summary) <= DESCRIPTION else Truncator(summary).chars(DESCRIPTION)


@register.simple_tag
def numbered(name: str, number: int) -> str:
    """The address `name` of the article with a number: `{% numbered "beacon" article.pk %}`."""
    before, after = _around_number(name, get_language())
    return f"{before}{number}{after}"


@lru_cache(maxsize=64)
def _around_number(name: str, language: str | None) -> tuple[str, str]:
    before, after = reverse(name, args=[_PLACE]).split(str(_PLACE))
    return before, after


@register.simple_tag
def article_head(article: Article, text: Revision, site_name: str) -> SafeString:
    """What machines read of a published article: its one address, its card elsewhere, its JSON-LD."""
    assert article.published_at is not None  # a constraint of the table
    image = text.image
    return part(
        "articles/_head.html",
        name=site_name,
        address=article_address(article),
        title=text.title,
        summary=text.summary,
        published=for_machines(article.published_at),
        image=absolute(image.url(1600)) if image else "",
        alternative_text=text.alternative_text,
        json_ld=article_json_ld(article, text, site_name),
    )


@register.simple_tag
def article_text(article: Article, text: Revision, preview: bool = False, is_paid_for: bool = False) -> SafeString:
    """An article from its crumbs to its tags. The text is sanitised again whenever it is rendered.

    Args:
        preview: of a text that is not published: its tags lead nowhere.
        is_paid_for: its links say that somebody pays.
    """
    author, image, moment = article.author, text.image, article.published_at
    return part(
        "articles/_text.html",
        crumbs=part("articles/_crumbs.html", section=text.section.slug, name=section_name(text.section)),
        title=text.title,
        language=text.language,
        avatar=avatar(author, 44),
        author=part("articles/_author.html", username=author.username, name=author.name),
        published=for_machines(moment) if moment else "",
        moment=in_full(moment) if moment else "",
        source=image.url(960) if image else "",
        srcset=image.srcset if image else "",
        width=image.width if image else 0,
        height=image.height if image else 0,
        alternative_text=text.alternative_text,
        caption=text.caption,
        credit=text.credit,
        body=text.body,
        is_paid_for=bool(is_paid_for),
        tags=part("articles/_tags.html", tags=_tags(text.tag_names, preview=bool(preview))) if text.tag_names else "",
    )


def _tags(names: list[str], *, preview: bool) -> SafeString:
    if preview:
        return format_html_join("", "<li><span>{}</span></li>", ((name,) for name in names))
    return mark_safe("".join(_tag(name, get_language()) for name in names))  # noqa: S308 - made by format_html


@lru_cache(maxsize=2048)
def _tag(name: str, language: str | None) -> SafeString:
    return format_html('<li><a href="{}" rel="tag">{}</a></li>', tag_address(name), name)


@register.simple_tag
def share_links(article: Article, title: str) -> SafeString:
    """Where to share an article; plain links, nothing is loaded from them."""
    address = article_address(article)
    return part("articles/_share.html", address=address, quoted=quote_plus(address), title=quote_plus(title))
