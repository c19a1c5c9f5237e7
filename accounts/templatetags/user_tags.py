"""People in templates."""

from __future__ import annotations

from functools import lru_cache

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.avatars import avatar_url
from accounts.models import User

register = template.Library()

# Classes `.avatar--1` … of the stylesheet: grounds for monograms.
GROUNDS = 6


@register.simple_tag
def avatar(user: User, size: int = 44) -> SafeString:
    """`{% avatar person 44 %}`: the portrait, or the first letter of the name on one of six grounds.

    It stands beside the name, so it says nothing to those who cannot see it.
    """
    return _avatar(avatar_url(user, size), user.pk % GROUNDS + 1, user.name[:1].upper(), size)


@lru_cache(maxsize=2048)
def _avatar(url: str, ground: int, letter: str, size: int) -> SafeString:
    if url:
        return format_html('<img class="avatar" src="{0}" width="{1}" height="{1}" alt="" loading="lazy">', url, size)
    return format_html(
        '<svg class="avatar avatar--{}" width="{}" height="{}" viewBox="0 0 40 40" aria-hidden="true">'
        '<rect width="40" height="40"/><text x="20" y="20" dy=".36em" text-anchor="middle">{}</text></svg>',
        ground,
        size,
        size,
        letter,
    )


@register.filter
def browser(user_agent: str) -> str:
    """A word or two for a browser that a person would recognise, out of what it says about itself."""
    program = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return " · ".join(filter(None, [program, system])) or user_agent[:40] or "?"


# The first that fits: browsers name their ancestors too.
_BROWSERS = [
    ("Firefox/", "Firefox"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("YaBrowser/", "Yandex Browser"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
]
_SYSTEMS = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
]
