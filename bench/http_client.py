"""A small HTTP client: one request after the other on one connection."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection

from bench.system import BenchmarkError


@dataclass(frozen=True, kw_only=True)
class Response:
    """A response and its time in milliseconds; the names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    ms: float


class Client:
    """A client with one persistent connection."""

    def __init__(self, port: int) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=30)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Response:
        """Request a page."""
        started = time.perf_counter()
        self.connection.request("GET", path, headers=dict(headers or {}))
        response = self.connection.getresponse()
        body = response.read()
        took = (time.perf_counter() - started) * 1000
        return Response(
            status=response.status,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=body,
            ms=took,
        )

    def close(self) -> None:
        self.connection.close()


def fetch(port: int, path: str, headers: Mapping[str, str] | None = None, *, status: int = 200) -> Response:
    """Send one GET request on a new connection.

    Raises:
        BenchmarkError: the status is not the expected one.
    """
    reader = Client(port)
    try:
        answer = reader.get(path, headers)
    finally:
        reader.close()
    if answer.status != status:
        raise BenchmarkError(f"{path}: status {answer.status}, expected {status}.")
    return answer
