"""What processes cost: CPU time and memory, from /proc (Linux)."""

from __future__ import annotations

import os
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_TICK = 1 / os.sysconf("SC_CLK_TCK")
_MEGABYTE = 1024


@dataclass(frozen=True, kw_only=True)
class Memory:
    """What one process holds, in MB: resident (`rss`), and with what is shared divided among its users (`pss`)."""

    rss: float
    pss: float


def cpu_of_stat(stat: str) -> tuple[int, float]:
    """(parent's pid, CPU seconds) of a line of /proc/<pid>/stat: user and system, also of the children that ended.

    The name of the program stands in parentheses and may hold anything, so fields count from the last one.
    """
    fields = stat[stat.rindex(")") + 2 :].split()
    return int(fields[1]), sum(int(field) for field in fields[11:15]) * _TICK


def tree(pid: int) -> list[int]:
    """A process and all that descend from it."""
    children: dict[int, list[int]] = defaultdict(list)
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with suppress(OSError, ValueError):
                children[cpu_of_stat((folder / "stat").read_text())[0]].append(int(folder.name))
    found = [pid]
    for one in found:
        found += children[one]
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and all its descendants so far."""
    seconds = 0.0
    for one in tree(pid):
        with suppress(OSError, ValueError):  # It ended between the two looks: its parent has its time now.
            seconds += cpu_of_stat(Path(f"/proc/{one}/stat").read_text())[1]
    return seconds


def memory_of_rollup(rollup: str) -> Memory:
    """The memory that a text of /proc/<pid>/smaps_rollup tells."""
    numbers = {}
    for line in rollup.splitlines():
        name, _, rest = line.partition(":")
        if rest.strip().endswith("kB"):
            numbers[name] = int(rest.split()[0]) / _MEGABYTE
    return Memory(rss=numbers["Rss"], pss=numbers["Pss"])


def memory(pid: int) -> Memory:
    """What a process holds now."""
    return memory_of_rollup(Path(f"/proc/{pid}/smaps_rollup").read_text())


def processors() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0))


def machine() -> str:
    """The machine in a few words: processor, cores, memory."""
    name = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        os.uname().machine,
    )
    kilobytes = int(Path("/proc/meminfo").read_text().split()[1])
    return f"{name}, {processors()} cores, {kilobytes / 1024 / 1024:.0f} GB"
