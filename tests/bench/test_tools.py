"""What the benchmark reads: wrk's answer, /proc, and what it writes for wrk."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from bench.lists import percentile
from bench.processes import Memory, cpu_of_stat, cpu_seconds, memory_of_rollup
from bench.site.prepare import words_of
from bench.system import BenchmarkError, process_env, require_program, run
from bench.wrk import LoadResult, lua_table, parse

ANSWER = {
    "requests": 1000,
    "seconds": 2.0,
    "p50_ms": 1.5,
    "p95_ms": 3.0,
    "p99_ms": 9.0,
    "refused": 2,
    "broken": 1,
    "pages": 900,
    "beacons": 90,
    "votes": 12,
    "searches": 0,
    "new_voters": 11,
    "last_reader": 91,
    "last_voter": 13,
}


def answers(**changes: Any) -> LoadResult:
    return LoadResult(**{**ANSWER, **changes})


def test_parse_finds_the_result_in_the_output() -> None:
    output = f"Running 2s test @ http://127.0.0.1:1/\n  2 threads\nRESULT {json.dumps(ANSWER)}\nRequests/sec: 500\n"
    found = parse(output)
    assert found == answers()
    assert (found.per_second, found.errors, found.sent) == (500.0, 3, 1002)


def test_parse_refuses_output_without_a_result() -> None:
    with pytest.raises(BenchmarkError, match="unable to connect"):
        parse("unable to connect to 127.0.0.1:1 Connection refused")


def test_lua_table_quotes_strings() -> None:
    table = lua_table({"token": 'a"b\\c\nd', "pages": ["/a/", "/ё/"], "count": 3, "headers": {"Accept-Encoding": "br"}})
    assert table == (
        'return {["token"]="a\\"b\\\\c\\nd",["pages"]={"/a/","/ё/"},["count"]=3,'
        '["headers"]={["Accept-Encoding"]="br"}}\n'
    )


def test_cpu_of_stat_adds_user_system_and_children() -> None:
    tick = os.sysconf("SC_CLK_TCK")
    line = f"42 (a) b (c) S 7 42 42 0 -1 4194304 1 2 3 4 {tick} {2 * tick} {3 * tick} {4 * tick} 20 0 8 0 100 1 1"
    parent, seconds = cpu_of_stat(line)
    assert (parent, round(seconds, 6)) == (7, 10.0)


def test_cpu_seconds_grow_with_work() -> None:
    before = cpu_seconds(os.getpid())
    for _ in range(50):
        sum(range(200_000))
    assert cpu_seconds(os.getpid()) > before


def test_memory_of_rollup_is_in_megabytes() -> None:
    rollup = "00400000-7fff [rollup]\nRss:  184320 kB\nPss:   92160 kB\nPss_Dirty:  10 kB\n"
    assert memory_of_rollup(rollup) == Memory(rss=180.0, pss=90.0)


def test_percentile_interpolates() -> None:
    times = [float(number) for number in range(1, 102)]
    assert percentile(times, 95) == pytest.approx(96.0)
    assert percentile(times, 50) == pytest.approx(51.0)


def test_words_of_ignores_markup() -> None:
    found = words_of(["<p class='abcdefghijklmnop'>Lamps &amp; неопубликованный</p>", "<p>a of</p>"])
    assert sorted(set(found) - {"Lamps"}) == ["неопубликованный"]
    assert len(found) == 2


def test_require_program_names_the_missing_package() -> None:
    with pytest.raises(BenchmarkError, match=r"needs no-such-program.*apt-get install some-package"):
        require_program("no-such-program", "some-package")


def test_run_reports_the_output_of_a_failed_command() -> None:
    with pytest.raises(BenchmarkError, match=r"(?s)exit code 3.*no room"):
        run(["sh", "-c", "echo no room >&2; exit 3"])


def test_process_env_drops_settings_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://somebody/else")
    monkeypatch.setenv("PAGE_CACHE_MB", "0")
    assert not {"DATABASE_URL", "PAGE_CACHE_MB"} & set(process_env())
