"""A run from its first measurement to its last."""

from __future__ import annotations

import json
import platform
from datetime import datetime
from functools import partial
from importlib.metadata import version

from bench import processes, scenarios, verification
from bench.autosave import measure_autosaves
from bench.hostile import hostile_round
from bench.lists import Times, percentile, time_lists, time_searches
from bench.measurements import Measurement, measure
from bench.results import Results
from bench.spike import spike
from bench.testbed import Log, Testbed, run_parallel


def run_benchmark(testbed: Testbed, started: datetime, log: Log) -> Results:
    """Measure everything.

    Raises:
        BenchmarkError: a response has an unexpected status.
    """
    large, small = verification.query_postgres(testbed), verification.query_sqlite(testbed)
    article, article_on_sqlite = testbed.large.found["article"]["number"], testbed.on_sqlite.found["article"]["number"]
    before, before_on_sqlite = verification.rows(large, article), verification.rows(small, article_on_sqlite)
    measurements = measure(testbed, scenarios.scenarios(testbed), log)
    wrong_counts = verification.differences(
        "PostgreSQL",
        before=before,
        after=verification.rows(large, article),
        sent=_sent(measurements, scenarios.BEACON, scenarios.VOTE),
    )
    wrong_counts += verification.differences(
        "SQLite",
        before=before_on_sqlite,
        after=verification.rows(small, article_on_sqlite),
        sent=_sent(measurements, scenarios.BEACON_ON_SQLITE),
    )
    log("The spike")
    peak, wrong = spike(testbed)
    wrong_counts += wrong
    autosaves = measure_autosaves(testbed, log)
    wrong_counts += autosaves.wrong
    times = Times()
    time_lists(testbed, times, log)
    log("Search, one reader")
    time_searches(testbed, times)
    log("Screening")
    screenings = json.loads(testbed.screened.inside("screening", str(testbed.scale.submissions)))
    workers = testbed.servers["site"].memory_of_workers()
    log("The hostile round")
    hostile_round(testbed)
    workers_after_hostile_round = testbed.servers["site"].memory_of_workers()
    log("Comparing every counter with its rows")
    for differing in run_parallel(
        partial(verification.recount_differences, "PostgreSQL", testbed.large),
        partial(verification.recount_differences, "SQLite", testbed.on_sqlite),
    ):
        wrong_counts += differing
    return Results(
        scale=testbed.scale,
        started=started,
        machine=processes.machine(),
        software=_software(testbed),
        measurements=measurements,
        spike=peak,
        autosaves=autosaves,
        lists=times.lists,
        search_p50_ms=percentile(times.searches, 50),
        search_p95_ms=percentile(times.searches, 95),
        screening_p50_ms=percentile(screenings, 50),
        screening_p95_ms=percentile(screenings, 95),
        wrong=times.wrong,
        locked_errors=testbed.servers["sqlite"].log.read_text(errors="replace").count("database is locked"),
        wrong_counts=wrong_counts,
        workers=workers,
        workers_after_hostile_round=workers_after_hostile_round,
        fill_seconds=testbed.fill_seconds,
    )


def _sent(measurements: dict[str, Measurement], *names: str) -> verification.Sent:
    return verification.Sent.of([one.answers for name in names for one in measurements[name].rounds])


def _software(testbed: Testbed) -> str:
    postgres = testbed.cluster.sql("SHOW server_version").split()[0]
    packages = ", ".join(f"{name} {version(name)}" for name in ("Django", "granian"))
    return f"Python {platform.python_version()}, {packages}, PostgreSQL {postgres}"
