"""Send requests to the page cache, with an application behind it that records them."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterable
from io import BytesIO
from typing import Any

import brotli

from core.page_cache.middleware import PageCache

PUBLIC = "public, max-age=0, s-maxage=5"
# Headers that do not change a public page, neither in the page cache nor in nginx.
SAME_PAGE = [
    {"user_agent": "another"},
    {"cookie": "csrf=1; sessionid=2; xsession=3; session_=4; a=session"},
    {"host": "TESTSERVER"},
    {"host": "testserver:81"},
    {"x_forwarded_host": "evil.example"},
    {"x_forwarded_proto": "https"},
    {"x_http_method_override": "POST"},
    {"accept_language": "ru"},
    {"hx_request": "true", "hx_boosted": "true"},
    {"range": "bytes=0-1"},
    {"if_none_match": "nothing"},
]


class Clock:
    """A replacement for the `time` module that tests can advance."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return 1_700_000_000 + self.now


class Django:
    """A WSGI application that records the requests it receives."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.status = "200 OK"
        self.headers = [
            ("Content-Type", "text/html"),
            ("Cache-Control", PUBLIC),
            ("X-Content-Type-Options", "nosniff"),
            ("Vary", "Cookie, Accept-Language"),
        ]
        self.body = b"<p>Hello</p>" * 50
        self.gate: threading.Event | None = None
        self.entered = threading.Semaphore(0)
        self.raises: Exception | None = None

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.requests.append(environ)
        self.entered.release()
        if self.gate:
            assert self.gate.wait(10)
        if self.raises:
            raise self.raises
        start_response(self.status, list(self.headers))
        return [self.body]


def environ_of(path: str = "/about/", method: str = "GET", query: str = "", **headers: str) -> dict[str, Any]:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path.encode().decode("latin-1"),
        "SCRIPT_NAME": "",
        "QUERY_STRING": query,
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.1",
        "HTTP_HOST": "testserver",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(),
        "wsgi.errors": BytesIO(),
    }
    environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items() if name != "scheme"}
    environ["wsgi.url_scheme"] = headers.get("scheme", "http")
    return environ


def fetch(cache: PageCache, path: str = "/about/", method: str = "GET", query: str = "", **headers: str) -> Any:
    return send(cache, environ_of(path, method, query, **headers))


def send(cache: PageCache, environ: dict[str, Any]) -> Any:
    """Return the response: status, headers, body as sent, and `plain`, the decompressed body."""
    answer: dict[str, Any] = {}

    def start(status: str, given: list[tuple[str, str]], exc_info: Any = None, /) -> Any:
        answer["status"], answer["headers"] = int(status.split(maxsplit=1)[0]), dict(given)

    chunks = cache(environ, start)
    answer["body"] = answer["plain"] = b"".join(chunks)
    if hasattr(chunks, "close"):
        chunks.close()
    if answer["body"] and (encoding := answer["headers"].get("Content-Encoding")):
        answer["plain"] = {"br": brotli.decompress, "gzip": gzip.decompress}[encoding](answer["body"])
    return answer


class ParallelRequests:
    """Parallel requests, each in its own thread."""

    def __init__(self, cache: PageCache, number: int, **request: str) -> None:
        self.answers: list[Any] = []
        self.threads = [
            threading.Thread(target=lambda: self.answers.append(fetch(cache, **request))) for _ in range(number)
        ]
        for thread in self.threads:
            thread.start()

    def wait(self) -> list[Any]:
        for thread in self.threads:
            thread.join(20)
        assert len(self.answers) == len(self.threads)
        return self.answers


def cache_status(answer: dict[str, Any]) -> str | None:
    """Return the header X-Cache: "hit", "miss", "stale" or None. nginx sends header names in lower case."""
    return next((value for name, value in answer["headers"].items() if name.lower() == "x-cache"), None)
