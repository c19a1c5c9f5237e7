"""`python -m bench`: measure, print the report and the bars; exit code 1 if a bar does not hold."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from bench import profiler
from bench.bars import bars
from bench.report import report
from bench.results import Results
from bench.runner import run_benchmark
from bench.scale import FULL, QUICK
from bench.system import BenchmarkError
from bench.testbed import create_testbed
from demo.server import exit_on_signals


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the exit code."""
    given = _parser().parse_args(arguments)
    scale = QUICK if given.quick else FULL
    started = time.monotonic()

    def log(text: str) -> None:
        print(f"{time.monotonic() - started:5.0f} s  {text}", file=sys.stderr, flush=True)

    exit_on_signals()
    try:
        with create_testbed(scale, given.data, log) as testbed:
            if given.profile:
                print(profiler.profile(testbed, given.profile))
                return 0
            found: Results = run_benchmark(testbed, datetime.now().astimezone(), log)
            error_logs = testbed.error_logs()
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 2
    except SystemExit as stop:  # A signal: everything is stopped by now.
        return int(stop.code or 130)
    judged = bars(found)
    print(report(found, judged, markdown=False))
    if given.markdown:
        given.markdown.write_text(report(found, judged, markdown=True), encoding="utf-8")
    failed = [bar for bar in judged if bar.holds is False]
    if failed and error_logs:
        print(error_logs.strip(), file=sys.stderr)
    print(f"{len(failed)} of {len(judged)} bars do not hold." if failed else f"All {len(judged)} bars hold.")
    log("done")
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures the site. docs/performance.md")
    parser.add_argument("--quick", action="store_true", help="20,000 articles instead of a million")
    parser.add_argument(
        "--data",
        type=lambda name: Path(name).resolve(),
        help="a folder to store the filled databases in, for this run and the next",
    )
    parser.add_argument("--markdown", type=Path, help="a file to write the report to, as Markdown")
    parser.add_argument("--profile", metavar="SCENARIO", help="instead: profile the requests of one scenario")
    return parser


if __name__ == "__main__":
    sys.exit(main())
