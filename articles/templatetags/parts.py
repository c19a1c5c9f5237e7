"""Parts of pages that depend on a few plain values alone: rendered once for each set of values, then remembered.

A page's head, foot and cards are the same on thousands of pages; of the article's page they were more than half of the
rendering. A part is given its values and nothing else: no request, no person, no token and no clock. So it cannot hold
anything personal, and it cannot be out of date: other values are another part.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from datetime import date, datetime
from sys import getsizeof
from threading import Lock
from typing import Any

from django import template
from django.conf import settings
from django.template import Context
from django.template.loader import get_template
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()

# Of each process. A card has some 2 KB, an article's text seldom more than 20, with the values that it is found by.
MOST_BYTES = 4 * 1024 * 1024
# What is equal renders equal. Models are equal where their keys are, and lazy strings change with the language.
_PLAIN = frozenset({str, SafeString, int, bool, float, type(None), date, datetime, tuple})


class Remembered:
    """Rendered texts by what they were rendered from; what was not asked for longest goes first.

    Args:
        most_bytes: how much all keys and texts together may take, roughly.
    """

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self.bytes = 0
        self._found: OrderedDict[Hashable, tuple[SafeString, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> SafeString | None:
        """The text, or None."""
        with self._lock:
            found = self._found.get(key)
            if found is None:
                return None
            self._found.move_to_end(key)
        return found[0]

    def put(self, key: Hashable, text: SafeString) -> None:
        """Remember a text, and forget others where there is no room for it."""
        size = _size(key) + _size(text)
        if size > self.most_bytes:
            return
        with self._lock:
            _, before = self._found.pop(key, (text, 0))
            self._found[key] = text, size
            self.bytes += size - before
            while self.bytes > self.most_bytes:
                _, (_, gone) = self._found.popitem(last=False)
                self.bytes -= gone


def _size(value: Any) -> int:
    inside = sum(map(_size, value)) if isinstance(value, tuple) else 0
    return getsizeof(value) + inside


_remembered = Remembered(MOST_BYTES)


@register.simple_tag
def part(template_name: str, **values: Any) -> SafeString:
    """`{% part "_foot.html" tagline=site.tagline %}`: a template with these values alone, in the page's language.

    Raises:
        TypeError: a value is not plain (text, number, date or a tuple of such).
    """
    # Typed, so that escaped text is never taken for the same text unescaped.
    types = tuple(map(type, values.values()))
    if not _PLAIN.issuperset(types):
        key = next(key for key, value in values.items() if type(value) not in _PLAIN)
        raise TypeError(f"{template_name} is remembered by its values, and {key} is a {type(values[key]).__name__}.")
    if settings.DEBUG:  # who works on a template wants to see the change
        return _rendered(template_name, values)
    place = (template_name, get_language(), types, tuple(values.items()))
    found = _remembered.get(place)
    if found is None:
        found = _rendered(template_name, values)
        _remembered.put(place, found)
    return found


def _rendered(template_name: str, values: dict[str, Any]) -> SafeString:
    backend: Any = get_template(template_name)
    rendered: SafeString = backend.template.render(Context(values))
    return rendered
