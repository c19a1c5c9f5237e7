"""What the site's templates say in one word."""

from __future__ import annotations

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from articles.models import Section
from articles.sanitizing import for_display

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
        '<svg class="icon" width="16" height="16" aria-hidden="true"><use href="{}#{}"/></svg>', static("img/icons.svg"), name
    )
