"""What the benchmark reads: wrk's answer, /proc, and what it writes for wrk."""

from __future__ import annotations

import json
import os
import re
from typing import Any

import pytest

from bench.lists import percentile
from bench.load import Answers, lua_table, parse
from bench.processes import Memory, cpu_of_stat, cpu_seconds, memory_of_rollup
from bench.site.prepare import words_of
from bench.workplace import ROOT, CannotMeasure, environment, need_program, run
from demo.server import GRANIAN_OPTIONS

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


def answers(**changes: Any) -> Answers:
    return Answers(**{**ANSWER, **changes})


def test_what_wrk_says_is_read_out_of_everything_else_that_it_prints() -> None:
    output = f"Running 2s test @ http://127.0.0.1:1/\n  2 threads\nRESULT {json.dumps(ANSWER)}\nRequests/sec: 500\n"
    found = parse(output)
    assert found == answers()
    assert (found.per_second, found.errors, found.sent) == (500.0, 3, 1002)


def test_an_output_without_a_result_is_told() -> None:
    with pytest.raises(CannotMeasure, match="unable to connect"):
        parse("unable to connect to 127.0.0.1:1 Connection refused")


def test_lua_gets_strings_as_they_are() -> None:
    table = lua_table({"token": 'a"b\\c\nd', "pages": ["/a/", "/ё/"], "count": 3, "headers": {"Accept-Encoding": "br"}})
    assert table == (
        'return {["token"]="a\\"b\\\\c\\nd",["pages"]={"/a/","/ё/"},["count"]=3,'
        '["headers"]={["Accept-Encoding"]="br"}}\n'
    )


def test_cpu_is_user_and_system_with_ended_children_whatever_the_program_is_called() -> None:
    tick = os.sysconf("SC_CLK_TCK")
    line = f"42 (a) b (c) S 7 42 42 0 -1 4194304 1 2 3 4 {tick} {2 * tick} {3 * tick} {4 * tick} 20 0 8 0 100 1 1"
    parent, seconds = cpu_of_stat(line)
    assert (parent, round(seconds, 6)) == (7, 10.0)


def test_cpu_of_this_process_grows_with_its_work() -> None:
    before = cpu_seconds(os.getpid())
    for _ in range(50):
        sum(range(200_000))
    assert cpu_seconds(os.getpid()) > before


def test_memory_is_resident_and_proportional_in_megabytes() -> None:
    rollup = "00400000-7fff [rollup]\nRss:  184320 kB\nPss:   92160 kB\nPss_Dirty:  10 kB\n"
    assert memory_of_rollup(rollup) == Memory(rss=180.0, pss=90.0)


def test_a_percentile_lies_between_the_two_nearest() -> None:
    times = [float(number) for number in range(1, 102)]
    assert percentile(times, 95) == pytest.approx(96.0)
    assert percentile(times, 50) == pytest.approx(51.0)


def test_words_to_search_for_come_out_of_the_text_and_not_of_its_markup() -> None:
    found = words_of(["<p class='abcdefghijklmnop'>Lamps &amp; неопубликованный</p>", "<p>a of</p>"])
    assert sorted(set(found) - {"Lamps"}) == ["неопубликованный"]
    assert len(found) == 2


def test_a_missing_program_is_named_with_its_package() -> None:
    with pytest.raises(CannotMeasure, match=r"needs no-such-program.*apt-get install some-package"):
        need_program("no-such-program", "some-package")


def test_a_command_that_fails_says_what_it_said() -> None:
    with pytest.raises(CannotMeasure, match=r"(?s)exit code 3.*no room"):
        run(["sh", "-c", "echo no room >&2; exit 3"])


def test_the_environment_of_the_site_is_ours_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://somebody/else")
    monkeypatch.setenv("PAGE_CACHE_MB", "0")
    assert not {"DATABASE_URL", "PAGE_CACHE_MB"} & set(environment())


def test_what_is_measured_is_what_operators_are_told_to_run() -> None:
    told = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    [command] = re.findall(r"bin/granian ((?:.|\\\n)*?) spokesperson\.wsgi:application", told)
    words = command.replace("\\\n", " ").split()
    place = [words.index("--host"), words.index("--port")]
    assert [word for at, word in enumerate(words) if at not in place and at - 1 not in place] == list(GRANIAN_OPTIONS)
