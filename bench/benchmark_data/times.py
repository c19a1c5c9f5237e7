"""The times of an article."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from bench.benchmark_data.plan import NEVER_PUBLISHED, Story


class Times:
    """The times of an article in UTC, in their order, none after now.

    Args:
        is_reviewed: whether a moderator published it; otherwise it was published when it was submitted.
        beside: another article's time of publication, for the same instant.
    """

    def __init__(
        self,
        started_at: datetime,
        now: datetime,
        rng: random.Random,
        *,
        story: Story,
        is_reviewed: bool,
        beside: datetime | None = None,
    ) -> None:
        # Each step takes hours or days, and only a part of the available time.
        left = now - started_at
        self.started_at = started_at
        self.submitted = started_at + _step(left, timedelta(hours=8), rng)
        self.decided = self.submitted + _step(left, timedelta(hours=6), rng)
        self.second_begun = self.decided + _step(left, timedelta(days=4), rng)
        self.second_submitted = self.second_begun + _step(left, timedelta(hours=3), rng)
        self.second_decided = self.second_submitted + _step(left, timedelta(hours=6), rng)
        self.is_reviewed = is_reviewed
        self.published = self.decided if is_reviewed else self.submitted
        if story is Story.PUBLISHED_AFTER_RETURN:
            self.published = self.second_decided
        elif beside is not None:
            self.started_at, self.submitted = min(started_at, beside), beside
            self.published, self.is_reviewed = beside, False
        self.state_since = {
            Story.DRAFT: self.started_at,
            Story.IN_REVIEW: self.submitted,
            Story.RETURNED: self.decided,
            Story.HIDDEN: self.second_submitted,
            Story.EDITED: self.second_decided,
            Story.CORRECTED: self.second_decided,
            Story.RESTORED: self.second_decided,
        }.get(story, self.published)

    def published_by(self, story: Story) -> datetime | None:
        """When it was published, where it was."""
        return None if story in NEVER_PUBLISHED else self.published


def _step(left: timedelta, usual: timedelta, rng: random.Random) -> timedelta:
    return min(usual * (0.05 + 2 * rng.random() ** 3), left * (0.18 * rng.random()))
