"""Run nginx with deploy/nginx.conf, an application behind it, and send requests to it."""

from __future__ import annotations

import os
import pwd
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from socketserver import TCPServer, ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from django.conf import settings
from django.db import connections

from bench.system import free_port, is_root

CONF = settings.BASE_DIR / "deploy" / "nginx.conf"
WRAPPER = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log warn;
{user}
events {{ worker_connections 256; }}
http {{
    types {{ text/html html; text/css css; text/javascript js; image/webp webp; }}
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64

    def server_bind(self) -> None:
        """Bind without a DNS lookup of the host name."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "testserver", self.server_address[1]
        self.setup_environ()


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@dataclass
class Upstream:
    """The application behind nginx: records requests, and fails if `is_down` is set."""

    app: Any = None
    requests: list[dict[str, Any]] = field(default_factory=list)
    is_down: bool = False
    gate: threading.Event | None = None
    entered: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    status: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b"page"

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.requests.append(environ)
        if length := environ.get("CONTENT_LENGTH"):
            environ["wsgi.input"].read(int(length))
        self.entered.release()
        if self.is_down:
            raise ConnectionAbortedError  # The handler closes the connection without a response.
        if self.gate:
            assert self.gate.wait(20)
        if self.app and not self.status:
            try:
                return [b"".join(self.app(environ, start_response))]
            finally:
                connections.close_all()
        start_response(self.status or "200 OK", list(self.headers))
        return [self.body]


@dataclass
class Nginx:
    """A running nginx."""

    port: int
    upstream: Upstream

    def fetch(self, path: str = "/about/", method: str = "GET", body: bytes | None = None, **headers: str) -> Any:
        """Return the response: status, headers (names in lower case), body."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in ({"host": "testserver"} | headers).items():
                connection.putheader(name.replace("_", "-"), value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            given = {name.lower(): value for name, value in response.getheaders()}
            return {"status": response.status, "headers": given, "body": response.read()}
        finally:
            connection.close()

    def send(self, request: bytes) -> bytes:
        """Send a raw request; return the raw response."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65536), b""))


def adapt_conf(conf: str, *, port: int, upstream: int, folder: Path, static: Path, media: Path) -> str:
    """Return the configuration with its placeholders replaced, and without TLS."""
    changes = {
        "listen 443 ssl http2;": f"listen 127.0.0.1:{port};",
        "listen 443 ssl default_server;": f"listen 127.0.0.1:{port} default_server;",
        "ssl_reject_handshake on;": "",
        "    listen 80 default_server;\n": "",
        "    listen [::]:80 default_server;\n": "",
        "    listen [::]:80;\n": "",
        "    listen [::]:443 ssl http2;\n": "",
        "    listen [::]:443 ssl default_server;\n": "",
        "listen 80;": f"listen 127.0.0.1:{free_port()};",
        "server 127.0.0.1:8000;": f"server 127.0.0.1:{upstream};",
        "news.example.org": "testserver",
        "/var/lib/spokesperson/static/": f"{static}/",
        "/var/lib/spokesperson/media/": f"{media}/",
        "/var/lib/nginx/spokesperson": f"{folder}/pages",
        "/var/log/nginx/spokesperson.log": f"{folder}/access.log",
    }
    for old, new in changes.items():
        assert old in conf, old
        conf = conf.replace(old, new)
    return re.sub(r"\n *ssl_\w+ [^;]*;", "", conf)


def user() -> str:
    """Return the `user` directive: as root, nginx would change to a user that cannot read the test's folders."""
    return f"user {pwd.getpwuid(os.getuid()).pw_name};" if is_root() else ""


def accepts(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def eventually(holds: Callable[[], Any], explain: Callable[[], str] = str) -> None:
    """Repeat until `holds` returns true: nginx counts in whole seconds and renews in the background."""
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, explain()
        threading.Event().wait(0.02)
