"""Everybody comes at once to one article: pages, a beacon for every tenth, a vote for every hundredth."""

from __future__ import annotations

from bench import counts
from bench.findings import Spike
from bench.lines import CROWD, Line
from bench.load import Load
from bench.measures import load_once
from bench.stage import Stage

MIX = "pages:100,beacons:10,votes:1"
# At the end pages alone are asked for, until everything that counts is answered: only so counts can be exact.
SECONDS_TO_DRAIN = 2


def spike(stage: Stage) -> tuple[Spike, list[str]]:
    """The spike, and sentences about rows that are missing or too many."""
    article = stage.large.found["article"]
    load = Load(port=stage.servers["site"].port, mix=MIX, data=stage.data("spike", stage.large), connections=CROWD)
    line = Line(name="spike", server="site", load=load, probe=article["path"])
    seconds = stage.scale.spike_seconds
    ask = counts.on_postgres(stage)
    before = counts.rows(ask, article["number"])
    answers = load_once(stage, line, seconds=seconds + SECONDS_TO_DRAIN, drain=seconds).answers
    after = counts.rows(ask, article["number"])
    found = Spike(
        pages_per_second=answers.pages / seconds,
        beacons_per_second=answers.beacons / seconds,
        votes_per_second=answers.votes / seconds,
        p50_ms=answers.p50_ms,
        p99_ms=answers.p99_ms,
        errors=answers.errors,
    )
    sent = counts.Sent(views=answers.beacons, votes=answers.new_voters, unanswered=0)
    return found, counts.differences("spike", before=before, after=after, sent=sent)
