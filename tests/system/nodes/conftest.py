"""`make test-system` runs these tests; they take minutes."""

from __future__ import annotations

import os

import pytest

from tests.system.nodes.stack import RESULTS

collect_ignore_glob = [] if os.environ.get("SYSTEM_TESTS") else ["test_*.py"]
HEADINGS = (
    "part",
    "requests",
    "reads",
    "failed",
    "slowest read",
    "longest gap",
    "acknowledged",
    "refused",
    "lost",
    "back",
)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what each failure meant for readers and writers."""
    if not RESULTS:
        return
    rows = [HEADINGS, *((name, *(_text(value) for value in values)) for name, values in RESULTS.items())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    terminalreporter.section("Parts that failed, times in seconds")
    for row in rows:
        terminalreporter.write_line("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))


def _text(value: float) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value)
