"""Context for all templates."""

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

    Without a session cookie `user` is anonymous and the session is not accessed, so that public pages can be cached.
    """
    has_session = settings.SESSION_COOKIE_NAME in request.COOKIES
    return {
        "site": SimpleLazyObject(SiteSettings.current),
        "sections": SimpleLazyObject(Section.all_cached),
        "user": SimpleLazyObject(lambda: getattr(request, "user", AnonymousUser())) if has_session else AnonymousUser(),
        "origin": settings.ORIGIN,
        "canonical": settings.ORIGIN + request.path,
        "languages": [(code, name, path_in_language(request.path, code)) for code, name in settings.LANGUAGES],
    }


_PREFIXED_LANGUAGES = {code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE}


def path_in_language(path: str, code: str) -> str:
    """Return the path of the same page in another language; the default language has no prefix.

    Django's `translate_url` resolves and reverses the URL, which is slow for three languages on every page.
    """
    first = path[1:].partition("/")[0]
    if first in _PREFIXED_LANGUAGES:
        path = path[len(first) + 1 :]
    path = "/" + path.lstrip("/")  # "//" would be another host
    return path if code == settings.LANGUAGE_CODE else f"/{code}{path}"
