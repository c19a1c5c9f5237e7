"""The "hot" ranking, computed at publication and at each vote, and stored for the index of the list."""

from __future__ import annotations

from datetime import datetime
from math import copysign, log10

HALF_LIFE_SECONDS = 22 * 3600
# Rounded, so that a recount compares equal numbers.
DECIMALS = 7


def hot(likes: int, dislikes: int, published_at: datetime) -> float:
    """Return `sign(s)·log10(max(|s|, 1)) + published_at / 22 h`, with s = likes − dislikes.

    The value only changes with a vote, so it is stored. A score ten times as high weighs as much as being published
    22 hours later (docs/architecture.md, Ranking).

    Args:
        likes, dislikes: counts.
        published_at: an aware datetime.
    """
    score = likes - dislikes
    weight = copysign(log10(max(abs(score), 1)), score) if score else 0.0
    return round(weight + published_at.timestamp() / HALF_LIFE_SECONDS, DECIMALS)
