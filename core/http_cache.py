"""HTTP cache headers of public pages."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from math import inf
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.csp import CSP
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

# Maximum age of a public page (docs/architecture.md): fresh for 5 s, then up to 5 s more while it is rendered
# again, and up to 30 s in all while rendering fails. A shared cache in front stores only fresh responses, for 5 s:
# 10 s in all.
FRESH_SECONDS = 5
STALE_SECONDS = 5
STALE_ON_ERROR_SECONDS = 30
# Functions that return when public pages change by the clock alone, if that is soon. Apps append to it when they are
# ready.
change_times: list[Callable[[], datetime | None]] = []
# The key of the WSGI environment under which a public page leaves `seconds_until_change` for the page cache.
CHANGES_IN = "spokesperson.changes_in"
# The query parameters of a page unless its view declares others.
DEFAULT_PARAMETERS = ("after",)


def is_anonymous(request: HttpRequest) -> bool:
    """Return whether the request has no session. It looks only at the cookie's name, so that no session is loaded."""
    return settings.SESSION_COOKIE_NAME not in request.COOKIES


def seconds_until_change() -> float:
    """Return for how long public pages stay as they are by the clock alone, infinity if nothing is due."""
    times = [at for at in (when() for when in change_times) if at is not None]
    return max(0.0, (min(times) - timezone.now()).total_seconds()) if times else inf


def fresh_seconds(changes_in: float) -> float:
    """Return for how long what is read now can be used: `FRESH_SECONDS`, or until the next change."""
    return min(FRESH_SECONDS, changes_in)


def public_page(
    view: Callable[..., HttpResponseBase], *, parameters: tuple[str, ...] = DEFAULT_PARAMETERS
) -> Callable[..., HttpResponseBase]:
    """Declare that a view's response is the same for all visitors without a session, so that caches may store it.

    Signed-in users get a fresh, private page. Responses other than 200 keep their headers.

    Args:
        parameters: the query parameters that the view reads; the page cache drops all others.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        is_shared = is_anonymous(request)
        # Before anything is read. The page cache reads it also for a 404, which does not come back here.
        request.META[CHANGES_IN] = changes_in = seconds_until_change() if is_shared else inf
        response = view(request, *args, **kwargs)
        if is_shared and response.status_code == 200 and not response.cookies:
            patch_cache_control(
                response,
                public=True,
                max_age=0,
                s_maxage=int(fresh_seconds(changes_in)),
                stale_if_error=STALE_ON_ERROR_SECONDS,
            )
        return response

    # Read by core.page_cache before anything is rendered.
    wrapped.is_public_page = True  # type: ignore[attr-defined]
    wrapped.page_parameters = parameters  # type: ignore[attr-defined]
    return wrapped


def with_frames_from(sources: list[str], view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let the pages of a view show frames of other sites."""
    policy: dict[str, Any] = {**settings.SECURE_CSP, "frame-src": [CSP.SELF, *sources]}
    return csp_override(policy)(view)


def framed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Allow a view in a frame of the same origin, for previews in the admin; all other pages refuse framing."""
    policy: dict[str, Any] = {**settings.SECURE_CSP, "frame-ancestors": [CSP.SELF]}
    return require_safe(csp_override(policy)(xframe_options_sameorigin(view)))
