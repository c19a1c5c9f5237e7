"""Who reads, in digests that name nobody: what a request says becomes one row, or nothing.

All of it works on headers and ids, so that whatever receives the request can use it. docs/readership.md says the same
in words for readers; the two change together.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from django.utils import timezone

from articles.readership.models import View

# Programs that say so themselves. Words, not a list of names: a list is out of date on the day it is made.
# ("CUBOT" is a telephone.)
_DECLARED_BOT = re.compile(
    r"(?<!cu)bot(?![a-z])|crawl|spider|slurp|scrap|archiver|preview|prerender|monitor|uptime|lighthouse|pagespeed"
    r"|phantomjs|validator|feed|\brss|fetch|facebookexternalhit|facebookcatalog|whatsapp|embedly|mediapartners"
    r"|google-|https?://"
    r"|^(curl|wget|python|go-http|java/|okhttp|libwww|lwp|ruby|php|perl|node|axios|got|undici|httpie|apache-http|guzzle"
    r"|dart|aiohttp|reqwest|postman|insomnia|k6|locust|restsharp|winhttp)",
    re.IGNORECASE,
)
# As `ipaddress` would write it, so that nothing is left to parse.
IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:\.(?!$)|$)){4}", re.ASCII)
_DIGEST_BYTES = 16


class Reader(NamedTuple):
    """What a request tells about who reads."""

    address: str
    user_agent: str = ""
    account_id: int | None = None
    is_staff: bool = False


class Sighting(NamedTuple):
    """One reader at one article on one day, before it is known whether it is the first."""

    article_id: int
    day: date
    visitor: bytes
    source: bytes
    kind: str


def today() -> date:
    """The day that a view belongs to, in the site's own time zone."""
    return timezone.localdate(timezone=timezone.get_default_timezone())


def network(address: str) -> str:
    """The address as it is digested: IPv6 by its /64, since one home or phone has all of it; IPv4 whole."""
    if IPV4.fullmatch(address):
        return address
    try:
        parsed = ip_address(address.strip())
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
    return str(parsed)


def is_declared_bot(user_agent: str) -> bool:
    """Whether the program says itself that it is one, or does not say what it is."""
    # Browsers have few names between them, and none is so long.
    return _known_bot(user_agent) if len(user_agent) <= 400 else _says_bot(user_agent)


def _says_bot(user_agent: str) -> bool:
    return not user_agent.strip() or _DECLARED_BOT.search(user_agent) is not None


_known_bot = lru_cache(maxsize=2048)(_says_bot)


def is_prefetch(headers: Mapping[str, str]) -> bool:
    """Whether the browser only prepares a page that nobody has opened."""
    purposes = [headers[name] for name in ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz") if name in headers]
    return any("prefetch" in purpose.lower() or "prerender" in purpose.lower() for purpose in purposes)


def is_same_origin(headers: Mapping[str, str], *, origin: str, is_image: bool = False) -> bool:
    """Whether one of our own pages asked.

    Args:
        origin: the site's own.
        is_image: an <img> is asked for without `Origin`; for it "none" (no page asked) needs a referrer of ours.
    """
    site = headers.get("Sec-Fetch-Site", "")
    if site and not (is_image and site == "none"):
        return site == "same-origin"
    if not is_image and (asking := headers.get("Origin", "")):
        return asking == origin
    return _origin_of(headers.get("Referer", "")) == origin


def sighting(*, article_id: int, author_id: int, reader: Reader, day: date, salt: bytes) -> Sighting:
    """Classify a view: by the author, by staff, by a declared bot, or counted.

    An address is one bot, whatever its programs call themselves, so that inventing names makes no rows.
    """
    where = network(reader.address)
    kind = View.Kind.COUNTED
    if reader.account_id is not None:
        who = f"account|{reader.account_id}"
        if reader.account_id == author_id:
            kind = View.Kind.AUTHOR
        elif reader.is_staff:
            kind = View.Kind.STAFF
    elif is_declared_bot(reader.user_agent):
        kind, who = View.Kind.BOT, f"bot|{where}"
    else:
        who = f"reader|{where}|{reader.user_agent}"
    return Sighting(
        article_id=article_id,
        day=day,
        visitor=_digest(salt, who),
        source=_digest(salt, f"source|{where}"),
        kind=kind,
    )


def _digest(salt: bytes, words: str) -> bytes:
    return hmac.digest(salt, words.encode("utf-8", "surrogatepass"), "sha256")[:_DIGEST_BYTES]


def _origin_of(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}"
