"""Avatars, links and browser names."""

from typing import Any

from django import template

from accounts.models import SignupRequest, User
from accounts.selectors import avatar_url

register = template.Library()

# The number of background colours for initials: the classes `.avatar--1` … of the stylesheet.
AVATAR_COLORS = 6


@register.inclusion_tag("accounts/_avatar.html")
def avatar(user: User, size: int = 44) -> dict[str, Any]:
    """Show the user's avatar, or the initial of the name on a coloured background: `{% avatar user 44 %}`.

    It has no alternative text, because the name is always next to it.
    """
    return {"url": avatar_url(user, size), "size": size, "name": user.name, "color": user.pk % AVATAR_COLORS + 1}


@register.simple_tag
def signups_waiting() -> int:
    """Return how many new accounts wait for staff: `{% signups_waiting as number %}`."""
    return SignupRequest.objects.filter(decided_at=None).count()


@register.filter
def without_scheme(url: str) -> str:
    """Return a URL as users read it: "example.org/anna"."""
    return url.partition("://")[2].removeprefix("www.").rstrip("/")


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
