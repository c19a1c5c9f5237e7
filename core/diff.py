"""The difference between two lists, in bounded time."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from typing import Any

# How often the items between two that match are divided again.
MAX_DEPTH = 8
# Equal items, and then removed items and added items.
type Change = tuple[list[str], list[str], list[str]]


def changes(old: list[str], new: list[str]) -> Iterator[Change]:
    """Yield the items up to and with each difference, and at last the equal items at the end."""
    equal: list[str] = []
    i = k = 0
    for a, b in [*match(old, new), (len(old), len(new))]:
        if (a, b) != (i, k) or a == len(old):
            yield equal, old[i:a], new[k:b]
            equal = []
        equal += old[a : a + 1]
        i, k = a + 1, b + 1


def match(old: list[str], new: list[str], depth: int = MAX_DEPTH) -> list[tuple[int, int]]:
    """Return the indexes of equal items, in the order of both lists: a patience diff.

    It matches the beginning, the end, and the items that occur once in each list; then it does the same between them,
    up to `depth` times. So the work is O(depth · n log n) for any input, where an optimal diff is quadratic.
    """
    limit = min(len(old), len(new))
    start = next((n for n in range(limit) if old[n] != new[n]), limit)
    end = next((n for n in range(limit - start) if old[-1 - n] != new[-1 - n]), limit - start)
    i, j, k, m = start, len(old) - end, start, len(new) - end
    pairs = [(n, n) for n in range(start)]
    anchors = [(i + a, k + b) for a, b in _match_unique(old[i:j], new[k:m])] if depth else []
    for a, b in [*anchors, (j, m)] if anchors else []:
        if not set(old[i:a]).isdisjoint(new[k:b]):
            pairs += [(i + x, k + y) for x, y in match(old[i:a], new[k:b], depth - 1)]
        if a < j:
            pairs.append((a, b))
        i, k = a + 1, b + 1
    return pairs + [(j + n, m + n) for n in range(end)]


def _match_unique(old: list[str], new: list[str]) -> list[tuple[int, int]]:
    """Return the longest increasing sequence (by patience sorting) of the items that occur once in each list."""
    in_old, in_new, position = Counter(old), Counter(new), {item: index for index, item in enumerate(new)}
    tops: list[int] = []
    ends: list[Any] = []  # (pair, end of the sequence before it)
    for index, item in enumerate(old):
        if in_old[item] == in_new[item] == 1:
            pile = bisect_left(tops, position[item])
            tops[pile : pile + 1] = [position[item]]
            ends[pile : pile + 1] = [((index, position[item]), ends[pile - 1] if pile else None)]
    pairs, end = [], ends[-1] if ends else None
    while end:
        pair, end = end
        pairs.append(pair)
    return pairs[::-1]
