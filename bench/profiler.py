"""Profile the requests of one scenario: cProfile around the WSGI application."""

from __future__ import annotations

import json
import random
import sys
from urllib.parse import quote

from bench.scenarios import Scenario, scenarios
from bench.system import BenchmarkError, run
from bench.testbed import ORIGIN, SITE, TOKEN, UNCACHED, Site, Testbed

REQUESTS = 320
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def profile(testbed: Testbed, name: str) -> str:
    """Return the functions that take the most time for the requests of a scenario.

    Raises:
        BenchmarkError: there is no such scenario, or it does not run the site.
    """
    applications = {
        "site": (SITE, testbed.large),
        "uncached": (UNCACHED, testbed.large),
        "sqlite": (SITE, testbed.on_sqlite),
    }
    known = {scenario.name: scenario for scenario in scenarios(testbed) if scenario.server in applications}
    if name not in known:
        raise BenchmarkError(f"There is no scenario “{name}” of the site. These exist:\n  " + "\n  ".join(known))
    application, site = applications[known[name].server]
    requests = [_request(known[name], site, number) for number in range(REQUESTS)]
    return run([sys.executable, "-m", "bench.profile_target", application], env=site.env, stdin=json.dumps(requests))


def _request(scenario: Scenario, site: Site, number: int) -> dict[str, str]:
    """Return request `number` of the scenario, as a part of a WSGI environment, as lua/mix.lua would send it."""
    kind = scenario.load.mix.partition(":")[0]
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
    path = scenario.probe
    if kind == "pages":
        path = site.found["articles"][number % len(site.found["articles"])]["path"]
    headers = {f"HTTP_{key.upper().replace('-', '_')}": value for key, value in scenario.headers.items()}
    return {"path": path, **headers}
