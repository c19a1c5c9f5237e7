"""Turn what a request says about its sender into hashes that identify no one. docs/readership.md has the rules."""

import hmac
import re
from collections.abc import Container, Mapping
from datetime import date
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from articles.readership.models import DailyHit
from core.ratelimit import client_address

# Programs that declare themselves. Words instead of a list of names, which would be outdated soon.
# ("CUBOT" is a phone.)
_DECLARED_BOT = re.compile(
    r"(?<!cu)bot(?![a-z])|crawl|spider|slurp|scrap|archiver|preview|prerender|monitor|uptime|lighthouse|pagespeed"
    r"|phantomjs|validator|feed|\brss|fetch|facebookexternalhit|facebookcatalog|whatsapp|embedly|mediapartners"
    r"|google-|headless|https?://"
    r"|^\W*$|^(curl|http\.rb|wget|python|go-http|java/|okhttp|libwww|lwp|ruby|php|perl|node|axios|got|undici|httpie|apache-http|guzzle"
    r"|dart|aiohttp|reqwest|postman|insomnia|k6|locust|restsharp|winhttp)",
    re.IGNORECASE,
)
# Characters of a user agent that are searched for such words and cached.
_MAX_USER_AGENT = 1000
# Bytes of a hash that are stored.
_HASH_BYTES = 16


class Visitor(NamedTuple):
    """What a request says about its sender."""

    # As `client_address` returns it: a /64 of IPv6 is one address.
    address: str
    user_agent: str = ""
    account_id: int | None = None
    is_staff: bool = False


class Hit(NamedTuple):
    """One visitor at one target on one day, before it is known whether it is the first hit."""

    target_id: int
    day: date
    visitor: UUID
    source: UUID
    kind: str
    has_account: bool = False
    # What it adds to the statistics, instead of the metric of its kind.
    metrics: tuple[str, ...] = ()


def today() -> date:
    """Return the day that a hit belongs to, in the site's own time zone."""
    return timezone.localdate(timezone=timezone.get_default_timezone())


def visitor_of(request: HttpRequest) -> Visitor:
    """Return the visitor who sent a request."""
    # Without a session cookie `request.user` is not read: anonymous visitors must not get a session.
    user = request.user if settings.SESSION_COOKIE_NAME in request.COOKIES else None
    account = user if isinstance(user, User) else None
    return Visitor(
        address=client_address(request),
        user_agent=request.META.get("HTTP_USER_AGENT", ""),
        account_id=account.pk if account else None,
        is_staff=bool(account and account.is_staff),
    )


@lru_cache(maxsize=2048)
def is_declared_bot(user_agent: str) -> bool:
    """Return whether a program declares itself a bot, or does not say what it is."""
    return _DECLARED_BOT.search(user_agent) is not None


def is_prefetch(meta: Mapping[str, str]) -> bool:
    """Return whether the browser only prepares a page that no one has opened.

    Args:
        meta: `request.META`; making `request.headers` would take a quarter of the time that a beacon takes.
    """
    purposes = [meta.get(name, "").lower() for name in _PURPOSES]
    return any("prefetch" in purpose or "prerender" in purpose or "preview" in purpose for purpose in purposes)


_PURPOSES = ("HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_PURPOSE", "HTTP_X_MOZ")


def is_same_origin(meta: Mapping[str, str], *, origin: str, is_image: bool = False) -> bool:
    """Return whether one of the site's own pages sent the request.

    Args:
        meta: `request.META`.
        origin: the site's own origin.
        is_image: the request is for an <img>, which has no `Origin`; with `Sec-Fetch-Site: none` (not sent by a
            page) it needs a referrer of the site.
    """
    site = meta.get("HTTP_SEC_FETCH_SITE", "")
    if site and not (is_image and site == "none"):
        return site == "same-origin"
    if not is_image and (sender := meta.get("HTTP_ORIGIN", "")):
        return sender == origin
    return _origin_of(meta.get("HTTP_REFERER", "")) == origin


def classify_hit(
    visitor: Visitor,
    *,
    target_id: int,
    author_ids: Container[int],
    day: date,
    salt: bytes,
    metrics: tuple[str, ...] = (),
) -> Hit:
    """Classify a hit: by an author, by staff, by a declared bot, or counted.

    All bots of one address are one visitor, so that invented names create no rows.

    Args:
        author_ids: of the author and the co-authors.
        metrics: what it adds to the statistics if it is counted, instead of the metric of its kind.
    """
    kind = DailyHit.Kind.COUNTED
    if visitor.account_id is not None:
        identity = f"account|{visitor.account_id}"
        if visitor.account_id in author_ids:
            kind = DailyHit.Kind.AUTHOR
        elif visitor.is_staff:
            kind = DailyHit.Kind.STAFF
    elif is_declared_bot(visitor.user_agent[:_MAX_USER_AGENT]):
        kind, identity = DailyHit.Kind.BOT, f"bot|{visitor.address}"
    else:
        identity = f"reader|{visitor.address}|{visitor.user_agent}"
    return Hit(
        target_id=target_id,
        day=day,
        visitor=_hash(salt, identity),
        source=_hash(salt, f"source|{visitor.address}"),
        kind=kind,
        has_account=visitor.account_id is not None,
        metrics=metrics,
    )


def _hash(salt: bytes, text: str) -> UUID:
    return UUID(bytes=hmac.digest(salt, text.encode("utf-8", "surrogatepass"), "sha256")[:_HASH_BYTES])


def _origin_of(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}"
