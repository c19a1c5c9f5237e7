"""The checks of `spokesperson doctor` that request something from the site, through its proxies."""

from __future__ import annotations

import argparse
import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urljoin
from urllib.request import Request, urlopen

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core import signing
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection

from spokesperson.health import DOCTOR_HEADER, DOCTOR_SALT
from spokesperson.operations.progress import Progress

OK, WARNING, FAILED = "ok", "warning", "failed"
# An address for documentation, which no visitor has.
FORGED_ADDRESS = "192.0.2.123"
SITE_TIMEOUT = 10
# Seconds.
CLOCK_WARNING, CLOCK_FAILED = 3, 60

type Result = tuple[str, str]
type Check = Callable[[argparse.Namespace, Progress], Iterator[Result]]


@cache
def _site_response() -> tuple[dict[str, Any], float | None]:
    """Ask the site, through its proxies, what it knows of this request.

    Returns:
        the answer, and how many seconds its clock is ahead of this one's.

    Raises:
        OSError, ValueError: there is none.
    """
    headers = {DOCTOR_HEADER: signing.dumps("doctor", salt=DOCTOR_SALT), "X-Forwarded-For": FORGED_ADDRESS}
    response, date = _get("/health/client/", headers)
    # The header has no fractions of seconds.
    ahead = parsedate_to_datetime(date).timestamp() + 0.5 - time.time() if date else None
    return json.loads(response), ahead


def _get(path: str, headers: dict[str, str] | None = None) -> tuple[bytes, str]:
    """Return the body and the Date header of a response of the site."""
    request = Request(urljoin(f"{settings.ORIGIN}/", path), headers=headers or {})  # noqa: S310 - ORIGIN is http(s)
    with urlopen(request, timeout=SITE_TIMEOUT) as response:  # noqa: S310
        return response.read(), response.headers.get("Date", "")


def check_proxies(options: argparse.Namespace, progress: Progress) -> Iterator[Result]:
    """Compare `TRUSTED_PROXY_COUNT` with the addresses that the proxies add to X-Forwarded-For."""
    try:
        seen, _ = _site_response()
    except HTTPError as error:
        reasons = {
            400: "the proxy does not pass on the Host header, or ORIGIN has another host",
            404: "another site answers there, or one with another SECRET_KEY",
            502: "the web server does not run: start `spokesperson serve`",
        }
        yield FAILED, f"{settings.ORIGIN} answers {error.code}: {reasons.get(error.code, 'look into the log')}."
        return
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        yield (
            FAILED,
            f"{settings.ORIGIN} does not answer ({reason}): check address, certificate, proxy and web server.",
        )
        return
    trusted = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    addresses = [address.strip() for address in seen["forwarded"].split(",") if address.strip()]
    # Some proxies add to what the visitor sends, others replace it.
    added = addresses[addresses.index(FORGED_ADDRESS) + 1 :] if FORGED_ADDRESS in addresses else addresses
    if settings.HTTPS and not seen["is_secure"]:
        yield FAILED, "The site does not see that requests come over https: have the proxy set X-Forwarded-Proto."
    if settings.HTTPS and not added:
        yield FAILED, "No proxy sets X-Forwarded-For, so all visitors share its address: have it set that."
    elif trusted != len(added):
        outcome = "visitors can forge their address" if trusted > len(added) else "all visitors share one address"
        yield FAILED, f"TRUSTED_PROXY_COUNT is {trusted}, so {outcome}: set it to {len(added)}."
    else:
        yield OK, f"{settings.ORIGIN} answers; TRUSTED_PROXY_COUNT={trusted} is right, seen from this machine."


def check_clock(options: argparse.Namespace, progress: Progress) -> Iterator[Result]:
    clocks = {}
    with suppress(OSError, ValueError):
        clocks["web server"] = _site_response()[1]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            clocks["database"] = cursor.fetchone()[0].timestamp() - time.time()
    for name, ahead in clocks.items():
        if ahead is not None and abs(ahead) > CLOCK_WARNING:
            word = "ahead of" if ahead > 0 else "behind"
            level = FAILED if abs(ahead) > CLOCK_FAILED else WARNING
            yield level, f"The clock of the {name} is {abs(ahead):.0f} s {word} this machine's: synchronise both (NTP)."
            return
    yield OK, f"Compared with {' and '.join(clocks) or 'none'}."


def check_files(options: argparse.Namespace, progress: Progress) -> Iterator[Result]:
    """Write, read and delete a file in the storage of images, and request it and a static file from the site."""
    content = secrets.token_bytes(32)
    try:
        name = default_storage.save(f"doctor/{secrets.token_hex(16)}.txt", ContentFile(content))
    except Exception as error:  # Each storage has its own.
        yield FAILED, f"Images cannot be stored ({error}): check MEDIA_ROOT and its owner."
        return
    try:
        with default_storage.open(name) as file:
            is_same = file.read() == content
        if is_same:
            yield OK, "Images can be stored, read and deleted."
        else:
            yield FAILED, "The storage of images returns something else than was stored: check its disk."
        urls = [default_storage.url(name)]
        try:
            urls.append(staticfiles_storage.url("css/site.css"))
        except ValueError:
            yield FAILED, "The static files are not complete: run `spokesperson manage collectstatic`."
        for url in urls:
            try:
                body, _ = _get(url)
            except HTTPError as error:
                yield FAILED, f"The site answers {error.code} at {url}: let the proxy read that folder."
            except (OSError, ValueError):
                return  # check_proxies says why.
            else:
                if url.endswith(".txt") and body != content:
                    yield FAILED, f"The site has another file at {url}: check the folder for /media/ of the proxy."
    finally:
        default_storage.delete(name)
