"""Show on a terminal how many items a long command has done."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from spokesperson.operations.progress import Progress

STEP = 20


def counted[Item](items: Iterable[Item], name: str) -> Iterator[Item]:
    """Yield the items, and show their number if standard error is a terminal.

    Args:
        name: of the items, in the plural.
    """
    progress = Progress(sys.stderr)
    for number, item in enumerate(items, start=1):
        yield item
        if progress.is_terminal and not number % STEP:
            progress.status(f"{number} {name}")
    progress.clear()
