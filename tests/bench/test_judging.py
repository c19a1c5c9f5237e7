"""Which bars hold, what is miscounted, and how the report looks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bench import bars, lines
from bench.bars import Bar
from bench.counts import Rows, Sent, differences
from bench.findings import Findings, ListTimes, Spike
from bench.lines import Line
from bench.load import Load
from bench.measures import Measure, Round, ratio
from bench.processes import Memory
from bench.scale import FULL, QUICK
from bench.table import as_markdown, as_text, report
from tests.bench.test_reading import answers


def measure(name: str, *rates: float, ceiling: str = "", p99: float = 1.0, cpu: float = 1.0, **more: Any) -> Measure:
    """A line's rounds, each of one second, at these rates, with `cpu` ms for a request."""
    line = Line(name=name, server="site", load=Load(port=1), ceiling=ceiling, probe="/")
    rounds = [
        Round(
            answers=answers(requests=rate, seconds=1.0, p99_ms=p99, **{"refused": 0, "broken": 0} | more),
            server_cpu=rate * cpu / 2000,
            database_cpu=rate * cpu / 2000,
        )
        for rate in rates
    ]
    return Measure(line=line, rounds=rounds)


def findings(**changes: Any) -> Findings:
    """A run in which every bar holds."""
    measures = [
        measure(lines.STATIC, 50_000),
        measure(lines.TRIVIAL, 40_000),
        measure(lines.PLAIN, 400, cpu=4.0),
        measure(lines.CACHED, 32_000, ceiling=lines.TRIVIAL),
        measure(lines.BEHIND_NGINX, 46_000, ceiling=lines.STATIC),
        measure(lines.UNCACHED, 400, cpu=5.0, ceiling=lines.PLAIN),
        measure(lines.BEACON, 6_000, beacons=6_000),
        measure(lines.BEACON_ON_SQLITE, 2_220, beacons=2_000),
        measure(lines.VOTE, 500),
        measure(lines.SEARCH, 100),
    ]
    spike = Spike(pages_per_second=6_000, beacons_per_second=600, votes_per_second=60, p50_ms=1, p99_ms=9, errors=0)
    a_list = ListTimes(name="new", large_p50=5.0, large_p95=6.0, small_p50=5.0, small_p95=5.0)
    values: dict[str, Any] = {
        "scale": FULL,
        "began": datetime(2026, 11, 22, 16, 0, tzinfo=UTC),
        "machine": "A machine, 2 cores",
        "software": "Python 3.13",
        "measures": {one.line.name: one for one in measures},
        "spike": spike,
        "lists": [a_list],
        "search_p50_ms": 20.0,
        "search_p95_ms": 50.0,
        "wrong": [],
        "times_locked": 0,
        "miscounted": [],
        "workers": [Memory(rss=150.0, pss=120.0), Memory(rss=140.0, pss=110.0)],
        "seconds_to_fill": 600.0,
    }
    return Findings(**{**values, **changes})


def failing(found: Findings) -> list[str]:
    return [bar.name for bar in bars.bars(found) if bar.holds is False]


def with_measure(one: Measure) -> dict[str, Any]:
    return {"measures": {**findings().measures, one.line.name: one}}


def test_a_good_run_holds_every_bar() -> None:
    assert failing(findings()) == []


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        (with_measure(measure(lines.CACHED, 29_000)), "cached article page: requests/s"),
        (with_measure(measure(lines.CACHED, 32_000, p99=2.1)), "cached article page: p99"),
        (with_measure(measure(lines.BEHIND_NGINX, 44_000)), "article page behind nginx"),
        (with_measure(measure(lines.UNCACHED, 400, cpu=6.1)), "uncached article page: CPU"),
        (with_measure(measure(lines.BEACON, 4_900, beacons=4_900)), "views counted on PostgreSQL"),
        (with_measure(measure(lines.BEACON_ON_SQLITE, 1_600, beacons=1_440)), "views counted on SQLite"),
        (with_measure(measure(lines.VOTE, 390)), "votes on one hot article"),
        (with_measure(measure(lines.SEARCH, 100, refused=1)), "all other lines: errors"),
        ({"wrong": ["/hot/ was answered with 500"]}, "all other lines: errors"),
        ({"times_locked": 1}, "SQLite: “database is locked”"),
        ({"miscounted": ["spike: 9 views were stored, 10 were sent"]}, "counts"),
        ({"search_p95_ms": 100.1}, "search"),
        ({"workers": [Memory(rss=180.1, pss=1.0)]}, "memory"),
        ({"seconds_to_fill": 901.0}, "filling the database"),
        ({"lists": [ListTimes(name="hot", large_p50=1, large_p95=6.6, small_p50=1, small_p95=5)]}, "lists"),
    ],
)
def test_each_bar_fails_alone(changes: dict[str, Any], name: str) -> None:
    [failed] = failing(findings(**changes))
    assert failed.startswith(name)


def test_a_spike_is_judged_by_its_pages_and_by_its_errors() -> None:
    slow = Spike(pages_per_second=4_999, beacons_per_second=1, votes_per_second=1, p50_ms=1, p99_ms=1, errors=1)
    assert failing(findings(spike=slow)) == ["spike: pages", "spike: errors"]


def test_what_was_not_measured_fails_nothing_and_is_said() -> None:
    measures = {name: one for name, one in findings().measures.items() if name != lines.BEHIND_NGINX}
    found = findings(measures=measures, seconds_to_fill=None)
    assert failing(found) == []
    text = report(found, bars.bars(found), markdown=False)
    assert text.count("not measured") == 2
    assert "nginx is not installed" in text


def test_the_time_to_fill_is_a_bar_of_the_full_run_alone() -> None:
    assert len(bars.bars(findings(scale=QUICK))) == len(bars.bars(findings())) - 1


def test_shares_are_taken_round_by_round() -> None:
    # The machine was slow in the second round, for both alike.
    measures = {
        "ours": measure("ours", 80, 8, 82, ceiling="theirs"),
        "theirs": measure("theirs", 100, 10, 100),
    }
    assert ratio(measures, "ours", "theirs") == pytest.approx(0.8)


def test_a_measure_is_the_median_of_its_rounds_and_the_sum_of_their_errors() -> None:
    one = measure("a line", 100, 10, 90, cpu=4.0, refused=1)
    assert (one.per_second, one.errors) == (90, 3)
    assert (one.server_cpu_ms, one.database_cpu_ms, one.cpu_ms) == pytest.approx((2.0, 2.0, 4.0))


@pytest.mark.parametrize(("views", "votes", "wrong"), [(10, 5, 0), (9, 4, 0), (8, 5, 1), (11, 5, 1), (7, 6, 2)])
def test_rows_may_lack_what_was_unanswered_and_nothing_else(views: int, votes: int, wrong: int) -> None:
    found = differences(
        "here",
        before=Rows(views=100, votes=50),
        after=Rows(views=100 + views, votes=50 + votes),
        sent=Sent(views=10, votes=5, unanswered=1),
    )
    assert len(found) == wrong


def test_what_loads_left_unanswered_is_added_up() -> None:
    sent = Sent.of([answers(requests=990), answers(requests=1002)])
    assert sent == Sent(views=180, votes=22, unanswered=12)


def test_numbers_stand_under_each_other() -> None:
    assert as_text([("line", "req/s"), ("a", "9"), ("bcdef", "1,000")]) == ("line   req/s\na          9\nbcdef  1,000")


def test_markdown_has_a_head_and_numbers_to_the_right() -> None:
    assert as_markdown([("line", "req/s"), ("a", "9")]) == "| line | req/s |\n| --- | ---: |\n| a | 9 |"


@pytest.mark.parametrize("markdown", [True, False])
def test_the_report_holds_every_line_and_every_bar(markdown: bool) -> None:
    found = findings()
    judged = bars.bars(found)
    text = report(found, judged, markdown=markdown)
    assert all(name in text for name in found.measures)
    assert all(bar.name in text for bar in judged)
    assert "0.80 × trivial WSGI function" in text
    assert "22 November 2026, 16:00" in text


@pytest.mark.parametrize(
    ("measured", "at_most", "holds"), [(1.0, True, True), (1.1, True, False), (0.9, False, False), (None, True, None)]
)
def test_a_bar_holds_at_its_bound(measured: float | None, at_most: bool, holds: bool | None) -> None:
    assert Bar(name="a bar", bound=1.0, measured=measured, at_most=at_most).holds is holds
