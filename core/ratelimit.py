"""How often a person or an address may do a thing. Over the limit is a 429 with Retry-After (SECURITY.md, 36)."""

from __future__ import annotations

import time
from collections.abc import Callable

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


class RateLimited(Exception):
    """Raised by `check_rate_limit`; the middleware turns it into the 429 page."""

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after


def client_address(request: HttpRequest) -> str:
    """The reader's network address; forwarded headers count only behind `TRUSTED_PROXY_COUNT` proxies."""
    return str(get_adapter(request).get_client_ip(request))


def check_rate_limit(request: HttpRequest, action: str, *, most: int, seconds: int) -> None:
    """Count one `action` of the signed-in person, or of the address, and refuse it over `most` in `seconds`.

    Windows are fixed: the count begins anew every `seconds`.

    Raises:
        RateLimited: the limit is reached.
    """
    now = int(time.time())
    window, passed = divmod(now, seconds)
    who = f"p{request.user.pk}" if request.user.is_authenticated else f"a{client_address(request)}"
    key = f"limit:{action}:{who}:{window}"
    if cache.add(key, 1, seconds):
        return
    try:
        count = cache.incr(key)
    except ValueError:  # The entry was evicted between the two calls: better to let one pass than to fail.
        return
    if count > most:
        raise RateLimited(seconds - passed)


# How long allauth's own limits last (settings.ACCOUNT_RATE_LIMITS), where it is more than a minute.
_WAITS = {"account_signup": 3600, "account_reset_password": 3600}


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """`handler429`: allauth's answer to too many log-ins, sign-ups or mails. It does not say when the limit ends."""
    name = request.resolver_match.url_name if request.resolver_match else None
    return _refusal(request, _WAITS.get(name or "", 60))


def _refusal(request: HttpRequest, retry_after: int) -> HttpResponse:
    response = render(request, "429.html", {"retry_after": retry_after}, status=429)
    response["Retry-After"] = str(retry_after)
    return response


class RateLimitMiddleware:
    """Answers a `RateLimited` of any view with the site's page for it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, RateLimited):
            return None
        return _refusal(request, exception.retry_after)
