"""Limits on how often a user or a network address can do something; over the limit, a 429 with Retry-After."""

import time
from contextlib import suppress
from ipaddress import IPv6Address, ip_address

from allauth.account.adapter import get_adapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.http_cache import is_anonymous
from core.logs import log_event
from core.wsgi_environ import VISITOR

# Seconds until allauth's own limits end (settings.ACCOUNT_RATE_LIMITS), by URL name, where it is more than a minute.
RETRY_AFTER = {
    "account_signup": 3600,
    "account_reset_password": 3600,
    "account_confirm_email": 600,
    "account_email": 600,
    "account_email_verification_sent": 600,
    "mfa_authenticate": 300,
    "mfa_reauthenticate": 300,
}
DEFAULT_RETRY_AFTER = 60


class RateLimited(ImmediateHttpResponse):  # type: ignore[misc]
    """A limit is exceeded. allauth's middleware answers it with the 429 page.

    Args:
        retry_after: seconds until the limit ends.
    """

    def __init__(self, request: HttpRequest, retry_after: int) -> None:
        super().__init__(_too_many_requests(request, retry_after))
        self.retry_after = retry_after


def client_address(request: HttpRequest) -> str:
    """Return the client's network; forwarded headers count only behind `TRUSTED_PROXY_COUNT` proxies."""
    if (environ := request.META.get(VISITOR)) is not None:
        # A page for all visitors is rendered from a request without an address.
        request = HttpRequest()
        request.META = environ
    return anonymize_ip(str(get_adapter(request).get_client_ip(request)))


def anonymize_ip(address: str) -> str:
    """Return the part of an address that is one client: the /64 of IPv6, which one home or phone owns; IPv4 whole."""
    try:
        parsed = ip_address(address.strip())
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
    return str(parsed)


def check_rate_limit(request: HttpRequest, action: str, *, limit: int, seconds: int, total: int | None = None) -> None:
    """Count one `action` of the signed-in user, or of the client's address, in fixed windows of `seconds`.

    Args:
        total: the limit of all clients together who are not signed in.

    Raises:
        RateLimited: there were more than `limit`, or than `total`, in the present window.
    """
    window, elapsed = divmod(int(time.time()), seconds)
    # Without a session cookie `request.user` is not read, so that public pages can be cached.
    user = None if is_anonymous(request) or not request.user.is_authenticated else request.user
    limits = {f"u{user.pk}" if user else f"a{client_address(request)}": limit}
    if total is not None and not user:
        limits["total"] = total
    for source, maximum in limits.items():
        if count_event(f"limit:{action}:{source}:{window}", seconds) > maximum:
            log_event("rate_limited", action=action, is_total=source == "total")
            raise RateLimited(request, seconds - elapsed)


def count_event(key: str, seconds: int) -> int:
    """Return how many events were counted under this key, with this one, in the `seconds` since the first."""
    if cache.add(key, 1, seconds):
        return 1
    try:
        return cache.incr(key)
    except ValueError:  # The entry expired between the two calls: allow one event rather than fail.
        return 1


def uncount_event(key: str) -> None:
    """Take back one event that `count_event` counted."""
    with suppress(ValueError):  # It has expired.
        cache.decr(key)


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """Answer requests over allauth's limits (`handler429`), which do not say when they end."""
    name = request.resolver_match.url_name if request.resolver_match else None
    log_event("rate_limited", action=name)
    return _too_many_requests(request, RETRY_AFTER.get(name or "", DEFAULT_RETRY_AFTER))


def _too_many_requests(request: HttpRequest, retry_after: int) -> HttpResponse:
    response = render(request, "429.html", {"retry_after": retry_after}, status=429)
    response["Retry-After"] = str(retry_after)
    return response
