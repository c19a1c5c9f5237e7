"""Run wrk with our scripts and read its results."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.system import BenchmarkError, require_program, run

SCRIPTS = Path(__file__).parent / "lua"
THREADS = 2
# The prefix of the result line that lua/report.lua prints.
_MARK = "RESULT "
type Table = str | int | Sequence[str] | Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class LoadResult:
    """The results of wrk: times in milliseconds; `pages` and so on are the requests sent of each kind."""

    requests: int
    seconds: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    # LoadResult with a status of 400 or more, and connections that failed or got no answer in time.
    refused: int = 0
    broken: int = 0
    pages: int = 0
    beacons: int = 0
    votes: int = 0
    searches: int = 0
    # Voters whose first vote of the run this is.
    new_voters: int = 0
    # Where the next load starts, so that no reader or voter is used twice.
    last_reader: int = 0
    last_voter: int = 0

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds

    @property
    def sent(self) -> int:
        """The number of requests of a mix, answered or not."""
        return self.pages + self.beacons + self.votes + self.searches

    @property
    def errors(self) -> int:
        return self.refused + self.broken


@dataclass(frozen=True, kw_only=True)
class Load:
    """The requests of a load.

    With a `mix` and its `data` the requests are those of lua/mix.lua; without one, `path` is requested again and again.
    """

    port: int
    path: str = "/"
    headers: Mapping[str, str] = field(default_factory=dict)
    connections: int = 16
    mix: str = ""
    data: Path | None = None


def parse(output: str) -> LoadResult:
    """Parse wrk's output.

    Raises:
        BenchmarkError: it holds no result.
    """
    for line in output.splitlines():
        if line.startswith(_MARK):
            return LoadResult(**json.loads(line.removeprefix(_MARK)))
    raise BenchmarkError(f"wrk printed no result:\n{output[-1000:]}")


def run_load(load: Load, *, seconds: int, seed: int = 0, first: int = 0, drain: int | None = None) -> LoadResult:
    """Run a load for a number of whole seconds.

    Args:
        seed: the number of the first reader's IP address.
        first: the number of the first voter.
        drain: the second after which no views and votes are sent.

    Raises:
        BenchmarkError: wrk is not installed or failed.
    """
    command = [require_program("wrk", "wrk"), "-t", str(THREADS), "-c", str(load.connections), "-d", f"{seconds}s"]
    command += ["--timeout", "10s", "-s", "mix.lua" if load.mix else "report.lua"]
    for name, value in load.headers.items():
        command += ["-H", f"{name}: {value}"]
    command.append(f"http://127.0.0.1:{load.port}{load.path}")
    if load.mix:
        command += ["--", f"data={load.data}", f"mix={load.mix}", f"seed={seed}", f"first={first}"]
        if drain is not None:
            command.append(f"drain={drain}")
    return parse(run(command, cwd=SCRIPTS))


def settle(seconds: float) -> None:
    """Wait until the requests in flight of one load are finished."""
    time.sleep(seconds)


def lua_table(tables: Mapping[str, Table]) -> str:
    """Return a Lua file with tables: strings, numbers, lists of strings, and dictionaries of strings."""
    return "return {" + ",".join(f"[{_quoted(name)}]={_lua(value)}" for name, value in tables.items()) + "}\n"


def _lua(value: Table) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"[{_quoted(name)}]={_quoted(one)}" for name, one in value.items()) + "}"
    return "{" + ",".join(map(_quoted, value)) + "}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'
