"""`python -m bench`: measure, print the table and the bars; exit code 1 where a bar does not hold."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from bench import profiling
from bench.bars import bars
from bench.findings import Findings
from bench.running import find
from bench.scale import FULL, QUICK
from bench.stage import staged
from bench.table import report
from bench.workplace import CannotMeasure
from demo.server import exit_on_signals


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; the exit code."""
    given = _parser().parse_args(arguments)
    scale = QUICK if given.quick else FULL
    began = time.monotonic()

    def say(words: str) -> None:
        print(f"{time.monotonic() - began:5.0f} s  {words}", file=sys.stderr, flush=True)

    exit_on_signals()
    try:
        with staged(scale, given.data, say) as stage:
            if given.profile:
                print(profiling.profile(stage, given.profile))
                return 0
            found: Findings = find(stage, datetime.now().astimezone(), say)
            last_words = stage.last_words()
    except CannotMeasure as error:
        print(error, file=sys.stderr)
        return 2
    except SystemExit as stop:  # A signal: everything is gone by now, and nothing was found.
        return int(stop.code or 130)
    judged = bars(found)
    print(report(found, judged, markdown=False))
    if given.markdown:
        given.markdown.write_text(report(found, judged, markdown=True), encoding="utf-8")
    failed = [bar for bar in judged if bar.holds is False]
    if failed and last_words:
        print(last_words.strip(), file=sys.stderr)
    print(f"{len(failed)} of {len(judged)} bars do not hold." if failed else f"All {len(judged)} bars hold.")
    say("done")
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures the site. docs/performance.md")
    parser.add_argument("--quick", action="store_true", help="20,000 articles, for every day")
    parser.add_argument(
        "--data",
        type=lambda name: Path(name).resolve(),
        help="a folder for the filled database, to be kept and used again by the next run",
    )
    parser.add_argument("--markdown", type=Path, help="a file to write the report to, as Markdown")
    parser.add_argument("--profile", metavar="LINE", help="instead: where the time of one line's requests goes")
    return parser


if __name__ == "__main__":
    sys.exit(main())
