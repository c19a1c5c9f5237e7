"""Requests one after the other on one connection, as one reader makes them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection

from bench.workplace import CannotMeasure


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back, and in how many milliseconds; the names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    ms: float


class Reader:
    """One connection that stays open."""

    def __init__(self, port: int) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=30)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask for a page."""
        began = time.perf_counter()
        self.connection.request("GET", path, headers=dict(headers or {}))
        response = self.connection.getresponse()
        body = response.read()
        took = (time.perf_counter() - began) * 1000
        return Answer(
            status=response.status,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=body,
            ms=took,
        )

    def close(self) -> None:
        self.connection.close()


def ask(port: int, path: str, headers: Mapping[str, str] | None = None, *, status: int = 200) -> Answer:
    """One request on a connection of its own.

    Raises:
        CannotMeasure: the answer's status is not the one that is expected.
    """
    reader = Reader(port)
    try:
        answer = reader.get(path, headers)
    finally:
        reader.close()
    if answer.status != status:
        raise CannotMeasure(f"{path} was answered with {answer.status}, where {status} is right.")
    return answer
