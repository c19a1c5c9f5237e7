"""A run from its first measurement to its last."""

from __future__ import annotations

import platform
from datetime import datetime
from functools import partial
from importlib.metadata import version

from bench import counts, lines, processes
from bench.findings import Findings
from bench.lists import Times, percentile, time_lists, time_searches
from bench.measures import Measure, measure
from bench.spike import spike
from bench.stage import Say, Stage, at_once


def find(stage: Stage, began: datetime, say: Say) -> Findings:
    """Measure everything.

    Raises:
        CannotMeasure: something is not answered as it should be.
    """
    large, small = counts.on_postgres(stage), counts.on_sqlite(stage)
    article, article_on_sqlite = stage.large.found["article"]["number"], stage.on_sqlite.found["article"]["number"]
    before, before_on_sqlite = counts.rows(large, article), counts.rows(small, article_on_sqlite)
    measures = measure(stage, lines.lines(stage), say)
    miscounted = counts.differences(
        "PostgreSQL",
        before=before,
        after=counts.rows(large, article),
        sent=_sent(measures, lines.BEACON, lines.VOTE),
    )
    miscounted += counts.differences(
        "SQLite",
        before=before_on_sqlite,
        after=counts.rows(small, article_on_sqlite),
        sent=_sent(measures, lines.BEACON_ON_SQLITE),
    )
    say("The spike")
    peak, wrong = spike(stage)
    miscounted += wrong
    times = Times()
    time_lists(stage, times, say)
    say("Search, one reader")
    time_searches(stage, times)
    workers = stage.servers["site"].memory_of_workers()
    say("Comparing every counter with its rows")
    for differing in at_once(
        partial(counts.recounted, "PostgreSQL", stage.large), partial(counts.recounted, "SQLite", stage.on_sqlite)
    ):
        miscounted += differing
    return Findings(
        scale=stage.scale,
        began=began,
        machine=processes.machine(),
        software=_software(stage),
        measures=measures,
        spike=peak,
        lists=times.lists,
        search_p50_ms=percentile(times.searches, 50),
        search_p95_ms=percentile(times.searches, 95),
        wrong=times.wrong,
        times_locked=stage.servers["sqlite"].log.read_text(errors="replace").count("database is locked"),
        miscounted=miscounted,
        workers=workers,
        seconds_to_fill=stage.seconds_to_fill,
    )


def _sent(measures: dict[str, Measure], *names: str) -> counts.Sent:
    return counts.Sent.of([one.answers for name in names for one in measures[name].rounds])


def _software(stage: Stage) -> str:
    postgres = stage.cluster.sql("SHOW server_version").split()[0]
    packages = ", ".join(f"{name} {version(name)}" for name in ("Django", "granian"))
    return f"Python {platform.python_version()}, {packages}, PostgreSQL {postgres}"
