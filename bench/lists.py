"""Every list at a million articles and at a thousand: one reader, asking both in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import quantiles
from urllib.parse import quote

from bench.asking import Reader
from bench.findings import ListTimes
from bench.stage import Say, Stage

WARM = 3


def percentile(times: Sequence[float], percent: int) -> float:
    """The time within which so many of a hundred stay (interpolated between the two nearest)."""
    return quantiles(times, n=100, method="inclusive")[percent - 1]


@dataclass(kw_only=True)
class Times:
    """What one reader saw: the times of the lists and of searches, and what was not answered with 200."""

    lists: list[ListTimes] = field(default_factory=list)
    searches: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def time_lists(stage: Stage, times: Times, say: Say) -> None:
    """The times of every list that both sites have."""
    small = {place["name"]: place for place in stage.small.found["places"]}
    ports = stage.servers["uncached"].port, stage.servers["small"].port
    for place in stage.large.found["places"]:
        if twin := small.get(place["name"]):
            say(f"List: {place['name']}")
            try:
                times.lists.append(_times(place, twin, ports, stage.scale.samples))
            except WrongAnswer as error:
                times.wrong.append(str(error))


def _times(large: dict[str, str], small: dict[str, str], ports: tuple[int, int], samples: int) -> ListTimes:
    readers = [Reader(port) for port in ports]
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(WARM + samples):
        for place, reader, taken in zip((large, small), readers, times, strict=True):
            headers = {"Accept-Encoding": "br"}
            if place["session"]:
                headers["Cookie"] = f"session={place['session']}"
            taken_now = _get(reader, place["path"], headers)
            if number >= WARM:
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


def time_searches(stage: Stage, times: Times) -> None:
    """How long one reader waits for what was found, for common words and rare ones."""
    words: list[str] = stage.large.found["words"]
    reader = Reader(stage.servers["uncached"].port)
    for number in range(stage.scale.searches + WARM):
        # Another reader each time, so that no limit of one address is met.
        headers = {"X-Forwarded-For": f"198.51.{number // 250 % 250}.{number % 250}"}
        try:
            taken = _get(reader, f"/search/?q={quote(words[number % len(words)])}", headers)
        except WrongAnswer as error:
            times.wrong.append(str(error))
        else:
            if number >= WARM:
                times.searches.append(taken)
    reader.close()


class WrongAnswer(Exception):
    """A page was not answered with 200."""


def _get(reader: Reader, path: str, headers: Mapping[str, str]) -> float:
    answer = reader.get(path, headers)
    if answer.status != 200:
        raise WrongAnswer(f"{path} was answered with {answer.status}")
    return answer.ms
