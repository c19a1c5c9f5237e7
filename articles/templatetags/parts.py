"""Parts of pages that depend on a few plain values alone: rendered once for each set of values, then remembered.

A page's head, foot and cards are the same on thousands of pages; of the article's page they were more than half of the
rendering. A part is given its values and nothing else: no request, no person, no token and no clock. So it cannot hold
anything personal, and it cannot be out of date: other values are another part.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.template import Context
from django.template.loader import get_template
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()

# A card has some 2 KB, so this is a few megabytes at most; what was not used for longest goes first.
REMEMBERED = 2048
# What is equal renders equal. Models are equal where their keys are, and lazy strings change with the language.
_PLAIN = frozenset({str, SafeString, int, bool, float, type(None), date, datetime, tuple})


@register.simple_tag
def part(template_name: str, **values: Any) -> SafeString:
    """`{% part "_foot.html" tagline=site.tagline %}`: a template with these values alone, in the page's language.

    Raises:
        TypeError: a value is not plain (text, number, date or a tuple of such).
    """
    for key, value in values.items():
        if type(value) not in _PLAIN:
            raise TypeError(f"{template_name} is remembered by its values, and {key} is a {type(value).__name__}.")
    render = _rendered.__wrapped__ if settings.DEBUG else _rendered  # who works on a template wants to see the change
    return render(template_name, get_language(), **values)


# Typed, so that escaped text is never taken for the same text unescaped.
@lru_cache(maxsize=REMEMBERED, typed=True)
def _rendered(template_name: str, in_language: str | None, /, **values: Any) -> SafeString:
    backend: Any = get_template(template_name)
    rendered: SafeString = backend.template.render(Context(values))
    return rendered
