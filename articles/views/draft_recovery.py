"""Nothing typed is lost: text that arrives when it cannot be saved waits in the session for its author.

A session may end, or its CSRF token go stale, while somebody writes. What the form then sends is kept in the session
that the browser has by then (an anonymous one goes on through the log-in) and fills the form in again. It is never
saved by itself: only a person who sees it and presses a button saves it.
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
WRITER_SALT = "articles.views.draft_recovery.writer"
MOST_BYTES = 300_000
KEPT_SECONDS = 24 * 60 * 60
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
FORMS = {"my_article_new", "my_article_edit"}


def author_token(user: User) -> str:
    """Who is writing, signed, for a hidden field of the form: what is kept is shown to nobody else."""
    return signing.dumps(user.pk, salt=WRITER_SALT)


def stash_typed_text(request: HttpRequest) -> HttpResponse | None:
    """Keep the article form's fields and lead the person back to it, or None where the request is not that form.

    Called for a form whose CSRF token is stale, and by the form's own view for a person who is not signed in.
    """
    match = request.resolver_match
    if match is None or match.url_name not in FORMS or request.method != "POST" or not _from_our_page(request):
        return None
    keep(request)
    if request.user.is_authenticated:
        return HttpResponseRedirect(request.path)
    return redirect_to_login(request.path)


def keep(request: HttpRequest) -> bool:
    """Put the form's fields into the session; False where they are too long, or the address keeps too much."""
    fields = {name: request.POST[name] for name in FIELDS if request.POST.get(name)}
    if sum(len(value.encode(errors="replace")) for value in fields.values()) > MOST_BYTES:
        return False
    try:
        # Each of these may be a new row for somebody unknown.
        check_rate_limit(request, "keep", limit=30, seconds=3600)
    except RateLimited:
        return False
    request.session[SESSION_KEY] = {
        "article": _article_of(request),
        "user": _writer(request),
        "at": int(time.time()),
        "image": "image" in request.FILES,
        "fields": fields,
    }
    return True


def kept(request: HttpRequest) -> dict[str, Any] | None:
    """What was kept for this form and this person: `fields`, and `image` where one was chosen; None for nothing.

    What another account wrote, and what is older than a day, is thrown away.
    """
    found: dict[str, Any] | None = request.session.get(SESSION_KEY)
    if found is None:
        return None
    if found["at"] < time.time() - KEPT_SECONDS or found["user"] not in {None, request.user.pk}:
        forget(request)
        return None
    return found if found["article"] == _article_of(request) else None


def forget(request: HttpRequest) -> None:
    """Throw away what was kept, because it is saved now or not wanted."""
    if SESSION_KEY in request.session:
        del request.session[SESSION_KEY]


def _article_of(request: HttpRequest) -> int | None:
    match = request.resolver_match
    return match.kwargs.get("pk") if match else None


def _writer(request: HttpRequest) -> int | None:
    try:
        return int(signing.loads(request.POST.get("writer", ""), salt=WRITER_SALT))
    except (signing.BadSignature, ValueError):
        return None


def _from_our_page(request: HttpRequest) -> bool:
    """Whether the form stood on a page of this site.

    A stranger's page that posts here carries no session cookie; keeping its text would put a new session in the place
    of the person's own.
    """
    origin = request.headers.get("Origin")
    if origin is not None:
        return origin in {settings.ORIGIN, f"{request.scheme}://{request.get_host()}"}
    return request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
