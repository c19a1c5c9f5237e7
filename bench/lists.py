"""Every list at a million articles and at a thousand: one reader, asking both in turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import quantiles
from urllib.parse import quote

from bench.asking import Reader
from bench.findings import ListTimes
from bench.stage import Stage
from bench.workplace import CannotMeasure

WARM = 3
Say = Callable[[str], None]


def percentile(times: Sequence[float], percent: int) -> float:
    """The time within which so many of a hundred stay (interpolated between the two nearest)."""
    return quantiles(times, n=100, method="inclusive")[percent - 1]


def time_lists(stage: Stage, say: Say) -> list[ListTimes]:
    """The times of every list that both sites have.

    Raises:
        CannotMeasure: a page is not answered with 200.
    """
    small = {place["name"]: place for place in stage.small.found["places"]}
    ports = stage.servers["uncached"].port, stage.servers["small"].port
    found = []
    for place in stage.large.found["places"]:
        if twin := small.get(place["name"]):
            say(f"List: {place['name']}")
            found.append(_times(place, twin, ports, stage.scale.samples))
    return found


def _times(large: dict[str, str], small: dict[str, str], ports: tuple[int, int], samples: int) -> ListTimes:
    readers = [Reader(port) for port in ports]
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(WARM + samples):
        for place, reader, taken in zip((large, small), readers, times, strict=True):
            headers = {"Accept-Encoding": "br"}
            if place["session"]:
                headers["Cookie"] = f"session={place['session']}"
            answer = reader.get(place["path"], headers)
            if answer.status != 200:
                raise CannotMeasure(f"The list “{place['name']}” ({place['path']}) was answered with {answer.status}.")
            if number >= WARM:
                taken.append(answer.ms)
    for reader in readers:
        reader.close()
    return ListTimes(
        name=large["name"],
        large_p50=percentile(times[0], 50),
        large_p95=percentile(times[0], 95),
        small_p50=percentile(times[1], 50),
        small_p95=percentile(times[1], 95),
    )


def search_p95_ms(stage: Stage) -> float:
    """How long one reader waits for what was found, for common words and rare ones."""
    words: list[str] = stage.large.found["words"]
    reader = Reader(stage.servers["uncached"].port)
    times = []
    for number in range(stage.scale.searches + WARM):
        path = f"/search/?q={quote(words[number % len(words)])}"
        # Another reader each time, so that no limit of one address is met.
        answer = reader.get(path, {"X-Forwarded-For": f"198.51.{number // 250 % 250}.{number % 250}"})
        if answer.status != 200:
            raise CannotMeasure(f"{path} was answered with {answer.status}.")
        if number >= WARM:
            times.append(answer.ms)
    reader.close()
    return percentile(times, 95)
