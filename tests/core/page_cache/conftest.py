"""The page cache around an application that counts, and nginx in front of one."""

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
    Behind,
    Front,
    Quiet,
    Server,
    accepts,
    as_here,
    eventually,
    user,
)
from tests.readership.wsgi import open_connections


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
def roomy(django: Django, clock: Clock) -> PageCache:
    return PageCache(django, max_bytes=1024 * 1024)


@pytest.fixture
def kept_connection(db: None) -> Iterator[None]:
    """Keep the requests from closing the connection that holds the test's transaction."""
    with open_connections():
        yield


@pytest.fixture
def nginx() -> str:
    """The program."""
    found = find_program("nginx")
    if not found:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("No nginx is installed.")
    assert found
    return found


@pytest.fixture
def start(nginx: str, tmp_path: Path) -> Iterator[Callable[[Behind], Front]]:
    """Starts nginx in a folder of its own, with what stands behind it on a port of its own."""
    folder, static, media = (tmp_path / name for name in ("nginx", "static", "media"))
    for one in (folder, static, media):
        one.mkdir(exist_ok=True)
    running: list[subprocess.Popen[bytes]] = []
    servers: list[Server] = []

    def begin(behind: Behind) -> Front:
        server = Server(("127.0.0.1", 0), Quiet)
        server.set_app(behind)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
        port = free_port()
        site = as_here(
            CONF.read_text(), port=port, behind=server.server_port, folder=folder, static=static, media=media
        )
        (folder / "site.conf").write_text(site)
        (folder / "nginx.conf").write_text(WRAPPER.format(folder=folder, user=user()))
        command = [nginx, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
        running.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))  # noqa: S603 - a fixed command
        eventually(lambda: accepts(port), (folder / "error.log").read_text)
        return Front(port, behind)

    try:
        yield begin
    finally:
        for process in running:
            process.terminate()
            process.wait(20)
        for server in servers:
            server.shutdown()
            server.server_close()


@pytest.fixture
def stub(start: Callable[[Behind], Front]) -> Front:
    """A page that is fresh for an hour, unless a test says otherwise."""
    behind = Behind(headers=[("Content-Type", "text/html"), ("Cache-Control", "public, s-maxage=3600")])
    return start(behind)
