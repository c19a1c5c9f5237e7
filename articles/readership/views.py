"""The beacon: a page that has been looked at says so. Sets no cookie, begins no session, is never stored."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from articles.models import Article
from articles.readership.models import Read, View, Visit
from articles.readership.services import record
from articles.readership.tasks import ask_for_roll_up
from articles.readership.visitors import Reader, is_prefetch, is_same_origin
from core.ratelimit import client_address

# One transparent pixel.
PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAAAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")

Beacon = Callable[[HttpRequest, int], HttpResponse]


def _never_stored(view: Beacon) -> Beacon:
    @wraps(view)
    def wrapped(request: HttpRequest, pk: int) -> HttpResponse:
        response = view(request, pk)
        response["Cache-Control"] = "no-store"
        return response

    return wrapped


@csrf_exempt  # Whose page asks is checked by its own headers: a cached page holds no token.
@require_POST
@_never_stored
def beacon(request: HttpRequest, pk: int) -> HttpResponse:
    """Count the reader; 204 once the row is committed."""
    if not is_same_origin(request.headers, origin=settings.ORIGIN):
        return _foreign()
    _count(request, pk)
    return HttpResponse(status=204)


@csrf_exempt
@require_POST
@_never_stored
def beacon_read(request: HttpRequest, pk: int) -> HttpResponse:
    """The same for whoever stayed and read: half a minute and three quarters of the text, which the page has seen."""
    if not is_same_origin(request.headers, origin=settings.ORIGIN):
        return _foreign()
    _count(request, pk, of=Read)
    return HttpResponse(status=204)


@require_safe
@_never_stored
def beacon_image(request: HttpRequest, pk: int) -> HttpResponse:
    """The same for readers without JavaScript: an image that the page asks for."""
    if not is_same_origin(request.headers, origin=settings.ORIGIN, is_image=True):
        return _foreign()
    if request.method == "GET":
        _count(request, pk)
    return HttpResponse(PIXEL, content_type="image/gif")


def _count(request: HttpRequest, pk: int, *, of: type[Visit] = View) -> None:
    if is_prefetch(request.headers):
        return
    author_id = Article.objects.published().filter(pk=pk).values_list("author_id", flat=True).first()
    if author_id is None:
        raise Http404
    try:
        is_new = record(of=of, article_id=pk, author_id=author_id, reader=reader_of(request))
    except Article.DoesNotExist as error:  # It was taken down between the two statements.
        raise Http404 from error
    if is_new:
        ask_for_roll_up()


def reader_of(request: HttpRequest) -> Reader:
    """Who asks, as far as the request tells."""
    # Only where a session came is it looked at: a reader without one must get none.
    user = request.user if settings.SESSION_COOKIE_NAME in request.COOKIES else None
    known = user if isinstance(user, User) else None
    return Reader(
        address=client_address(request),
        user_agent=request.headers.get("User-Agent", ""),
        account_id=known.pk if known else None,
        is_staff=bool(known and known.is_staff),
    )


def _foreign() -> HttpResponse:
    return HttpResponse(
        _("Only this site's own pages count views."), status=403, content_type="text/plain; charset=utf-8"
    )
