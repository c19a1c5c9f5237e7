"""Measure the scenarios in turn, several times, and take the medians."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

from bench import processes
from bench.http_client import fetch
from bench.scenarios import Scenario
from bench.testbed import Log, Testbed
from bench.wrk import LoadResult, run_load, settle

# Requests of each scenario before its first round, each on a new connection, so that both workers compile templates.
WARM_UP = 10
# Where a load of pages begins that warms up threads and their connections: far from those of the rounds.
WARM_UP_PAGE = 10_000


@dataclass(frozen=True, kw_only=True)
class Round:
    """One load, with the CPU seconds of the server and of PostgreSQL."""

    answers: LoadResult
    server_cpu: float
    database_cpu: float


@dataclass(kw_only=True)
class Measurement:
    """The rounds of a scenario. Times are in milliseconds."""

    scenario: Scenario
    rounds: list[Round] = field(default_factory=list)

    def _median(self, of: Callable[[Round], float]) -> float:
        return median(map(of, self.rounds))

    @property
    def per_second(self) -> float:
        return self._median(lambda one: one.answers.per_second)

    @property
    def p50_ms(self) -> float:
        return self._median(lambda one: one.answers.p50_ms)

    @property
    def p99_ms(self) -> float:
        return self._median(lambda one: one.answers.p99_ms)

    @property
    def server_cpu_ms(self) -> float:
        """CPU time of one request in the web server's processes."""
        return self._median(lambda one: one.server_cpu * 1000 / max(one.answers.requests, 1))

    @property
    def database_cpu_ms(self) -> float:
        """CPU time of one request in PostgreSQL."""
        return self._median(lambda one: one.database_cpu * 1000 / max(one.answers.requests, 1))

    @property
    def cpu_ms(self) -> float:
        return self._median(lambda one: (one.server_cpu + one.database_cpu) * 1000 / max(one.answers.requests, 1))

    @property
    def beacons_per_second(self) -> float:
        return self._median(lambda one: one.answers.beacons / one.answers.seconds)

    @property
    def errors(self) -> int:
        return sum(one.answers.errors for one in self.rounds)


def ratio(measurements: dict[str, Measurement], name: str, baseline: str) -> float:
    """Return the median, over the rounds, of requests per second divided by those of the baseline."""
    pairs = zip(measurements[name].rounds, measurements[baseline].rounds, strict=True)
    return median(ours.answers.per_second / theirs.answers.per_second for ours, theirs in pairs)


def measure(testbed: Testbed, scenarios: Sequence[Scenario], log: Log) -> dict[str, Measurement]:
    """Measure all scenarios in turn, `scale.rounds` times, so that a slow moment of the machine affects all alike.

    Raises:
        BenchmarkError: a scenario has an unexpected status.
    """
    for scenario in scenarios:
        for _ in range(WARM_UP):
            fetch(scenario.load.port, scenario.probe, scenario.headers, status=scenario.status)
        if scenario.load.mix.startswith("pages"):
            run_load(scenario.load, seconds=1, first=WARM_UP_PAGE)
    found = {scenario.name: Measurement(scenario=scenario) for scenario in scenarios}
    for number in range(testbed.scale.rounds):
        for scenario in scenarios:
            log(f"Round {number + 1} of {testbed.scale.rounds}: {scenario.name}")
            found[scenario.name].rounds.append(load_once(testbed, scenario))
    return found


def load_once(testbed: Testbed, scenario: Scenario, *, seconds: int | None = None, drain: int | None = None) -> Round:
    """Run one load of a scenario and measure its CPU time.

    Args:
        seconds: the duration; `scale.seconds` by default.
        drain: the second after which no views and votes are sent.
    """
    server = testbed.servers[scenario.server]
    server_before, database_before = server.cpu_seconds(), processes.cpu_seconds(testbed.cluster.pid)
    answers = run_load(
        scenario.load,
        seconds=seconds or testbed.scale.seconds,
        seed=testbed.next_reader,
        first=testbed.next_voter if scenario.server == "site" else testbed.next_voter_on_sqlite,
        drain=drain,
    )
    settle(0.2)
    testbed.next_reader += answers.last_reader + 2
    if answers.votes and scenario.server == "site":
        testbed.next_voter = answers.last_voter
    elif answers.votes:
        testbed.next_voter_on_sqlite = answers.last_voter
    return Round(
        answers=answers,
        server_cpu=server.cpu_seconds() - server_before,
        database_cpu=processes.cpu_seconds(testbed.cluster.pid) - database_before,
    )
