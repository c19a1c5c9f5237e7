"""Bar charts and their scales."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from core.charts import MAX_STEPS, chart, scale_to


@dataclass(frozen=True)
class Day:
    day: date
    number: int
    part: int = 0


def days(*numbers: int) -> list[Day]:
    return [Day(date(2026, 11, 1) + timedelta(days=n), number, number // 2) for n, number in enumerate(numbers)]


@pytest.mark.parametrize(
    ("maximum", "scale"),
    [
        (0, [0]),
        (1, [1, 0]),
        (3, [3, 2, 1, 0]),
        (5, [5, 4, 3, 2, 1, 0]),
        (6, [6, 4, 2, 0]),
        (11, [15, 10, 5, 0]),
        (30, [30, 20, 10, 0]),
        (99, [100, 80, 60, 40, 20, 0]),
        (101, [150, 100, 50, 0]),
        (3_000_000, [3_000_000, 2_000_000, 1_000_000, 0]),
        (2**31 - 1, [2_500_000_000, 2_000_000_000, 1_500_000_000, 1_000_000_000, 500_000_000, 0]),
    ],
)
def test_scale_to_round_numbers(maximum: int, scale: list[int]) -> None:
    assert scale_to(maximum) == scale


def test_scale_to_covers_every_number() -> None:
    for maximum in range(1, 3000):
        scale = scale_to(maximum)
        assert scale[0] >= maximum > scale[1]
        assert len(scale) <= MAX_STEPS + 1


def test_chart_with_scale() -> None:
    drawn = chart(days(0, 3, 8), "Views", lambda day: day.number, lambda day: day.part, scaled=True)
    assert drawn.scale == [8, 6, 4, 2, 0]
    assert drawn.lines == [0, 25, 50, 75]
    assert [(bar.top, bar.height, bar.part_top, bar.part_height) for bar in drawn.bars] == [
        (100, 0, 100, 0),
        (62, 38, 88, 12),
        (0, 100, 50, 50),
    ]
    assert (drawn.width, drawn.total, drawn.most) == (300, 11, 8)


def test_chart_without_scale_highest_bar_is_full() -> None:
    drawn = chart(days(3, 7), "Views", lambda day: day.number)
    assert [bar.height for bar in drawn.bars] == [43, 100]
    assert (drawn.scale, drawn.lines) == ([], [])


def test_chart_small_bar_is_visible() -> None:
    drawn = chart(days(1, 3_000_000, 0), "Views", lambda day: day.number, scaled=True)
    assert [bar.height for bar in drawn.bars] == [2, 100, 0]


@pytest.mark.parametrize("numbers", [(), (0,), (0, 0)])
def test_chart_without_data_is_empty(numbers: tuple[int, ...]) -> None:
    drawn = chart(days(*numbers), "Views", lambda day: day.number, scaled=True)
    assert (drawn.scale, drawn.lines, drawn.total) == ([0], [], 0)
    assert all(bar.height == 0 for bar in drawn.bars)


def test_chart_bar_label() -> None:
    assert chart(days(4), "Views", lambda day: day.number).bars[0].words == "2026-11-01: 4"
    worded = chart(days(4), "Views", lambda day: day.number, words=lambda day: f"{day.number} users")
    assert worded.bars[0].words == "4 users"
