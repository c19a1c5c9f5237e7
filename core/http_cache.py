"""What HTTP caches may do with a page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_cache_control
from django.utils.csp import CSP
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

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
