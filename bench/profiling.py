"""Where the time of one line's requests goes: cProfile around the WSGI application."""

from __future__ import annotations

import json
import random
import sys
from urllib.parse import quote

from bench.lines import Line, lines
from bench.stage import ORIGIN, SITE, TOKEN, UNCACHED, Site, Stage
from bench.workplace import CannotMeasure, run

REQUESTS = 320
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def profile(stage: Stage, name: str) -> str:
    """The functions that take the most time, for the requests of a line.

    Raises:
        CannotMeasure: there is no such line, or it is none of the site's.
    """
    applications = {"site": (SITE, stage.large), "uncached": (UNCACHED, stage.large), "sqlite": (SITE, stage.on_sqlite)}
    known = {line.name: line for line in lines(stage) if line.server in applications}
    if name not in known:
        raise CannotMeasure(f"There is no line “{name}” of the site's own. These are:\n  " + "\n  ".join(known))
    application, site = applications[known[name].server]
    requests = [_request(known[name], site, number) for number in range(REQUESTS)]
    return run([sys.executable, "-m", "bench.profiled", application], env=site.env, given=json.dumps(requests))


def _request(line: Line, site: Site, number: int) -> dict[str, str]:
    """The line's request of this number, as a part of a WSGI environment. It does what lua/mix.lua does."""
    kind = line.load.mix.partition(":")[0]
    article = site.found["article"]
    if kind == "beacons":
        address = ".".join(str(random.randrange(1, 255)) for _ in range(4))  # noqa: S311 - no secret
        return {
            "method": "POST",
            "path": f"/beacon/{article['number']}/",
            "HTTP_ORIGIN": ORIGIN,
            "HTTP_SEC_FETCH_SITE": "same-origin",
            "HTTP_USER_AGENT": _BROWSER,
            "HTTP_X_FORWARDED_FOR": address,
        }
    if kind == "votes":
        cookies = {site.found["session_cookie"]: site.found["voters"][number], site.found["csrf_cookie"]: TOKEN}
        return {
            "method": "POST",
            "path": f"/articles/{article['number']}/vote/",
            "HTTP_COOKIE": "; ".join(f"{key}={value}" for key, value in cookies.items()),
            "HTTP_ORIGIN": ORIGIN,
            "HTTP_X_CSRFTOKEN": TOKEN,
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "body": "vote=1",
        }
    if kind == "searches":
        words = site.found["words"]
        return {"path": f"/search/?q={quote(words[number % len(words)])}", "HTTP_ACCEPT_ENCODING": "br"}
    path = line.probe
    if kind == "pages":
        path = site.found["articles"][number % len(site.found["articles"])]["path"]
    headers = {f"HTTP_{key.upper().replace('-', '_')}": value for key, value in line.headers.items()}
    return {"path": path, **headers}
