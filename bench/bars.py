"""What must hold, and whether it does; docs/performance.md tells it to people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench import lines as names
from bench.findings import Findings
from bench.measures import ratio

SHARE_OF_TRIVIAL = 0.75
TIMES_P99_OF_TRIVIAL = 2.0
SHARE_OF_NGINX = 0.9
TIMES_CPU_OF_PLAIN = 1.5
BEACONS_PER_SECOND = 5_000
BEACONS_PER_SECOND_ON_SQLITE = 1_500
PAGES_PER_SECOND_IN_SPIKE = 5_000
VOTES_PER_SECOND = 400
MEGABYTES_PER_WORKER = 180
TIMES_SMALL_SITE = 1.3
SEARCH_MS = 100.0
SECONDS_TO_FILL = 15 * 60


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One promise: `measured` must be at least, or at most, `bound`. `None` was not measured in this run."""

    name: str
    bound: float
    measured: float | None
    unit: str = ""
    at_most: bool = False
    # What was left out and why, or which of many was the worst.
    note: str = ""

    @property
    def holds(self) -> bool | None:
        """Whether it does; None where it was not measured."""
        if self.measured is None:
            return None
        return self.measured <= self.bound if self.at_most else self.measured >= self.bound


def bars(found: Findings) -> list[Bar]:
    """Every bar, in the order of the report."""
    return [*_reading(found), *_acting(found), *_lists(found), *_weight(found)]


def _reading(found: Findings) -> Iterator[Bar]:
    measures = found.measures
    yield Bar(
        name="cached article page: requests/s as a share of the trivial WSGI function's",
        bound=SHARE_OF_TRIVIAL,
        measured=ratio(measures, names.CACHED, names.TRIVIAL),
    )
    yield Bar(
        name="cached article page: p99 as a multiple of the trivial WSGI function's",
        bound=TIMES_P99_OF_TRIVIAL,
        measured=measures[names.CACHED].p99_ms / measures[names.TRIVIAL].p99_ms,
        at_most=True,
    )
    behind = names.BEHIND_NGINX in measures and names.STATIC in measures
    yield Bar(
        name="article page behind nginx: requests/s as a share of nginx's with a static file",
        bound=SHARE_OF_NGINX,
        measured=ratio(measures, names.BEHIND_NGINX, names.STATIC) if behind else None,
        note="" if behind else "nginx is not installed",
    )
    yield Bar(
        name="uncached article page: CPU as a multiple of the plain Django page's",
        bound=TIMES_CPU_OF_PLAIN,
        measured=measures[names.UNCACHED].cpu_ms / measures[names.PLAIN].cpu_ms,
        at_most=True,
    )


def _acting(found: Findings) -> Iterator[Bar]:
    measures, spike = found.measures, found.spike
    yield Bar(
        name="views counted on PostgreSQL",
        bound=BEACONS_PER_SECOND,
        measured=measures[names.BEACON].beacons_per_second,
        unit="/s",
    )
    yield Bar(
        name="views counted on SQLite, while pages are read and votes given",
        bound=BEACONS_PER_SECOND_ON_SQLITE,
        measured=measures[names.BEACON_ON_SQLITE].beacons_per_second,
        unit="/s",
    )
    yield Bar(
        name="SQLite: “database is locked” in the log",
        bound=0,
        measured=found.times_locked,
        at_most=True,
    )
    yield Bar(
        name="votes on one hot article", bound=VOTES_PER_SECOND, measured=measures[names.VOTE].per_second, unit="/s"
    )
    yield Bar(name="spike: pages", bound=PAGES_PER_SECOND_IN_SPIKE, measured=spike.pages_per_second, unit="/s")
    yield Bar(name="spike: errors", bound=0, measured=spike.errors, at_most=True)
    yield Bar(
        name="all other lines: errors",
        bound=0,
        measured=sum(one.errors for one in measures.values()) + len(found.wrong),
        at_most=True,
        note="; ".join([f"{name}: {one.errors}" for name, one in measures.items() if one.errors] + found.wrong[:3]),
    )
    yield Bar(
        name="counts: rows that are missing or too many, and counters that differ from their rows",
        bound=0,
        measured=len(found.miscounted),
        at_most=True,
        note="; ".join(found.miscounted),
    )


def _lists(found: Findings) -> Iterator[Bar]:
    worst = max(found.lists, key=lambda one: one.ratio)
    yield Bar(
        name=f"lists: the largest p95 at {found.scale.articles:,} articles as a multiple of that at 1,000",
        bound=TIMES_SMALL_SITE,
        measured=worst.ratio,
        at_most=True,
        note=worst.name,
    )
    yield Bar(
        name=f"search: p95 at {found.scale.articles:,} articles",
        bound=SEARCH_MS,
        measured=found.search_p95_ms,
        unit=" ms",
        at_most=True,
    )


def _weight(found: Findings) -> Iterator[Bar]:
    yield Bar(
        name="memory of the largest worker after all of it",
        bound=MEGABYTES_PER_WORKER,
        measured=max(one.rss for one in found.workers),
        unit=" MB",
        at_most=True,
    )
    if found.scale.is_full:
        yield Bar(
            name="filling the database",
            bound=SECONDS_TO_FILL,
            measured=found.seconds_to_fill,
            unit=" s",
            at_most=True,
            note="" if found.seconds_to_fill is not None else "it was filled by an earlier run",
        )
