"""CPU time and memory of processes, from /proc (Linux)."""

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
    """Memory of a process in MB: resident (`rss`) and proportional (`pss`)."""

    rss: float
    pss: float


def cpu_of_stat(stat: str) -> tuple[int, float]:
    """(parent's pid, CPU seconds) of a line of /proc/<pid>/stat: user and system, also of the children that ended.

    The program name in parentheses can contain anything, so fields are counted from the last parenthesis.
    """
    fields = stat[stat.rindex(")") + 2 :].split()
    return int(fields[1]), sum(int(field) for field in fields[11:15]) * _TICK


def tree(pid: int) -> list[int]:
    """Return the ids of a process and its descendants."""
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
    """Return user and system time of a process and its descendants."""
    seconds = 0.0
    for one in tree(pid):
        with suppress(OSError, ValueError):  # It has ended: its time is now counted in its parent.
            seconds += cpu_of_stat(Path(f"/proc/{one}/stat").read_text())[1]
    return seconds


def memory_of_rollup(rollup: str) -> Memory:
    """Parse /proc/<pid>/smaps_rollup."""
    numbers = {}
    for line in rollup.splitlines():
        name, _, rest = line.partition(":")
        if rest.strip().endswith("kB"):
            numbers[name] = int(rest.split()[0]) / _MEGABYTE
    return Memory(rss=numbers["Rss"], pss=numbers["Pss"])


def memory(pid: int) -> Memory:
    """Return the memory of a process."""
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
