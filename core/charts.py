"""The geometry of bar charts by day, which a template writes as SVG.

All coordinates are integers, so that no decimal separator of a language gets into the SVG.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

MAX_STEPS = 5


class Bar(NamedTuple):
    """A bar in a field of 100 × 100 units for each day; `part_…` is the highlighted part of it."""

    x: int
    top: int
    height: int
    part_top: int
    part_height: int
    words: str


class Chart(NamedTuple):
    """A bar chart.

    `scale` has the values of the horizontal lines, from the top down to zero, and `lines` their positions from the top,
    without the base line. Without a scale the highest bar has the full height.
    """

    name: str
    total: int
    most: int
    width: int
    bars: Sequence[Bar]
    scale: Sequence[int]
    lines: Sequence[int]


def chart(
    days: Sequence[Any],
    name: str,
    value: Callable[[Any], int],
    part: Callable[[Any], int] | None = None,
    *,
    words: Callable[[Any], str] | None = None,
    scaled: bool = False,
) -> Chart:
    """Return a chart of one number of each day, and of a highlighted part of it.

    Args:
        days: rows with a `day`.
        name: what is counted.
        words: returns the label of a bar; by default the day of the month and the number.
        scaled: use a scale of round numbers.
    """
    numbers = [value(day) for day in days]
    highest = max(numbers, default=0)
    scale = scale_to(highest) if scaled else []
    top = scale[0] if scale else highest
    bars = []
    for n, (day, number) in enumerate(zip(days, numbers, strict=True)):
        height = _height(number, top)
        part_height = min(height, _height(part(day), top)) if part else 0
        label = words(day) if words else f"{day.day}: {number}"
        bars.append(Bar(100 * n + 12, 100 - height, height, 100 - part_height, part_height, label))
    lines = [round(100 * n / (len(scale) - 1)) for n in range(len(scale) - 1)]
    return Chart(name, sum(numbers), highest, 100 * len(bars), bars, scale, lines)


def scale_to(maximum: int) -> list[int]:
    """Return the round numbers of a scale for values up to `maximum`, from the highest down to zero.

    Steps are 1, 2 or 5 times a power of ten, the smallest that need no more than `MAX_STEPS`: 3 → 3 2 1 0,
    30 → 30 20 10 0, 0 → 0.
    """
    power = 1
    while True:
        for step in (power, 2 * power, 5 * power):
            steps = -(-maximum // step)
            if steps <= MAX_STEPS:
                return [step * n for n in range(steps, -1, -1)]
        power *= 10


def _height(number: int, top: int) -> int:
    """Return a height from 0 to 100, at least 2 for a number above zero, so that it is visible."""
    return max(2, round(100 * number / top)) if number and top else 0
