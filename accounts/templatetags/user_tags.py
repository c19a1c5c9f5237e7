"""Avatars and browser names."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import User
from accounts.selectors import avatar_url

register = template.Library()

# The number of background colours for initials: the classes `.avatar--1` … of the stylesheet.
AVATAR_COLORS = 6


@register.simple_tag
def avatar(user: User, size: int = 44) -> SafeString:
    """Return the user's avatar, or the initial of the name on a coloured background: `{% avatar user 44 %}`.

    It has no alternative text, because the name is always next to it.
    """
    if url := avatar_url(user, size):
        return format_html('<img class="avatar" src="{0}" width="{1}" height="{1}" alt="" loading="lazy">', url, size)
    return format_html(
        '<svg class="avatar avatar--{}" width="{}" height="{}" viewBox="0 0 40 40" aria-hidden="true">'
        '<rect width="40" height="40"/><text x="20" y="20" dy=".36em" text-anchor="middle">{}</text></svg>',
        user.pk % AVATAR_COLORS + 1,
        size,
        size,
        user.name[:1].upper(),
    )


@register.filter
def browser(user_agent: str) -> str:
    """Return a short name of browser and system for a User-Agent header."""
    program = next((name for token, name in _BROWSERS if token in user_agent), "")
    system = next((name for token, name in _SYSTEMS if token in user_agent), "")
    return " · ".join(filter(None, [program, system])) or user_agent[:40] or "?"


# The first match counts: browsers name others in their header too.
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
