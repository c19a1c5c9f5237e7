"""Error pages and the uploaded files."""

from __future__ import annotations

import logging
import sys

from django.core.exceptions import DisallowedHost, RequestDataTooBig, SuspiciousFileOperation
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from articles.views.draft_recovery import stash_and_redirect
from core import media_files
from core.database import note_error, unavailable
from core.error_page import error_page
from core.s3 import BucketError

logger = logging.getLogger(__name__)


def refuse(request: HttpRequest, status: int, sentence: str) -> HttpResponse:
    """Return an error page with one sentence that says why the request is refused."""
    return render(request, "refused.html", {"status": status, "sentence": sentence}, status=status)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token is stale, because another tab logged in or out; an article in it is stored."""
    if response := stash_and_redirect(request):
        return response
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        # A page would set another token, and the form of a log-in in another tab would be refused.
        return JsonResponse({"message": ""}, status=403)
    response = render(request, "403_csrf.html", status=403)
    if request.headers.get("HX-Request"):
        # htmx discards error pages. Reloaded, the page has a new token and shows who is logged in.
        response["HX-Refresh"] = "true"
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return refuse(request, 413, _("The request is too large. Images can be up to 10 MB."))
    if isinstance(exception, DisallowedHost):
        host = request.META.get("HTTP_HOST", "")[:100]
        logger.warning("Refused a request to the host %r, which is neither that of ORIGIN nor in EXTRA_HOSTS.", host)
    return refuse(request, 400, _("The request is not valid."))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", status=403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 503 if the database is away or too busy, so that clients retry, otherwise 500."""
    if note_error(sys.exception()):
        return unavailable(request)
    return error_page(request, 500)


@require_safe
def media(request: HttpRequest, path: str) -> HttpResponse | FileResponse:
    """Serve an uploaded file, unless a web server or object storage does. Names are random and never reused.

    A shared cache asks again after seconds: a file can be taken down.
    """
    try:
        response = FileResponse(media_files.open_file(path))
    except BucketError:
        headers = {"Cache-Control": "no-store", "Retry-After": str(media_files.RETRY_AFTER)}
        return HttpResponse(status=503, content_type="text/plain", headers=headers)
    except (OSError, ValueError, SuspiciousFileOperation) as error:
        raise Http404 from error
    response["Cache-Control"] = "public, max-age=86400, s-maxage=5"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"  # Feed readers show the images.
    return response
