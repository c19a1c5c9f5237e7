"""`manage.py seed_load`: an invented site of any size, to see how the software behaves when it is large."""

from __future__ import annotations

import os
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from spokesperson.demo.progress import Progress
from spokesperson.load.fill import MANY, NotFilled, fill
from spokesperson.load.plan import NotAPlan, Sizes
from spokesperson.load.process import WorkerFailed


class Command(BaseCommand):
    """Fill an empty database with people, articles in every state, votes and views."""

    help = (
        "Fills an empty database with an invented site: people, articles in three languages and every state, votes "
        "and views, in the proportions of a real one."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--articles", type=int, default=20_000)
        parser.add_argument("--people", type=int, default=2_000)
        parser.add_argument("--votes", type=int, default=100_000)
        parser.add_argument("--views", type=int, default=400_000)
        parser.add_argument("--seed", type=int, default=1, help="the same number makes the same site")
        parser.add_argument("--without-search", action="store_true", help="leave the search index empty")
        parser.add_argument("--processes", type=int, help="how many make rows; otherwise as many as fit, at most four")

    def handle(self, *args: Any, **options: Any) -> None:
        numbers = {name: options[name] for name in ("articles", "people", "votes", "views", "seed")}
        progress = Progress(sys.stdout)
        began = time.monotonic()
        try:
            sizes = Sizes(**numbers)
            processes = self._processes(sizes, options["processes"])
            fill(sizes, processes=processes, say=progress, with_search=not options["without_search"])
        except (NotAPlan, NotFilled, WorkerFailed) as error:
            progress.clear()
            raise CommandError(str(error)) from error
        except KeyboardInterrupt as error:
            progress.clear()
            raise CommandError("Interrupted; the database is as empty as before.", returncode=130) from error
        progress(
            f"{sizes.articles:,} articles, {sizes.people:,} people, {sizes.votes:,} votes and {sizes.views:,} views in "
            f"{time.monotonic() - began:.0f} s."
        )

    def _processes(self, sizes: Sizes, asked: int | None) -> int:
        if asked is not None:
            if not 1 <= asked <= 16:
                raise NotAPlan("--processes: a number from 1 to 16.")
            return asked
        return 1 if sizes.articles < MANY else max(2, min(4, os.cpu_count() or 2))
