"""Bars, counts and the report."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bench import bars, scenarios
from bench.bars import Bar
from bench.measurements import Measurement, Round, ratio
from bench.processes import Memory
from bench.report import as_markdown, as_text, report
from bench.results import Autosaves, ListTimes, Results, Spike
from bench.scale import FULL, QUICK
from bench.scenarios import Scenario
from bench.verification import Rows, Sent, differences
from bench.wrk import Load
from tests.bench.test_tools import answers


def measure(
    name: str, *rates: float, baseline: str = "", p99: float = 1.0, cpu: float = 1.0, **more: Any
) -> Measurement:
    """A line's rounds, each of one second, at these rates, with `cpu` ms for a request."""
    scenario = Scenario(name=name, server="site", load=Load(port=1), baseline=baseline, probe="/")
    rounds = [
        Round(
            answers=answers(requests=rate, seconds=1.0, p99_ms=p99, **{"refused": 0, "broken": 0} | more),
            server_cpu=rate * cpu / 2000,
            database_cpu=rate * cpu / 2000,
        )
        for rate in rates
    ]
    return Measurement(scenario=scenario, rounds=rounds)


def results(**changes: Any) -> Results:
    """A run in which every bar holds."""
    measurements = [
        measure(scenarios.STATIC, 50_000),
        measure(scenarios.TRIVIAL, 40_000),
        measure(scenarios.PLAIN, 1_600, cpu=1.0),
        measure(scenarios.PLAIN_ARTICLE, 800, cpu=4.0),
        measure(scenarios.CACHED, 32_000, baseline=scenarios.TRIVIAL),
        measure(scenarios.BEHIND_NGINX, 46_000, baseline=scenarios.STATIC),
        measure(scenarios.UNCACHED, 400, cpu=7.0, baseline=scenarios.PLAIN_ARTICLE),
        measure(scenarios.BEACON, 3_000, beacons=3_000),
        measure(scenarios.BEACON_ON_SQLITE, 2_220, beacons=2_000),
        measure(scenarios.VOTE, 300),
        measure(scenarios.SEARCH, 100),
    ]
    spike = Spike(pages_per_second=6_000, beacons_per_second=600, votes_per_second=60, p50_ms=1, p99_ms=9, errors=0)
    a_list = ListTimes(name="new", large_p50=5.0, large_p95=6.0, small_p50=5.0, small_p95=5.0)
    values: dict[str, Any] = {
        "scale": FULL,
        "started": datetime(2026, 11, 22, 16, 0, tzinfo=UTC),
        "machine": "A machine, 2 cores",
        "software": "Python 3.13",
        "measurements": {one.scenario.name: one for one in measurements},
        "spike": spike,
        "autosaves": autosaves(),
        "lists": [a_list],
        "search_p50_ms": 20.0,
        "search_p95_ms": 50.0,
        "screening_p50_ms": 20.0,
        "screening_p95_ms": 40.0,
        "wrong": [],
        "locked_errors": 0,
        "wrong_counts": [],
        "workers": [Memory(rss=150.0, pss=120.0), Memory(rss=140.0, pss=110.0)],
        "workers_after_hostile_round": [Memory(rss=175.0, pss=130.0)],
        "fill_seconds": 600.0,
    }
    return Results(**{**values, **changes})


def autosaves(**changes: Any) -> Autosaves:
    values: dict[str, Any] = {
        "page_ratio": 0.95,
        "per_second": 40.0,
        "p50_ms": 9.0,
        "p95_ms": 30.0,
        "errors": [],
        "wrong": [],
        "web_cpu_ms": 4.0,
        "database_cpu_ms": 1.0,
        "long_web_cpu_ms": 14.0,
        "long_database_cpu_ms": 3.0,
    }
    return Autosaves(**{**values, **changes})


def failing(found: Results) -> list[str]:
    return [bar.name for bar in bars.bars(found) if bar.holds is False]


def with_measure(one: Measurement) -> dict[str, Any]:
    return {"measurements": {**results().measurements, one.scenario.name: one}}


def test_bars_all_hold_after_a_good_run() -> None:
    assert failing(results()) == []


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        (with_measure(measure(scenarios.CACHED, 27_900)), "cached article page: requests/s"),
        (with_measure(measure(scenarios.CACHED, 32_000, p99=2.1)), "cached article page: p99"),
        (with_measure(measure(scenarios.BEHIND_NGINX, 39_900)), "article page behind nginx"),
        (
            with_measure(measure(scenarios.UNCACHED, 400, cpu=8.1)),
            "uncached article page: CPU as a multiple of the plain article",
        ),
        (
            with_measure(measure(scenarios.PLAIN, 1_600, cpu=0.7)),
            "uncached article page: CPU as a multiple of the plain Django",
        ),
        (with_measure(measure(scenarios.BEACON, 2_490, beacons=2_490)), "views counted on PostgreSQL"),
        (with_measure(measure(scenarios.BEACON_ON_SQLITE, 1_600, beacons=1_440)), "views counted on SQLite"),
        (with_measure(measure(scenarios.VOTE, 249)), "votes on one hot article"),
        (with_measure(measure(scenarios.SEARCH, 100, refused=1)), "all other scenarios: errors"),
        ({"wrong": ["/hot/ was answered with 500"]}, "all other scenarios: errors"),
        ({"locked_errors": 1}, "SQLite: “database is locked”"),
        ({"wrong_counts": ["spike: 9 views were stored, 10 were sent"]}, "counts"),
        ({"search_p95_ms": 100.1}, "search"),
        ({"screening_p95_ms": 50.1}, "screening of a submission"),
        ({"workers": [Memory(rss=170.1, pss=1.0)]}, "memory of the largest worker at the end"),
        ({"workers_after_hostile_round": [Memory(rss=180.1, pss=1.0)]}, "memory of the largest worker after"),
        ({"fill_seconds": 901.0}, "filling the database"),
        ({"lists": [ListTimes(name="hot", large_p50=1, large_p95=6.6, small_p50=1, small_p95=5)]}, "lists"),
    ],
)
def test_bars_fail_one_by_one(changes: dict[str, Any], name: str) -> None:
    [failed] = failing(results(**changes))
    assert failed.startswith(name)


def test_bars_of_the_spike_are_pages_and_errors() -> None:
    slow = Spike(pages_per_second=4_999, beacons_per_second=1, votes_per_second=1, p50_ms=1, p99_ms=1, errors=1)
    assert failing(results(spike=slow)) == ["spike: pages", "spike: errors"]


def test_bars_of_autosaves_are_the_rate_of_pages_and_errors() -> None:
    slow = autosaves(page_ratio=0.89, long_web_cpu_ms=15.1, errors=["article 1: 409"])
    assert failing(results(autosaves=slow)) == [
        "cached article page while 200 authors write: requests/s as a share of those without them",
        "autosave of 100,000 characters: CPU of the web server",
        "autosaves: errors",
    ]


def test_bars_that_were_not_measured_do_not_fail() -> None:
    measurements = {name: one for name, one in results().measurements.items() if name != scenarios.BEHIND_NGINX}
    found = results(measurements=measurements, fill_seconds=None)
    assert failing(found) == []
    text = report(found, bars.bars(found), markdown=False)
    assert text.count("not measured") == 2
    assert "nginx is not installed" in text


def test_bar_of_the_fill_time_is_for_the_full_run_only() -> None:
    assert len(bars.bars(results(scale=QUICK))) == len(bars.bars(results())) - 1


def test_ratio_is_the_median_over_rounds() -> None:
    # The machine was slow in the second round, for both alike.
    measurements = {
        "ours": measure("ours", 80, 8, 82, baseline="theirs"),
        "theirs": measure("theirs", 100, 10, 100),
    }
    assert ratio(measurements, "ours", "theirs") == pytest.approx(0.8)


def test_measurement_is_the_median_of_rounds_and_the_sum_of_errors() -> None:
    one = measure("a line", 100, 10, 90, cpu=4.0, refused=1)
    assert (one.per_second, one.errors) == (90, 3)
    assert (one.server_cpu_ms, one.database_cpu_ms, one.cpu_ms) == pytest.approx((2.0, 2.0, 4.0))


@pytest.mark.parametrize(("views", "votes", "wrong"), [(10, 5, 0), (9, 4, 0), (8, 5, 1), (11, 5, 1), (7, 6, 2)])
def test_differences_allow_unanswered_requests_only(views: int, votes: int, wrong: int) -> None:
    found = differences(
        "here",
        before=Rows(views=100, votes=50),
        after=Rows(views=100 + views, votes=50 + votes),
        sent=Sent(views=10, votes=5, unanswered=1),
    )
    assert len(found) == wrong


def test_sent_adds_up_loads() -> None:
    sent = Sent.of([answers(requests=990), answers(requests=1002)])
    assert sent == Sent(views=180, votes=22, unanswered=12)


def test_as_text_aligns_numbers() -> None:
    assert as_text([("line", "req/s"), ("a", "9"), ("bcdef", "1,000")]) == ("line   req/s\na          9\nbcdef  1,000")


def test_as_markdown_has_a_header_and_aligns_numbers() -> None:
    assert as_markdown([("line", "req/s"), ("a", "9")]) == "| line | req/s |\n| --- | ---: |\n| a | 9 |"


@pytest.mark.parametrize("markdown", [True, False])
def test_report_contains_all_scenarios_and_bars(markdown: bool) -> None:
    found = results()
    judged = bars.bars(found)
    text = report(found, judged, markdown=markdown)
    assert all(name in text for name in found.measurements)
    assert all(bar.name in text for bar in judged)
    assert "0.80 × trivial WSGI function" in text
    assert "22 November 2026, 16:00" in text


@pytest.mark.parametrize(
    ("measured", "at_most", "holds"), [(1.0, True, True), (1.1, True, False), (0.9, False, False), (None, True, None)]
)
def test_bar_holds_at_its_bound(measured: float | None, at_most: bool, holds: bool | None) -> None:
    assert Bar(name="a bar", bound=1.0, measured=measured, at_most=at_most).holds is holds
