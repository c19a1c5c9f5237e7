"""What every template may use."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from articles.models import Section
from core.models import SiteSettings


def site(request: HttpRequest) -> dict[str, Any]:
    """Add `site`, `sections`, `user`, `origin`, `canonical` and `languages`.

    Without a session cookie `user` is anonymous without a look at the session, so that a public page touches none.
    """
    has_session = settings.SESSION_COOKIE_NAME in request.COOKIES
    return {
        "site": SimpleLazyObject(SiteSettings.current),
        "sections": SimpleLazyObject(Section.all_cached),
        "user": SimpleLazyObject(lambda: getattr(request, "user", AnonymousUser())) if has_session else AnonymousUser(),
        "origin": settings.ORIGIN,
        "canonical": settings.ORIGIN + request.path,
        "languages": [(code, name, in_language(request.path, code)) for code, name in settings.LANGUAGES],
    }


def in_language(path: str, code: str) -> str:
    """The same page in another language of the interface: the language stands first in its path, English has none.

    Django's `translate_url` finds the same by resolving and reversing the address, three times for each page.
    """
    first = path[1:].partition("/")[0]
    if first in _PREFIXED:
        path = path[len(first) + 1 :]
    path = "/" + path.lstrip("/")  # two slashes would lead to another host
    return path if code == settings.LANGUAGE_CODE else f"/{code}{path}"


_PREFIXED = {code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE}
