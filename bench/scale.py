"""How large a run is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Scale:
    """The size of the site, how many may vote, and how long things are measured (whole seconds, as wrk takes them)."""

    name: str
    articles: int
    users: int
    votes: int
    views: int
    voters: int
    # Every line is measured in so many rounds, for so long in each.
    rounds: int
    seconds: int
    spike_seconds: int
    # How often each page of a list is asked for.
    samples: int
    searches: int
    # Bars that hold for a million articles alone are judged only then.
    is_full: bool


FULL = Scale(
    name="full",
    articles=1_000_000,
    users=100_000,
    votes=5_000_000,
    views=20_000_000,
    voters=25_000,
    rounds=3,
    seconds=4,
    spike_seconds=20,
    samples=120,
    searches=600,
    is_full=True,
)
QUICK = Scale(
    name="quick",
    articles=20_000,
    users=4_000,
    votes=100_000,
    views=400_000,
    voters=2_500,
    rounds=1,
    seconds=1,
    spike_seconds=2,
    samples=8,
    searches=60,
    is_full=False,
)
# What the lists of the large site are compared with.
SMALL = {"articles": 1_000, "users": 100, "votes": 5_000, "views": 20_000}
# What the beacon on SQLite stands on.
ON_SQLITE = {"articles": 200, "users": 2_000, "votes": 2_000, "views": 2_000}
