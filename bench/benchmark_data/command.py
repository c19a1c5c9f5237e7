"""`python -m bench.benchmark_data`: an invented site of any size, to test the software with a lot of data."""

from __future__ import annotations

import os
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bench.benchmark_data.fill import MIN_ARTICLES_FOR_PROCESSES, FillRefused, fill
from bench.benchmark_data.plan import InvalidSizes, Sizes
from bench.benchmark_data.process import WorkerFailed
from spokesperson.operations.progress import Progress


class Command(BaseCommand):
    """Fill an empty database with users, articles in every state, votes and views."""

    help = (
        "Fills an empty database with an invented site: users, articles in three languages and every state, votes "
        "and views, in the proportions of a real one."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--articles", type=int, default=20_000)
        parser.add_argument("--users", type=int, default=2_000)
        parser.add_argument("--votes", type=int, default=100_000)
        parser.add_argument("--views", type=int, default=400_000)
        parser.add_argument("--seed", type=int, default=1, help="the same number generates the same site")
        parser.add_argument("--without-search", action="store_true", help="leave the search index empty")
        parser.add_argument("--processes", type=int, help="how many generate rows (default: one per core, at most 4)")

    def handle(self, *args: Any, **options: Any) -> None:
        numbers = {name: options[name] for name in ("articles", "users", "votes", "views", "seed")}
        progress = Progress(sys.stdout)
        began = time.monotonic()
        try:
            sizes = Sizes(**numbers)
            processes = self._processes(sizes, options["processes"])
            fill(sizes, processes=processes, progress=progress, with_search=not options["without_search"])
        except (InvalidSizes, FillRefused, WorkerFailed) as error:
            progress.clear()
            raise CommandError(str(error)) from error
        except KeyboardInterrupt as error:
            progress.clear()
            raise CommandError("Interrupted; the database is as empty as before.", returncode=130) from error
        progress.line(
            f"{sizes.articles:,} articles, {sizes.users:,} users, {sizes.votes:,} votes and {sizes.views:,} views in "
            f"{time.monotonic() - began:.0f} s."
        )

    def _processes(self, sizes: Sizes, requested: int | None) -> int:
        if requested is not None:
            if not 1 <= requested <= 16:
                raise InvalidSizes("--processes: a number from 1 to 16.")
            return requested
        return 1 if sizes.articles < MIN_ARTICLES_FOR_PROCESSES else max(2, min(4, os.cpu_count() or 2))
