"""Bars for days, drawn on the server: here is where each stroke goes, a template only writes it down.

All of it is whole numbers, so that no language's decimal comma may get into a drawing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

# A scale has so many steps at most.
STEPS = 5


class OfADay(Protocol):
    """Numbers of one day."""

    @property
    def day(self) -> date: ...


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A bar of a chart, in a field of 100 by 100 for each day; `part` is what stands out of it."""

    x: int
    top: int
    height: int
    part_top: int
    part_height: int
    words: str


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Bars for the days; a table beside it holds the same numbers.

    `scale` is what the lines across stand for, from the top of the picture down to nought; without one the highest bar
    is as high as the picture.
    """

    name: str
    total: int
    most: int
    bars: Sequence[Bar]
    scale: Sequence[int] = ()

    @property
    def width(self) -> int:
        return 100 * len(self.bars)

    @property
    def lines(self) -> list[int]:
        """Where the lines of the scale are, from the top; the floor is none of them."""
        steps = len(self.scale) - 1
        return [round(100 * n / steps) for n in range(steps)]


def chart[Day: OfADay](
    days: Sequence[Day],
    name: str,
    value: Callable[[Day], int],
    part: Callable[[Day], int] | None = None,
    *,
    words: Callable[[Day], str] | None = None,
    scaled: bool = False,
) -> Chart:
    """Bars of one number of each day, and of a part of it that stands out.

    Args:
        name: what is counted.
        words: what a bar says; the day and its number where nothing else is given.
        scaled: draw to a scale of round numbers.
    """
    most = max((value(day) for day in days), default=0)
    scale = scale_to(most) if scaled else []
    top = scale[0] if scale else most
    bars = []
    for n, day in enumerate(days):
        height = _height(value(day), top)
        part_height = min(height, _height(part(day), top)) if part else 0
        bars.append(
            Bar(
                x=100 * n + 12,
                top=100 - height,
                height=height,
                part_top=100 - part_height,
                part_height=part_height,
                words=words(day) if words else f"{day.day}: {value(day)}",
            )
        )
    return Chart(name=name, total=sum(map(value, days)), most=most, bars=bars, scale=scale)


def scale_to(most: int) -> list[int]:
    """The round numbers of a scale that `most` fits under, from the highest to nought; nought alone for nothing.

    Steps are 1, 2 or 5 of a power of ten, the smallest that makes no more than `STEPS`: 3 → 3 2 1 0, 30 → 30 20 10 0.
    """
    power = 1
    while True:
        for step in (power, 2 * power, 5 * power):
            steps = -(-most // step)
            if steps <= STEPS:
                return [step * n for n in range(steps, -1, -1)]
        power *= 10


def _height(number: int, top: int) -> int:
    """Of 100; what is there at all can be seen."""
    return max(2, round(100 * number / top)) if number and top else 0
