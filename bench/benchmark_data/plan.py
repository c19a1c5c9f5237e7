"""The plan of the generated site: who wrote each article, when, its story, votes and views; everything but the rows.

All numbers follow from the sizes and the seed, so that processes that share a plan generate parts of one site. Needs no
Django.
"""

from __future__ import annotations

import random
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum
from itertools import accumulate
from math import sqrt
from zoneinfo import ZoneInfo

YEARS = timedelta(days=3 * 365)
LANGUAGES = ("en", "ru", "hy")
# Of ten users seven write in English, two in Russian, one in Armenian.
_LANGUAGE_OF_TEN = (0, 0, 1, 0, 0, 2, 0, 1, 0, 0)
_MIN_PER_STORY = 2
# At most this share of all users votes on one article; the average can be a third of it.
_MAX_VOTER_SHARE = 0.25


class Story(IntEnum):
    """What happens to an article; `article_rows.py` writes the rows."""

    PUBLISHED = 0
    DRAFT = 1
    IN_REVIEW = 2
    RETURNED = 3
    HIDDEN = 4
    PUBLISHED_AFTER_RETURN = 5
    EDITED = 6
    CHANGE_IN_REVIEW = 7
    OPEN_DRAFT = 8
    CORRECTED = 9
    RESTORED = 10


SHARES = {
    Story.DRAFT: 0.034,
    Story.IN_REVIEW: 0.003,
    Story.RETURNED: 0.01,
    Story.HIDDEN: 0.01,
    Story.PUBLISHED_AFTER_RETURN: 0.02,
    Story.EDITED: 0.04,
    Story.CHANGE_IN_REVIEW: 0.001,
    Story.OPEN_DRAFT: 0.005,
    Story.CORRECTED: 0.004,
    Story.RESTORED: 0.002,
}
# Articles in review are among the newest 2 %. A small site has a full page of them too, but at most a twentieth of all.
_RECENT_SHARE = 0.02
_MIN_IN_REVIEW = 60
_WAITING = {Story.IN_REVIEW, Story.CHANGE_IN_REVIEW}
NEVER_PUBLISHED = {Story.DRAFT, Story.IN_REVIEW, Story.RETURNED}


class InvalidSizes(Exception):
    """The numbers do not fit together; `str(error)` says why in one sentence."""


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """The numbers of rows to generate.

    Raises:
        InvalidSizes: the numbers do not fit together.
    """

    articles: int
    users: int
    votes: int
    views: int
    seed: int = 1

    def __post_init__(self) -> None:
        if not 100 <= self.articles <= 10_000_000:
            raise InvalidSizes("--articles: a number from 100 to 10,000,000.")
        if not 20 <= self.users <= 5_000_000:
            raise InvalidSizes("--users: a number from 20 to 5,000,000.")
        maximum = int(self.articles * 0.9 * self.users * _MAX_VOTER_SHARE / 3)
        if not 0 <= self.votes <= maximum:
            raise InvalidSizes(f"--votes: a number from 0 to {maximum:,} for so many users and articles.")
        if not self.votes <= self.views <= 2000 * self.articles:
            raise InvalidSizes(
                f"--views: a number from {self.votes:,} (who votes has opened the page) to {2000 * self.articles:,}."
            )

    @property
    def moderators(self) -> int:
        """Users who decide, and neither write nor vote; the last of all users."""
        return max(2, min(12, self.users // 500))

    @property
    def members(self) -> int:
        return self.users - self.moderators

    @property
    def tags(self) -> int:
        return max(60, min(4000, round(4 * sqrt(self.articles))))

    @property
    def sentences(self) -> int:
        """Sentences per language that texts are composed of."""
        return max(2000, min(20_000, self.articles // 4))


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The plan as numbers. Articles and users count from 0; their primary keys are one higher."""

    sizes: Sizes
    now: datetime
    time_zone: str
    section_ids: tuple[int, ...]
    image_ids: tuple[int, ...]
    stories: bytes
    authors: array[int]
    # The position among its author's articles, from 1 (255 stands for all later ones).
    nth: bytes
    first_article: array[int]
    votes: array[int]
    views: array[int]

    def started_at(self, index: int) -> datetime:
        """When an article was started: over three years, four times as many a day at the end as at the beginning."""
        return self.now - YEARS * (1 - _moment((index + 0.5) / self.sizes.articles))

    def joined(self, user: int) -> datetime:
        """When a user signed up: some time before their first article."""
        first = self.first_article[user]
        share = first / self.sizes.articles if first < self.sizes.articles else 1.0
        mixed = share * (user * 7919 % 1000) / 1000
        return self.now - YEARS * (1 - _moment(mixed)) - timedelta(days=2, seconds=user % 86_400)

    def language_of(self, user: int) -> int:
        """Which of LANGUAGES a user writes in."""
        return _LANGUAGE_OF_TEN[user % 10]

    @property
    def today(self) -> date:
        return self.now.astimezone(ZoneInfo(self.time_zone)).date()


def make_plan(
    sizes: Sizes, *, now: datetime, time_zone: str, section_ids: Iterable[int], image_ids: Iterable[int]
) -> Plan:
    """Work out the numbers for `sizes`."""
    rng = random.Random(f"plan {sizes.seed}")
    stories = _stories(rng, sizes.articles)
    authors = _authors(rng, sizes)
    nth, first = _order_of_each(authors, sizes)
    published = [index for index, story in enumerate(stories) if story not in NEVER_PUBLISHED]
    votes, views = _votes_and_views(rng, sizes, published)
    return Plan(
        sizes=sizes,
        now=now.astimezone(UTC),
        time_zone=time_zone,
        section_ids=tuple(section_ids),
        image_ids=tuple(image_ids),
        stories=stories,
        authors=authors,
        nth=nth,
        first_article=first,
        votes=votes,
        views=views,
    )


def zipf(count: int, *, shift: float, exponent: float = 1.0) -> list[float]:
    """Weights of the ranks 1 to `count`: 1 / (rank + shift)^exponent (Zipf, Mandelbrot)."""
    return [(rank + shift) ** -exponent for rank in range(1, count + 1)]


def shares(total: int, weights: Sequence[float]) -> array[int]:
    """`total` divided by weight into whole numbers whose sum is exactly `total`."""
    sums = list(accumulate(weights))
    factor = total / sums[-1] if sums else 0.0
    rounded = [int(one * factor + 1e-6) for one in sums]
    if rounded:
        rounded[-1] = total
    return array("I", (here - before for before, here in zip([0, *rounded], rounded, strict=False)))


def _moment(share: float) -> float:
    # Articles a day grow from 1 to 4 linearly: share = (t + 1.5 t²) / 2.5, solved for t.
    return (sqrt(1 + 15 * share) - 1) / 3


def _stories(rng: random.Random, count: int) -> bytes:
    stories = bytearray(count)
    for story, share in SHARES.items():
        minimum = min(_MIN_IN_REVIEW, count // 20) if story is Story.IN_REVIEW else _MIN_PER_STORY
        recent = max(_RECENT_SHARE * count, 2 * minimum)
        begin = int(count - recent) if story in _WAITING else 0
        free = [index for index in range(begin, count) if not stories[index]]
        for index in rng.sample(free, min(len(free), max(minimum, round(share * count)))):
            stories[index] = story
    return bytes(stories)


def _authors(rng: random.Random, sizes: Sizes) -> array[int]:
    # At 1,000,000 articles and 100,000 users the busiest has about 2,700 and most have one or two.
    weights = zipf(sizes.members, shift=max(10, sizes.users / 1000), exponent=1.2)
    users = list(range(sizes.members))
    rng.shuffle(users)
    return array("I", rng.choices(users, cum_weights=list(accumulate(weights)), k=sizes.articles))


def _order_of_each(authors: array[int], sizes: Sizes) -> tuple[bytes, array[int]]:
    so_far = array("I", bytes(4 * sizes.users))
    first = array("I", [sizes.articles]) * sizes.users
    nth = bytearray(sizes.articles)
    for index, author in enumerate(authors):
        if not so_far[author]:
            first[author] = index
        so_far[author] += 1
        nth[index] = min(so_far[author], 255)
    return bytes(nth), first


def _votes_and_views(rng: random.Random, sizes: Sizes, published: list[int]) -> tuple[array[int], array[int]]:
    maximum = int(sizes.members * _MAX_VOTER_SHARE)
    order = list(range(len(published)))
    rng.shuffle(order)
    noise = [rng.uniform(0.5, 1.5) for _ in range(997)]
    youth = _youth(sizes, published)
    shift = 20.0
    while True:
        by_rank = zipf(len(published), shift=shift)
        weights = [by_rank[rank] * young for rank, young in zip(order, youth, strict=True)]
        of_votes = shares(sizes.votes, [one * noise[index % 997] for index, one in enumerate(weights)])
        if max(of_votes) <= maximum:
            break
        shift *= 1.5
    # Who voted has opened the page; the rest of the views follow the same ranks.
    of_views = shares(sizes.views - sizes.votes, weights)
    votes, views = array("I", bytes(4 * sizes.articles)), array("I", bytes(4 * sizes.articles))
    for index, voted, viewed in zip(published, of_votes, of_views, strict=True):
        votes[index], views[index] = voted, voted + viewed
    return votes, views


def _youth(sizes: Sizes, published: list[int]) -> list[float]:
    """The share of its readers that each article has had by now: recent articles have had few."""
    days = YEARS.total_seconds() / 86_400
    edges = [_share_before(age / days) * sizes.articles for age in (3.0, 1.0, 0.4, 0.1)]
    known = (1.0, 0.85, 0.6, 0.3, 0.1)
    return [known[bisect_left(edges, index)] for index in published]


def _share_before(age: float) -> float:
    moment = max(0.0, 1 - age)
    return (moment + 1.5 * moment**2) / 2.5
