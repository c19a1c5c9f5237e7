"""Scales of round numbers, and bars that stand on the floor and below the top of the scale."""

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
    ("most", "scale"),
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
def test_a_scale_is_a_few_round_numbers(most: int, scale: list[int]) -> None:
    assert scale_to(most) == scale


def test_every_number_fits_under_its_scale_and_wastes_little_of_it() -> None:
    for most in range(1, 3000):
        scale = scale_to(most)
        assert scale[0] >= most > scale[1]
        assert len(scale) <= MAX_STEPS + 1


def test_bars_are_drawn_to_the_scale() -> None:
    drawn = chart(days(0, 3, 8), "Views", lambda day: day.number, lambda day: day.part, scaled=True)
    assert drawn.scale == [8, 6, 4, 2, 0]
    assert drawn.lines == [0, 25, 50, 75]
    assert [(bar.top, bar.height, bar.part_top, bar.part_height) for bar in drawn.bars] == [
        (100, 0, 100, 0),
        (62, 38, 88, 12),
        (0, 100, 50, 50),
    ]
    assert (drawn.width, drawn.total, drawn.most) == (300, 11, 8)


def test_without_a_scale_the_highest_bar_is_as_high_as_the_picture() -> None:
    drawn = chart(days(3, 7), "Views", lambda day: day.number)
    assert [bar.height for bar in drawn.bars] == [43, 100]
    assert (drawn.scale, drawn.lines) == ([], [])


def test_what_is_there_at_all_can_be_seen_beside_a_spike() -> None:
    drawn = chart(days(1, 3_000_000, 0), "Views", lambda day: day.number, scaled=True)
    assert [bar.height for bar in drawn.bars] == [2, 100, 0]


@pytest.mark.parametrize("numbers", [(), (0,), (0, 0)])
def test_nothing_at_all_is_an_empty_picture(numbers: tuple[int, ...]) -> None:
    drawn = chart(days(*numbers), "Views", lambda day: day.number, scaled=True)
    assert (drawn.scale, drawn.lines, drawn.total) == ([0], [], 0)
    assert all(bar.height == 0 for bar in drawn.bars)


def test_a_bar_says_what_it_is_asked_to_say() -> None:
    assert chart(days(4), "Views", lambda day: day.number).bars[0].words == "2026-11-01: 4"
    worded = chart(days(4), "Views", lambda day: day.number, words=lambda day: f"{day.number} people")
    assert worded.bars[0].words == "4 people"
