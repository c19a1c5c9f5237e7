"""What a run found, for the table and the bars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bench.measures import Measure
from bench.processes import Memory
from bench.scale import Scale


@dataclass(frozen=True, kw_only=True)
class Spike:
    """Everybody at once: one article, its beacon, its votes."""

    pages_per_second: float
    beacons_per_second: float
    votes_per_second: float
    p50_ms: float
    p99_ms: float
    errors: int


@dataclass(frozen=True, kw_only=True)
class ListTimes:
    """One page of a list on the large site and on the small one; milliseconds."""

    name: str
    large_p50: float
    large_p95: float
    small_p50: float
    small_p95: float

    @property
    def ratio(self) -> float:
        return self.large_p95 / self.small_p95


@dataclass(frozen=True, kw_only=True)
class Findings:
    """All of it."""

    scale: Scale
    began: datetime
    machine: str
    software: str
    measures: dict[str, Measure]
    spike: Spike
    lists: list[ListTimes]
    search_p50_ms: float
    search_p95_ms: float
    # Pages of lists and searches that were not answered with 200.
    wrong: list[str]
    times_locked: int
    # Sentences about rows and counters that are not what was sent.
    miscounted: list[str]
    workers: list[Memory]
    seconds_to_fill: float | None
