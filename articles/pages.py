"""What a page is to a cache, and how a list goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.conf import settings
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_cache_control
from django.utils.csp import CSP
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from accounts.keyset import Order
from articles.models.article import NEW

# How old a page may be (docs/architecture.md, Three paths): fresh for 5 s, then at most 5 s more while a new one is
# made, and 30 s while that fails.
FRESH_SECONDS = 5
STALE_SECONDS = 5
STALE_ON_ERROR_SECONDS = 30
# The query parameters of a list's page.
PARAMETERS = ("after",)


def is_anonymous(request: HttpRequest) -> bool:
    """Whether no session came with the request. Looks at the cookie's name alone, so that nothing reads the session."""
    return settings.SESSION_COOKIE_NAME not in request.COOKIES


def public_page(
    view: Callable[..., HttpResponseBase], *, parameters: tuple[str, ...] = PARAMETERS
) -> Callable[..., HttpResponseBase]:
    """Declare that an anonymous reader's answer is the same for everyone, so that caches may keep it for 5 seconds.

    Signed-in people get a fresh, private page. What is not a 200 keeps the headers that it has.

    Args:
        parameters: the query parameters that the view knows; the page cache drops all others.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        if is_anonymous(request) and response.status_code == 200 and not response.cookies:
            patch_cache_control(
                response,
                public=True,
                max_age=0,
                s_maxage=FRESH_SECONDS,
                stale_while_revalidate=STALE_SECONDS,
                stale_if_error=STALE_ON_ERROR_SECONDS,
            )
        return response

    # The page cache asks an address whether its view opted in, before anything is rendered.
    wrapped.is_public_page = True  # type: ignore[attr-defined]
    wrapped.page_parameters = parameters  # type: ignore[attr-defined]
    return wrapped


def framed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let this one page stand in a frame of our own (a preview in the admin); everything else may stand in none."""
    policy: dict[str, Any] = {**settings.SECURE_CSP, "frame-ancestors": [CSP.SELF]}
    return require_safe(csp_override(policy)(xframe_options_sameorigin(view)))


@dataclass(frozen=True)
class Page[Row]:
    """A part of a list: its rows, and the cursor of the next part ("" at the end)."""

    articles: Sequence[Row]
    next_cursor: str
    is_first: bool


def cursor_in(request: HttpRequest) -> str:
    """The cursor that `?after=` gives; "" for the beginning."""
    return request.GET.get("after", "")


def cut[Row](found: Sequence[Row], order: Order, *, size: int, is_first: bool) -> Page[Row]:
    """The part that `found` makes, one row of which, where there are `size` + 1, only says that the list goes on."""
    return Page(found[:size], order.cursor_of(found[size - 1]) if len(found) > size else "", is_first)


def page_of[Row: Model](
    rows: QuerySet[Row], request: HttpRequest, *, order: Order = NEW, size: int | None = None
) -> Page[Row]:
    """The part of `rows`, in an order that an index holds, that `?after=` asks for: one query, no count, no offset.

    Raises:
        Http404: the cursor is none of ours.
    """
    size = size or settings.PAGE_SIZE
    if cursor := cursor_in(request):
        rows = order.after(rows, order.place_of(cursor))
    return cut(list(order.sort(rows)[: size + 1]), order, size=size, is_first=not cursor)
