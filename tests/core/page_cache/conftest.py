"""Fixtures for the page cache, and for nginx in front of an application."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.system import find_program, free_port
from core.page_cache import keys
from core.page_cache import middleware as page_cache
from core.page_cache.middleware import PageCache
from tests.core.page_cache.helpers import Clock, Django
from tests.core.page_cache.nginx import (
    CONF,
    WRAPPER,
    Nginx,
    Quiet,
    Server,
    Upstream,
    accepts,
    adapt_conf,
    eventually,
    user,
)


@pytest.fixture(autouse=True)
def _no_parsed_requests() -> None:
    keys._parse.cache_clear()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(page_cache, "time", clock)
    return clock


@pytest.fixture
def django() -> Django:
    return Django()


@pytest.fixture
def cache(django: Django, clock: Clock) -> PageCache:
    return PageCache(django, max_bytes=64 * 1024)


@pytest.fixture
def large_cache(django: Django, clock: Clock) -> PageCache:
    return PageCache(django, max_bytes=1024 * 1024)


@pytest.fixture
def nginx() -> str:
    """Return the path of the program nginx."""
    found = find_program("nginx")
    if not found:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("No nginx is installed.")
    assert found
    return found


@pytest.fixture
def start(nginx: str, tmp_path: Path) -> Iterator[Callable[[Upstream], Nginx]]:
    """Return a function that starts nginx and an application behind it, each on its own port."""
    folder, static, media = (tmp_path / name for name in ("nginx", "static", "media"))
    for one in (folder, static, media):
        one.mkdir(exist_ok=True)
    running: list[subprocess.Popen[bytes]] = []
    servers: list[Server] = []

    def start_site(upstream: Upstream) -> Nginx:
        server = Server(("127.0.0.1", 0), Quiet)
        server.set_app(upstream)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
        port = free_port()
        site = adapt_conf(
            CONF.read_text(), port=port, upstream=server.server_port, folder=folder, static=static, media=media
        )
        (folder / "site.conf").write_text(site)
        (folder / "nginx.conf").write_text(WRAPPER.format(folder=folder, user=user()))
        command = [nginx, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
        running.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))  # noqa: S603 - a fixed command
        eventually(lambda: accepts(port), (folder / "error.log").read_text)
        return Nginx(port, upstream)

    try:
        yield start_site
    finally:
        for process in running:
            process.terminate()
            process.wait(20)
        for server in servers:
            server.shutdown()
            server.server_close()


@pytest.fixture
def stub(start: Callable[[Upstream], Nginx]) -> Nginx:
    """Start nginx before a page that is fresh for an hour."""
    upstream = Upstream(headers=[("Content-Type", "text/html"), ("Cache-Control", "public, s-maxage=3600")])
    return start(upstream)
