"""A site on several machines: each part fails in turn under load. docs/scaling.md says what readers meet."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import astuple

import pytest

from bench.system import is_root
from tests.e2e.conftest import skip_or_fail
from tests.system.nodes.journey import journey
from tests.system.nodes.load import figures
from tests.system.nodes.stack import RESULTS, Stack, running
from tests.system.nodes.verification import lost_writes
from tests.system.replicas.servers import wait_until

pytestmark = pytest.mark.system
# Seconds.
AWAY = 8
# Longer, because packets that were lost are sent again after up to seconds, as if nothing had happened.
CUT_OFF = 16
BACK_WITHIN = 5
MAX_GAP = 5
# deploy/nginx.conf gives a node 12 s to answer, then asks the other.
MAX_READ = 15
Step = Callable[[Stack], None]


def cut_off(machine: str) -> tuple[Step, Step]:
    """Let a machine lose its network, and get it back."""
    return (lambda stack: stack.machines[machine].cut_off(), lambda stack: stack.machines[machine].rejoin())


# What makes each failure; what ends it, and returns when the part itself answers.
FAILURES: dict[str, tuple[Step, Step]] = {
    "node 1, killed": (lambda stack: stack.nodes[0].kill(), lambda stack: stack.nodes[0].start()),
    "node 2, cut off": cut_off("web2"),
    "worker of node 1, killed": (lambda stack: stack.nodes[0].kill_worker(), lambda _stack: None),
    "replica, killed": (lambda stack: stack.replica.stop(), lambda stack: stack.replica.start()),
    "replica, cut off": cut_off("replica"),
    "cache, killed": (lambda stack: stack.cache.stop(), lambda stack: stack.cache.start()),
    "cache, cut off": cut_off("cache"),
    "S3, cut off": cut_off("s3"),
    "primary, killed": (lambda stack: stack.primary.stop(), lambda stack: stack.primary.start()),
    "primary, cut off": cut_off("primary"),
}


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    if not is_root():
        skip_or_fail("Only root can make network namespaces.")
    with running() as stack:
        yield stack


@pytest.fixture(autouse=True)
def all_is_well(stack: Stack) -> None:
    stack.seconds_until_normal()


def test_journey_on_two_nodes(stack: Stack) -> None:
    for node in stack.nodes:
        journey(stack.site, f"http://{node.machine.address}:8000")


@pytest.mark.parametrize("failure", FAILURES)
def test_site_goes_on_without(stack: Stack, failure: str) -> None:
    fail, end = FAILURES[failure]
    began = time.monotonic()
    fail(stack)
    time.sleep(CUT_OFF if "cut off" in failure else AWAY)
    end(stack)
    back, last = stack.seconds_until_normal()
    journey(stack.site, f"http://{stack.nodes[0].machine.address}:8000")
    found = figures(stack.load.attempts, began, time.monotonic())
    lost = lost_writes(stack.load, stack.primary.url())
    RESULTS[failure] = (*astuple(found), len(lost), back)
    assert lost == []
    assert found.failed_reads == 0
    assert found.slowest_read < MAX_READ
    assert found.longest_gap < MAX_GAP
    assert back < BACK_WITHIN, f"last: {last}"


def test_counts_are_exact_at_the_end(stack: Stack) -> None:
    """Views, votes and drafts of the whole run are there, and so are the sums of them."""
    stack.load.stop()
    assert len(stack.load.views) > 1000
    assert lost_writes(stack.load, stack.primary.url()) == []
    wait_until(
        lambda: stack.primary.sql("SELECT count(*) FROM readership_pendingcount") == "0", seconds=20, what="the rollup"
    )
    assert "All counters are correct." in stack.manage("recount", "--check")
