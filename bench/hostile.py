"""A hostile round: what strangers can make a worker keep in memory."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.client import HTTPConnection, HTTPException
from itertools import cycle
from urllib.parse import quote, urlencode

from bench.scenarios import MANY_CONNECTIONS
from bench.testbed import ORIGIN, TOKEN, Testbed
from bench.wrk import Load, run_load

CLIENTS = 8
BODY_BYTES = 1_900_000
# Forms that strangers can send. The first ones made workers grow once.
PATHS = ("/accounts/2fa/totp/activate/", "/my/articles/new/", "/accounts/login/", "/accounts/signup/")


def hostile_round(testbed: Testbed) -> None:
    """Send large forms, and then requests for URLs that do not exist and searches, each from another IP address."""
    port = testbed.servers["site"].port
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(partial(_post_large_forms, testbed), range(CLIENTS)))
    searches = [f"/search/?q={quote(word)}" for word in testbed.large.found["words"]]
    data = testbed.data("hostile", testbed.large, searches=searches)
    load = Load(port=port, mix="unknown:50,searches:1", data=data, connections=MANY_CONNECTIONS)
    run_load(load, seconds=testbed.scale.hostile_seconds)


def _post_large_forms(testbed: Testbed, client: int) -> None:
    port, count = testbed.servers["site"].port, testbed.scale.hostile_posts
    cookie = testbed.large.found["csrf_cookie"]
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    for number, path in zip(range(count), cycle(PATHS), strict=False):
        body = urlencode({"title": "x", "body": secrets.token_hex(BODY_BYTES // 2)})
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": f"{cookie}={TOKEN}",
            "Origin": ORIGIN,
            "X-CSRFToken": TOKEN,
            "X-Forwarded-For": f"10.{client}.{number // 256}.{number % 256}",
        }
        try:
            connection.request("POST", path, body=body, headers=headers)
            connection.getresponse().read()
        except (OSError, HTTPException):  # It was refused before the body was read.
            connection.close()
