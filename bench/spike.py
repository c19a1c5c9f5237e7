"""A spike of visitors on one article: pages, a beacon for every tenth, a vote for every hundredth."""

from __future__ import annotations

from bench import verification
from bench.measurements import load_once
from bench.results import Spike
from bench.scenarios import MANY_CONNECTIONS, Scenario
from bench.testbed import Testbed
from bench.wrk import Load

MIX = "pages:100,beacons:10,votes:1"
# At the end only pages are requested until all views and votes are answered, so that the counts can be exact.
DRAIN_SECONDS = 2


def spike(testbed: Testbed) -> tuple[Spike, list[str]]:
    """Measure the spike; return it with sentences about missing or surplus rows."""
    article = testbed.large.found["article"]
    load = Load(
        port=testbed.servers["site"].port,
        mix=MIX,
        data=testbed.data("spike", testbed.large),
        connections=MANY_CONNECTIONS,
    )
    scenario = Scenario(name="spike", server="site", load=load, probe=article["path"])
    seconds = testbed.scale.spike_seconds
    ask = verification.query_postgres(testbed)
    before = verification.rows(ask, article["number"])
    answers = load_once(testbed, scenario, seconds=seconds + DRAIN_SECONDS, drain=seconds).answers
    after = verification.rows(ask, article["number"])
    found = Spike(
        pages_per_second=answers.pages / seconds,
        beacons_per_second=answers.beacons / seconds,
        votes_per_second=answers.votes / seconds,
        p50_ms=answers.p50_ms,
        p99_ms=answers.p99_ms,
        errors=answers.errors,
    )
    sent = verification.Sent(views=answers.beacons, votes=answers.new_voters, unanswered=0)
    return found, verification.differences("spike", before=before, after=after, sent=sent)
