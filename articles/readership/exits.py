"""What a page reports when it is left: a quarter of the text, and the site that the reader came from.

The report is a short text: the number of the quarter, a space, and the host name of the referrer or nothing. Only sums
of a day are stored of it (docs/readership.md).
"""

import re
from contextlib import suppress

QUARTERS = ("quarter_1", "quarter_2", "quarter_3", "quarter_4")
# Distinguishes sites from other pending counts.
SITE_PREFIX = "from:"
# Sites that are no host names: no referrer, this site itself, and others.
NO_REFERRER, SAME_SITE, OTHER = "", "/", "*"
# Of an article's day; all others are counted together, so that invented names create no rows.
MAX_SITES = 50
# Fewer visits than this are not shown with the name of a site.
MIN_VISITS = 3
# The longest host name in DNS has 253 characters.
MAX_BODY_LENGTH = 300

_REPORT = re.compile(rb"([1-4]) ([!-~]{0,255})")
# A name with a dot whose last part is no number: neither a network address nor a name in a local network.
_PUBLIC_HOST = re.compile(r"(?=.{4,100}$)(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+[a-z][a-z0-9-]*[a-z0-9]")


def exit_metrics(body: bytes, *, own_host: str) -> tuple[str, ...]:
    """Return the metrics that a report adds to: a quarter and a site; nothing if it is not a report.

    Args:
        own_host: the host name of this site.
    """
    if not (found := _REPORT.fullmatch(body)):
        return ()
    return f"quarter_{found[1].decode()}", SITE_PREFIX + site_of(found[2].decode(), own_host=own_host)


def site_of(host: str, *, own_host: str) -> str:
    """Return the site that a host name stands for: "www.example.org" is "example.org", and an address is `OTHER`."""
    name = host.lower().rstrip(".")
    if name in {NO_REFERRER, own_host}:
        return SAME_SITE if name else NO_REFERRER
    name = name.removeprefix("www.")
    return name if _PUBLIC_HOST.fullmatch(name) else OTHER


def site_shown(site: str) -> str:
    """Return a host name in its own alphabet, if it has one."""
    with suppress(UnicodeError):
        return site.encode("ascii").decode("idna")
    return site
