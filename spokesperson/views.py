"""The pages for what went wrong, and the few that belong to no subject."""

from __future__ import annotations

import sys
from pathlib import Path

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousFileOperation
from django.db import InterfaceError, OperationalError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils._os import safe_join
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from articles.views.draft_recovery import stash_and_redirect

RETRY_AFTER_SECONDS = 10


def refuse(request: HttpRequest, status: int, sentence: str) -> HttpResponse:
    """The site's page for a request that is not taken, with one sentence that says why."""
    return render(request, "refused.html", {"status": status, "sentence": sentence}, status=status)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose token is stale (another tab logged in or out): nothing was done, and what was typed is kept."""
    if response := stash_and_redirect(request):
        return response
    response = render(request, "403_csrf.html", status=403)
    if request.headers.get("HX-Request"):
        # htmx would drop the page; opened anew, the person sees who is logged in, and the token is fresh.
        response["HX-Refresh"] = "true"
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return refuse(request, 413, _("The request is too large. Images can be up to 10 MB."))
    return refuse(request, 400, _("The request is not valid."))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", status=403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """The page for an error of ours; 503 where the database is away or too busy, so that programs come again."""
    is_away = isinstance(sys.exception(), (OperationalError, InterfaceError))
    status = 503 if is_away else 500
    response = render(request, "500.html", {"status": status}, status=status)
    if is_away:
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


@require_safe
def media(request: HttpRequest, path: str) -> FileResponse:
    """A file of a member, where no web server or object storage stands in front. Names are random and never reused."""
    try:
        file = Path(safe_join(settings.MEDIA_ROOT, path))
        response = FileResponse(file.open("rb"))
    except (OSError, ValueError, SuspiciousFileOperation) as error:
        raise Http404 from error
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
