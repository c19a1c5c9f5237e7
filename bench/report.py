"""The report of a run, as text for a terminal or as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.bars import Bar
from bench.measurements import Measurement, ratio
from bench.results import Results

# The cells of one row; the first row is the header.
Row = Sequence[str]


def report(found: Results, bars: Sequence[Bar], *, markdown: bool) -> str:
    """Return the whole report."""
    parts = [
        (f"Measured on {found.started:%d %B %Y, %H:%M}, {found.scale.articles:,} articles", None, _machine(found)),
        ("Pages and actions", _scenarios(found.measurements), ""),
        ("The spike", _spike(found), ""),
        ("200 authors who write", _autosaves(found), ""),
        (f"Lists at {found.scale.articles:,} articles and at 1,000", _lists(found), ""),
        ("Memory of the workers at the end", _memory(found), ""),
        ("Bars", _bars(bars), ""),
    ]
    text = []
    for heading, rows, words in parts:
        # Below a section of docs/performance.md.
        text.append(f"### {heading}\n" if markdown else f"{heading}\n")
        if words:
            text.append(words + "\n")
        if rows is not None:
            text.append((as_markdown if markdown else as_text)(rows) + "\n")
    return "\n".join(text)


def as_text(rows: Sequence[Row]) -> str:
    """Return an aligned table: numbers to the right, everything else to the left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    right = [_is_numeric(column[1:]) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in rows
    )


def as_markdown(rows: Sequence[Row]) -> str:
    """Return a Markdown table; the first row is its header."""
    right = [_is_numeric(column[1:]) for column in zip(*rows, strict=True)]
    rule = ["---:" if to_right else "---" for to_right in right]
    return "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], rule, *rows[1:]))


def _is_numeric(cells: Iterable[str]) -> bool:
    return all(not cell or cell[0].isdigit() for cell in cells)


def _machine(found: Results) -> str:
    words = f"{found.machine}; wrk runs on the same cores. {found.software}."
    if found.fill_seconds is not None:
        words += f" The database was filled in {found.fill_seconds:.0f} s."
    return words


def _scenarios(measurements: dict[str, Measurement]) -> list[Row]:
    head = ("scenario", "req/s", "p50 ms", "p99 ms", "CPU ms web", "CPU ms PostgreSQL", "errors", "against")
    return [head, *(_scenario(name, measurements) for name in measurements)]


def _scenario(name: str, measurements: dict[str, Measurement]) -> Row:
    one = measurements[name]
    baseline = one.scenario.baseline
    against = f"{ratio(measurements, name, baseline):.2f} × {baseline}" if baseline in measurements else ""
    return (
        name,
        f"{one.per_second:,.0f}",
        f"{one.p50_ms:.2f}",
        f"{one.p99_ms:.2f}",
        f"{one.server_cpu_ms:.3f}",
        f"{one.database_cpu_ms:.3f}",
        f"{one.errors}",
        against,
    )


def _spike(found: Results) -> list[Row]:
    spike = found.spike
    return [
        ("pages/s", "beacons/s", "votes/s", "p50 ms", "p99 ms", "errors"),
        (
            f"{spike.pages_per_second:,.0f}",
            f"{spike.beacons_per_second:,.0f}",
            f"{spike.votes_per_second:,.0f}",
            f"{spike.p50_ms:.2f}",
            f"{spike.p99_ms:.2f}",
            f"{spike.errors}",
        ),
    ]


def _autosaves(found: Results) -> list[Row]:
    one = found.autosaves
    return [
        (*("autosaves/s", "p50 ms", "p95 ms", "CPU ms web", "CPU ms PostgreSQL"), "errors", "cached article page"),
        (
            f"{one.per_second:.0f}",
            f"{one.p50_ms:.1f}",
            f"{one.p95_ms:.1f}",
            f"{one.web_cpu_ms:.1f}; {one.long_web_cpu_ms:.1f} of 100 KB",
            f"{one.database_cpu_ms:.1f}; {one.long_database_cpu_ms:.1f} of 100 KB",
            f"{len(one.errors)}",
            f"{one.page_ratio:.2f} × without them",
        ),
    ]


def _lists(found: Results) -> list[Row]:
    large = f"{found.scale.articles:,}"
    head = ("list", f"p50 ms at {large}", f"p95 ms at {large}", "p50 ms at 1,000", "p95 ms at 1,000", "p95 ratio")
    rows = [
        (
            one.name,
            f"{one.large_p50:.1f}",
            f"{one.large_p95:.1f}",
            f"{one.small_p50:.1f}",
            f"{one.small_p95:.1f}",
            f"{one.ratio:.2f}",
        )
        for one in found.lists
    ]
    return [head, *rows]


def _memory(found: Results) -> list[Row]:
    rows = [(f"{number}", f"{one.rss:.0f}", f"{one.pss:.0f}") for number, one in enumerate(found.workers, start=1)]
    return [("worker", "RSS MB", "PSS MB"), *rows]


def _bars(bars: Sequence[Bar]) -> list[Row]:
    verdicts = {True: "holds", False: "DOES NOT HOLD", None: "not measured"}
    rows = [
        (
            bar.name,
            f"{'≤' if bar.at_most else '≥'} {_number(bar.bound)}{bar.unit}",
            "" if bar.measured is None else f"{_number(bar.measured)}{bar.unit}",
            verdicts[bar.holds],
            bar.note,
        )
        for bar in bars
    ]
    return [("bar", "bound", "measured", "verdict", "note"), *rows]


def _number(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 or number == int(number) else f"{number:.2f}"
