"""One load of requests: wrk with our scripts, and what came of it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.workplace import CannotMeasure, need_program, run

SCRIPTS = Path(__file__).parent / "lua"
THREADS = 2
# How wrk's last word begins (lua/report.lua).
_MARK = "RESULT "
type Table = str | int | Sequence[str] | Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What wrk saw: times in milliseconds; `pages` and so on are requests that were sent, of each kind."""

    requests: int
    seconds: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    # Answers with a status of 400 or more, and connections that failed or got no answer in time.
    refused: int = 0
    broken: int = 0
    pages: int = 0
    beacons: int = 0
    votes: int = 0
    searches: int = 0
    # Voters of whom this is the first vote of the run.
    new_voters: int = 0
    # Where the next load begins, so that nobody comes twice.
    last_reader: int = 0
    last_voter: int = 0

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds

    @property
    def sent(self) -> int:
        """The requests of a mix, answered or not."""
        return self.pages + self.beacons + self.votes + self.searches

    @property
    def errors(self) -> int:
        return self.refused + self.broken


@dataclass(frozen=True, kw_only=True)
class Load:
    """What is asked for.

    With a `mix` and its `data` the requests are those of lua/mix.lua; without one it is `path` again and again.
    """

    port: int
    path: str = "/"
    headers: Mapping[str, str] = field(default_factory=dict)
    connections: int = 16
    mix: str = ""
    data: Path | None = None


def parse(output: str) -> Answers:
    """The answers that wrk's output tells.

    Raises:
        CannotMeasure: it holds none.
    """
    for line in output.splitlines():
        if line.startswith(_MARK):
            return Answers(**json.loads(line.removeprefix(_MARK)))
    raise CannotMeasure(f"wrk said nothing that can be read:\n{output[-1000:]}")


def put(load: Load, *, seconds: int, seed: int = 0, first: int = 0, drain: int | None = None) -> Answers:
    """Ask for so many whole seconds.

    Args:
        seed: the number of the first reader's address.
        first: the number of the first voter.
        drain: the seconds after which nothing that is counted is sent any more.

    Raises:
        CannotMeasure: wrk is not there or failed.
    """
    command = [need_program("wrk", "wrk"), "-t", str(THREADS), "-c", str(load.connections), "-d", f"{seconds}s"]
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
    """Let what one load left behind come to its end before the next begins."""
    time.sleep(seconds)


def lua_table(tables: Mapping[str, Table]) -> str:
    """A Lua file that returns the tables: strings, numbers, lists of strings, and names with strings."""
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
