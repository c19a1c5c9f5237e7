"""Measures the lines: in turn, several times over, and takes the medians."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

from bench import processes
from bench.asking import ask
from bench.lines import Line
from bench.load import Answers, put, settle
from bench.stage import Say, Stage


@dataclass(frozen=True, kw_only=True)
class Round:
    """One load, and the CPU seconds that it took the server and PostgreSQL."""

    answers: Answers
    server_cpu: float
    database_cpu: float


@dataclass(kw_only=True)
class Measure:
    """A line's rounds. Times are milliseconds."""

    line: Line
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
        """What one request costs the web server's processes."""
        return self._median(lambda one: one.server_cpu * 1000 / max(one.answers.requests, 1))

    @property
    def database_cpu_ms(self) -> float:
        """What one request costs PostgreSQL."""
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


def ratio(measures: dict[str, Measure], name: str, ceiling: str) -> float:
    """The median of a line's share of its ceiling's requests a second, round by round."""
    pairs = zip(measures[name].rounds, measures[ceiling].rounds, strict=True)
    return median(ours.answers.per_second / theirs.answers.per_second for ours, theirs in pairs)


def measure(stage: Stage, lines: Sequence[Line], say: Say) -> dict[str, Measure]:
    """All lines once, then all again, as often as the scale says; so a slow moment of the machine hits each alike.

    Raises:
        CannotMeasure: a line is not answered as it should be.
    """
    for line in lines:
        for _ in range(3):
            ask(line.load.port, line.probe, line.headers, status=line.status)
    found = {line.name: Measure(line=line) for line in lines}
    for number in range(stage.scale.rounds):
        for line in lines:
            say(f"Round {number + 1} of {stage.scale.rounds}: {line.name}")
            found[line.name].rounds.append(load_once(stage, line))
    return found


def load_once(stage: Stage, line: Line, *, seconds: int | None = None, drain: int | None = None) -> Round:
    """One load of a line, with the CPU that it took.

    Args:
        seconds: how long; the scale says it otherwise.
        drain: when nothing that is counted is sent any more.
    """
    server = stage.servers[line.server]
    server_before, database_before = server.cpu_seconds(), processes.cpu_seconds(stage.cluster.pid)
    answers = put(
        line.load,
        seconds=seconds or stage.scale.seconds,
        seed=stage.next_reader,
        first=stage.next_voter if line.server == "site" else stage.next_voter_on_sqlite,
        drain=drain,
    )
    settle(0.2)
    stage.next_reader += answers.last_reader + 2
    if answers.votes and line.server == "site":
        stage.next_voter = answers.last_voter
    elif answers.votes:
        stage.next_voter_on_sqlite = answers.last_voter
    return Round(
        answers=answers,
        server_cpu=server.cpu_seconds() - server_before,
        database_cpu=processes.cpu_seconds(stage.cluster.pid) - database_before,
    )
