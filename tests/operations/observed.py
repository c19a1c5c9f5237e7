"""Processes of the site, and a server that plays a collector of traces or error reports."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import brotli
from django.conf import settings
from django.db import connection

from tests.production import database_url

# `get` requests a path from the WSGI application of the site.
SCRIPT = """
import sys
from io import BytesIO
from wsgiref.util import setup_testing_defaults
from django.conf import settings
settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
from spokesperson.wsgi import application

def get(path, query="", **environ):
    setup_testing_defaults(environ)
    environ |= {"PATH_INFO": path, "QUERY_STRING": query, "HTTP_HOST": "testserver"}
    environ.setdefault("REMOTE_ADDR", "192.0.2.1")
    answers = []
    list(application(environ, lambda status, headers, *exc_info: answers.append(status)))
    return answers[0]
"""


def start(script: str, folder: Path, **variables: str) -> subprocess.Popen[str]:
    """Run a script after `SCRIPT` in a process on the test database; it ends when its standard input is closed."""
    url = f"sqlite:///{connection.settings_dict['NAME']}" if connection.vendor == "sqlite" else database_url()
    return subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-c", SCRIPT + script],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": url, "DATA_DIR": str(folder), "CACHE_URL": "", **variables},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(script: str, folder: Path, **variables: str) -> str:
    """Run a script to its end and return what it prints; what it logs is in the message if it fails."""
    process = start(script, folder, **variables)
    output, log = process.communicate(timeout=60)
    assert process.returncode == 0, log
    return output


@contextmanager
def collector() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """Run a server; return its address, and path and body of each request that it has received."""
    received: list[tuple[str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            decompress = {"gzip": gzip.decompress, "br": brotli.decompress, None: bytes}
            received.append((self.path, decompress[self.headers["Content-Encoding"]](body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}", received
    server.shutdown()
    server.server_close()
