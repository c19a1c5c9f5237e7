"""The lines of the table: what is asked of whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from bench import nginx
from bench.asking import ask
from bench.load import Load
from bench.stage import Stage

CONNECTIONS = 16
# Views come in crowds, and what comes together is written together.
CROWD = 64
BR = {"Accept-Encoding": "br"}
# The names that bars speak of.
STATIC = "nginx, static file"
TRIVIAL = "trivial WSGI function"
BARE = "bare Django view"
PLAIN = "plain Django page, one query"
CACHED = "article page, cached"
BEHIND_NGINX = "article page behind nginx"
UNCACHED = "article page, uncached"
BEACON = "beacon"
BEACON_ON_SQLITE = "beacon on SQLite, with pages and votes"
VOTE = "vote, one hot article"
VOTES = "vote, many articles"
SEARCH = "search"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line: a load on a server."""

    name: str
    server: str
    load: Load
    # The line that this one is held against; a ceiling has none.
    ceiling: str = ""
    # What a request is answered with: asked for before anything is measured.
    probe: str
    headers: Mapping[str, str] = field(default_factory=lambda: BR)
    status: int = 200


def lines(stage: Stage) -> list[Line]:
    """Every line, in the order of the table; those of nginx only where it is installed."""
    return [*_ceilings(stage), *_pages(stage), *_acts(stage)]


def _ceilings(stage: Stage) -> list[Line]:
    found = [
        _constant(stage, TRIVIAL, "trivial", "/"),
        _constant(stage, BARE, "bare", "/"),
        _constant(stage, PLAIN, "plain", "/pages/1/"),
    ]
    if "nginx-static" in stage.servers:
        page = ask(stage.servers["site"].port, stage.large.found["article"]["path"], BR)
        nginx.write_static_page(stage.folder, page.body)
        found.insert(0, _constant(stage, STATIC, "nginx-static", f"/{nginx.FILE}"))
    return found


def _pages(stage: Stage) -> list[Line]:
    found = stage.large.found
    article, many = found["article"]["path"], [one["path"] for one in found["articles"]]
    etag = ask(stage.servers["site"].port, article, BR).headers["etag"]
    voter = {**BR, "Cookie": f"{found['session_cookie']}={found['voters'][0]}"}
    lines = [
        _constant(stage, CACHED, "site", article, ceiling=TRIVIAL),
        _constant(stage, "article page, 304", "site", article, {**BR, "If-None-Match": etag}, TRIVIAL, status=304),
        _constant(stage, "front page, cached", "site", "/", ceiling=TRIVIAL),
        _many(stage, UNCACHED, "uncached", many),
        _constant(stage, "front page, uncached", "uncached", "/", ceiling=PLAIN),
        _many(stage, "article pages, each asked for once", "site", many),
        _constant(stage, "article page, signed in", "site", article, voter, PLAIN),
    ]
    if "nginx" in stage.servers:
        lines.insert(3, _constant(stage, BEHIND_NGINX, "nginx", article, ceiling=STATIC))
    return lines


def _acts(stage: Stage) -> list[Line]:
    found = stage.large.found
    article = found["article"]["path"]
    votes = [f"/articles/{one['number']}/vote/" for one in found["articles"]]
    searches = [f"/search/?q={quote(word)}" for word in found["words"]]
    one = stage.data("one", stage.large)
    many = stage.data("many", stage.large, votes=votes)
    words = stage.data("words", stage.large, searches=searches)
    small = stage.data("sqlite-mix", stage.on_sqlite)
    return [
        _mixed(stage, BEACON, "site", "beacons:1", one, article, connections=CROWD),
        _mixed(
            stage,
            BEACON_ON_SQLITE,
            "sqlite",
            "beacons:100,pages:10,votes:1",
            small,
            stage.on_sqlite.found["article"]["path"],
            connections=CROWD,
        ),
        _mixed(stage, VOTE, "site", "votes:1", one, article),
        _mixed(stage, VOTES, "site", "votes:1", many, article),
        _mixed(stage, SEARCH, "site", "searches:1", words, searches[0]),
    ]


def _constant(
    stage: Stage,
    name: str,
    server: str,
    path: str,
    headers: Mapping[str, str] = BR,
    ceiling: str = "",
    *,
    status: int = 200,
) -> Line:
    load = Load(port=stage.servers[server].port, path=path, headers=headers)
    return Line(name=name, server=server, load=load, ceiling=ceiling, probe=path, headers=headers, status=status)


def _mixed(
    stage: Stage, name: str, server: str, mix: str, data: Path, probe: str, *, connections: int = CONNECTIONS
) -> Line:
    load = Load(port=stage.servers[server].port, mix=mix, data=data, connections=connections)
    return Line(name=name, server=server, load=load, ceiling=PLAIN, probe=probe)


def _many(stage: Stage, name: str, server: str, pages: Sequence[str]) -> Line:
    data = stage.data(f"pages-of-{server}", stage.large, pages=pages)
    return _mixed(stage, name, server, "pages:1", data, pages[0])
