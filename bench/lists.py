"""Latency of every list at a million articles and at a thousand: one client requests both in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import quantiles
from urllib.parse import quote

from bench.http_client import Client
from bench.results import ListTimes
from bench.testbed import Log, Testbed

WARM_UP = 3


def percentile(times: Sequence[float], percent: int) -> float:
    """Return a percentile, interpolated between the two nearest values."""
    return quantiles(times, n=100, method="inclusive")[percent - 1]


@dataclass(kw_only=True)
class Times:
    """Times of lists and searches, and the requests with a status other than 200."""

    lists: list[ListTimes] = field(default_factory=list)
    searches: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def time_lists(testbed: Testbed, times: Times, log: Log) -> None:
    """Measure every list that both sites have."""
    small = {page["name"]: page for page in testbed.small.found["list_pages"]}
    ports = testbed.servers["uncached"].port, testbed.servers["small"].port
    for page in testbed.large.found["list_pages"]:
        if twin := small.get(page["name"]):
            log(f"List: {page['name']}")
            try:
                times.lists.append(_times(page, twin, ports, testbed.scale.samples))
            except UnexpectedStatus as error:
                times.wrong.append(str(error))


def _times(large: dict[str, str], small: dict[str, str], ports: tuple[int, int], samples: int) -> ListTimes:
    readers = [Client(port) for port in ports]
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(WARM_UP + samples):
        for page, reader, taken in zip((large, small), readers, times, strict=True):
            headers = {"Accept-Encoding": "br"}
            if page["session"]:
                headers["Cookie"] = f"session={page['session']}"
            taken_now = _get(reader, page["path"], headers)
            if number >= WARM_UP:
                taken.append(taken_now)
    for reader in readers:
        reader.close()
    return ListTimes(
        name=large["name"],
        large_p50=percentile(times[0], 50),
        large_p95=percentile(times[0], 95),
        small_p50=percentile(times[1], 50),
        small_p95=percentile(times[1], 95),
    )


def time_searches(testbed: Testbed, times: Times) -> None:
    """Measure searches for common and rare words."""
    words: list[str] = testbed.large.found["words"]
    reader = Client(testbed.servers["uncached"].port)
    for number in range(testbed.scale.searches + WARM_UP):
        # Another IP address each time, so that no rate limit is reached.
        headers = {"X-Forwarded-For": f"198.51.{number // 250 % 250}.{number % 250}"}
        try:
            taken = _get(reader, f"/search/?q={quote(words[number % len(words)])}", headers)
        except UnexpectedStatus as error:
            times.wrong.append(str(error))
        else:
            if number >= WARM_UP:
                times.searches.append(taken)
    reader.close()


class UnexpectedStatus(Exception):
    """A page had a status other than 200."""


def _get(reader: Client, path: str, headers: Mapping[str, str]) -> float:
    answer = reader.get(path, headers)
    if answer.status != 200:
        raise UnexpectedStatus(f"{path}: status {answer.status}")
    return answer.ms
