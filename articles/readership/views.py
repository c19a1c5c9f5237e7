"""The beacon: a page reports that it was seen. It sets no cookie, starts no session, and is never cached."""

from __future__ import annotations

from base64 import b64decode

from django.conf import settings
from django.db.models import BigAutoField
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from articles.readership.beacon import count
from articles.readership.group_commit import NotWritten
from articles.readership.models import ArticleHit, PageRead, PageView
from articles.readership.services import Beacon
from articles.readership.visitors import is_prefetch, is_same_origin, visitor_of

# One transparent pixel.
PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAAAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
RETRY_AFTER = 10
NO_STORE = {"Cache-Control": "no-store"}


@csrf_exempt  # Headers say which page sends it: a cached page holds no token.
@require_POST
def beacon(request: HttpRequest, pk: int) -> HttpResponse:
    """Count a view; 204 once the row is committed."""
    return _count(request, pk, PageView)


@csrf_exempt
@require_POST
def beacon_read(request: HttpRequest, pk: int) -> HttpResponse:
    """Count a read: half a minute and three quarters of the text, which the page has measured."""
    return _count(request, pk, PageRead)


@require_safe
def beacon_image(request: HttpRequest, pk: int) -> HttpResponse:
    """Count a view of a browser without JavaScript, by an image in the page."""
    response = _count(request, pk, PageView, is_image=True)
    if response.status_code == 204:
        return HttpResponse(PIXEL, content_type="image/gif", headers=NO_STORE)
    return response


def _count(request: HttpRequest, pk: int, model: type[ArticleHit], *, is_image: bool = False) -> HttpResponse:
    if not is_same_origin(request.headers, origin=settings.ORIGIN, is_image=is_image):
        return HttpResponse(
            _("Only this site's own pages count views."),
            status=403,
            content_type="text/plain; charset=utf-8",
            headers=NO_STORE,
        )
    if request.method == "HEAD" or is_prefetch(request.headers):
        return HttpResponse(status=204, headers=NO_STORE)
    try:
        is_published = pk <= BigAutoField.MAX_BIGINT and count(
            Beacon(model=model, article_id=pk, visitor=visitor_of(request))
        )
    except NotWritten:
        return HttpResponse(status=503, headers={**NO_STORE, "Retry-After": str(RETRY_AFTER)})
    if not is_published:
        return HttpResponse(status=404, headers=NO_STORE)
    return HttpResponse(status=204, headers=NO_STORE)
