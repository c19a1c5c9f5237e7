"""The sizes of a run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Scale:
    """The size of the site, the number of voters, and durations in whole seconds, as wrk needs them."""

    name: str
    articles: int
    users: int
    votes: int
    views: int
    voters: int
    # Rounds per scenario, and seconds per round.
    rounds: int
    seconds: int
    spike_seconds: int
    # Requests per page of a list.
    samples: int
    searches: int
    # Large forms that each client posts in the hostile round, and seconds of requests after them.
    hostile_posts: int
    hostile_seconds: int
    # While authors write: rounds, each with the page alone and beside them, and their seconds.
    autosave_rounds: int
    autosave_seconds: int
    # Submissions that are screened.
    submissions: int
    # Some bars are only for a million articles.
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
    hostile_posts=100,
    hostile_seconds=120,
    autosave_rounds=5,
    autosave_seconds=4,
    submissions=200,
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
    hostile_posts=10,
    hostile_seconds=5,
    autosave_rounds=3,
    autosave_seconds=2,
    submissions=40,
    is_full=False,
)
# The site that the lists of the large site are compared with.
SMALL = {"articles": 1_000, "users": 100, "votes": 5_000, "views": 20_000}
# The site on which submissions are screened.
SCREENED = {"articles": 100_000, "users": 10_000, "votes": 20_000, "views": 20_000}
# The rows of each kind in the plain project.
PLAIN_ROWS = 1_000
# The site on SQLite.
ON_SQLITE = {"articles": 200, "users": 2_000, "votes": 2_000, "views": 2_000}
