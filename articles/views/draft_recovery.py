"""Recover text that a form sent when it could not be saved.

The session can expire, or the CSRF token change, while a user writes. What the form then sends is stashed in the
current session (an anonymous session survives the login) and shown in the form again. It is saved only when the user
submits the form.
"""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from accounts.models import User
from core.ratelimit import RateLimited, check_rate_limit

SESSION_KEY = "stashed_article"
AUTHOR_SALT = "articles.views.draft_recovery.author_token"
MAX_BYTES = 300_000
MAX_STASHES_PER_HOUR = 30
STASH_TIMEOUT = 24 * 60 * 60  # seconds
FIELDS = (
    "title",
    "summary",
    "body",
    "section",
    "language",
    "tags",
    "alternative_text",
    "caption",
    "credit",
    "image_token",
    "form_key",
)
URL_NAMES = {"my_article_new", "my_article_edit"}


def author_token(user: User) -> str:
    """Return a signed token of the user for a hidden field: a stash is shown only to its author."""
    return signing.dumps(user.pk, salt=AUTHOR_SALT)


def stash_and_redirect(request: HttpRequest) -> HttpResponse | None:
    """Stash the fields of the article form and redirect back to it.

    The form's view calls it for anonymous users, and the CSRF failure view for a stale token.

    Returns:
        None if the request is not from that form.
    """
    match = request.resolver_match
    if match is None or match.url_name not in URL_NAMES or request.method != "POST" or not _is_same_origin(request):
        return None
    _stash(request)
    if request.user.is_authenticated:
        return HttpResponseRedirect(request.path)
    return redirect_to_login(request.path)


def _stash(request: HttpRequest) -> None:
    """Store the form's fields in the session, unless they are too long or the client has stashed too often."""
    fields = {name: request.POST[name] for name in FIELDS if request.POST.get(name)}
    if sum(len(value.encode(errors="replace")) for value in fields.values()) > MAX_BYTES:
        return
    try:
        # For an anonymous client each stash is a new row in the session table.
        check_rate_limit(request, "stash", limit=MAX_STASHES_PER_HOUR, seconds=3600)
    except RateLimited:
        return
    request.session[SESSION_KEY] = {
        "article": _article_pk(request),
        "user": _author_pk(request),
        "at": int(time.time()),
        "image": "image" in request.FILES,
        "fields": fields,
    }


def stashed(request: HttpRequest) -> dict[str, Any] | None:
    """Return what was stashed for this form and user: `fields`, and `image` if one was chosen.

    A stash of another user, or one that is older than a day, is deleted.
    """
    found: dict[str, Any] | None = request.session.get(SESSION_KEY)
    if found is None:
        return None
    if found["at"] < time.time() - STASH_TIMEOUT or found["user"] not in {None, request.user.pk}:
        discard_stash(request)
        return None
    return found if found["article"] == _article_pk(request) else None


def discard_stash(request: HttpRequest) -> None:
    """Delete the stash, because it was saved or is not wanted."""
    request.session.pop(SESSION_KEY, None)


def _article_pk(request: HttpRequest) -> int | None:
    match = request.resolver_match
    return match.kwargs.get("pk") if match else None


def _author_pk(request: HttpRequest) -> int | None:
    try:
        return int(signing.loads(request.POST.get("author_token", ""), salt=AUTHOR_SALT))
    except (signing.BadSignature, ValueError):
        return None


def _is_same_origin(request: HttpRequest) -> bool:
    """Return whether the form was on a page of this site.

    A cross-site POST has no session cookie; a stash would replace the user's session with a new one.
    """
    origin = request.headers.get("Origin")
    if origin is not None:
        return origin in {settings.ORIGIN, f"{request.scheme}://{request.get_host()}"}
    return request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
