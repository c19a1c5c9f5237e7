"""The scenarios: which requests are sent to which server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from bench import nginx
from bench.http_client import fetch
from bench.scale import PLAIN_ROWS
from bench.testbed import Testbed
from bench.wrk import Load

CONNECTIONS = 16
# Concurrent views are written together, so their scenarios use more connections.
MANY_CONNECTIONS = 64
BR = {"Accept-Encoding": "br"}
# The names of scenarios that bars use.
STATIC = "nginx, static file"
TRIVIAL = "trivial WSGI function"
BARE = "bare Django view"
PLAIN = "plain Django page"
PLAIN_ARTICLE = "plain article page"
CACHED = "article page, cached"
BEHIND_NGINX = "article page behind nginx"
UNCACHED = "article page, uncached"
BEACON = "beacon"
BEACON_ON_SQLITE = "beacon on SQLite, with pages and votes"
VOTE = "vote, one hot article"
VOTES = "vote, many articles"
SEARCH = "search"


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A load on a server, one line of the report."""

    name: str
    server: str
    load: Load
    # The scenario that this one is compared with; a baseline has none.
    baseline: str = ""
    # A path that is requested, and its status checked, before anything is measured.
    probe: str
    headers: Mapping[str, str] = field(default_factory=lambda: BR)
    status: int = 200


def scenarios(testbed: Testbed) -> list[Scenario]:
    """Return all scenarios in the order of the report; those of nginx only if it is installed."""
    return [*_baselines(testbed), *_pages(testbed), *_actions(testbed)]


def _baselines(testbed: Testbed) -> list[Scenario]:
    found = [
        _constant(testbed, TRIVIAL, "trivial", "/"),
        _constant(testbed, BARE, "bare", "/"),
        _constant(testbed, PLAIN, "plain", "/pages/1/"),
        _many(testbed, PLAIN_ARTICLE, "plain", [f"/articles/{pk}/" for pk in range(1, PLAIN_ROWS + 1)], baseline=""),
    ]
    if "nginx-static" in testbed.servers:
        page = fetch(testbed.servers["site"].port, testbed.large.found["article"]["path"], BR)
        nginx.write_static_page(testbed.folder, page.body)
        found.insert(0, _constant(testbed, STATIC, "nginx-static", f"/{nginx.FILE}"))
    return found


def _pages(testbed: Testbed) -> list[Scenario]:
    data = testbed.large.found
    article, many = data["article"]["path"], [one["path"] for one in data["articles"]]
    etag = fetch(testbed.servers["site"].port, article, BR).headers["etag"]
    voter = {**BR, "Cookie": f"{data['session_cookie']}={data['voters'][0]}"}
    found = [
        _constant(testbed, CACHED, "site", article, baseline=TRIVIAL),
        _constant(testbed, "article page, 304", "site", article, {**BR, "If-None-Match": etag}, TRIVIAL, status=304),
        _constant(testbed, "front page, cached", "site", "/", baseline=TRIVIAL),
        _many(testbed, UNCACHED, "uncached", many),
        _constant(testbed, "front page, uncached", "uncached", "/", baseline=PLAIN_ARTICLE),
        _many(testbed, "article pages, each requested once", "site", many),
        _constant(testbed, "article page, signed in", "site", article, voter, PLAIN_ARTICLE),
    ]
    if "nginx" in testbed.servers:
        found.insert(3, _constant(testbed, BEHIND_NGINX, "nginx", article, baseline=STATIC))
    return found


def _actions(testbed: Testbed) -> list[Scenario]:
    found = testbed.large.found
    article, hot = found["article"]["path"], found["article"]["number"]
    # Not on the hot article, whose votes are counted in its own scenario.
    votes = [f"/articles/{one['number']}/vote/" for one in found["articles"] if one["number"] != hot]
    searches = [f"/search/?q={quote(word)}" for word in found["words"]]
    one = testbed.data("one", testbed.large)
    many = testbed.data("many", testbed.large, votes=votes)
    words = testbed.data("words", testbed.large, searches=searches)
    small = testbed.data("sqlite-mix", testbed.on_sqlite)
    return [
        _mixed(testbed, BEACON, "site", "beacons:1", one, article, connections=MANY_CONNECTIONS),
        _mixed(
            testbed,
            BEACON_ON_SQLITE,
            "sqlite",
            "beacons:100,pages:10,votes:1",
            small,
            testbed.on_sqlite.found["article"]["path"],
            connections=MANY_CONNECTIONS,
        ),
        _mixed(testbed, VOTE, "site", "votes:1", one, article),
        _mixed(testbed, VOTES, "site", "votes:1", many, article),
        _mixed(testbed, SEARCH, "site", "searches:1", words, searches[0]),
    ]


def _constant(
    testbed: Testbed,
    name: str,
    server: str,
    path: str,
    headers: Mapping[str, str] = BR,
    baseline: str = "",
    *,
    status: int = 200,
) -> Scenario:
    load = Load(port=testbed.servers[server].port, path=path, headers=headers)
    return Scenario(name=name, server=server, load=load, baseline=baseline, probe=path, headers=headers, status=status)


def _mixed(
    testbed: Testbed,
    name: str,
    server: str,
    mix: str,
    data: Path,
    probe: str,
    baseline: str = PLAIN_ARTICLE,
    *,
    connections: int = CONNECTIONS,
) -> Scenario:
    load = Load(port=testbed.servers[server].port, mix=mix, data=data, connections=connections)
    return Scenario(name=name, server=server, load=load, baseline=baseline, probe=probe)


def _many(testbed: Testbed, name: str, server: str, pages: Sequence[str], baseline: str = PLAIN_ARTICLE) -> Scenario:
    data = testbed.data(f"pages-of-{server}", testbed.large, pages=pages)
    return _mixed(testbed, name, server, "pages:1", data, pages[0], baseline)
