"""The results of a run, for the report and the bars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bench.measurements import Measurement
from bench.processes import Memory
from bench.scale import Scale


@dataclass(frozen=True, kw_only=True)
class Spike:
    """Rates and latency of the spike."""

    pages_per_second: float
    beacons_per_second: float
    votes_per_second: float
    p50_ms: float
    p99_ms: float
    errors: int


@dataclass(frozen=True, kw_only=True)
class Autosaves:
    """The authors who write beside readers; milliseconds."""

    # Of the cached article page, to that without authors.
    page_ratio: float
    # CPU of a save while nobody reads, and of one of a text of almost 100,000 characters.
    web_cpu_ms: float
    database_cpu_ms: float
    long_web_cpu_ms: float
    long_database_cpu_ms: float
    per_second: float
    p50_ms: float
    p95_ms: float
    # Sentences about requests, and about texts that are not as acknowledged.
    errors: list[str]
    wrong: list[str]


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
class Results:
    """All results of a run."""

    scale: Scale
    started: datetime
    machine: str
    software: str
    measurements: dict[str, Measurement]
    spike: Spike
    autosaves: Autosaves
    lists: list[ListTimes]
    search_p50_ms: float
    search_p95_ms: float
    # Of a submission, at the articles of `bench.scale.SCREENED`.
    screening_p50_ms: float
    screening_p95_ms: float
    # Lists and searches with a status other than 200.
    wrong: list[str]
    locked_errors: int
    # Sentences about rows and counters that differ from what was sent.
    wrong_counts: list[str]
    workers: list[Memory]
    workers_after_hostile_round: list[Memory]
    fill_seconds: float | None
