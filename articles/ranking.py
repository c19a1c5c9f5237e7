"""The order called "hot"."""

from __future__ import annotations

from datetime import datetime
from math import copysign, log10

HALF_LIFE_SECONDS = 22 * 3600


def hot(likes: int, dislikes: int, published_at: datetime) -> float:
    """`sign(s)·log10(max(|s|, 1)) + published_at / 22 h`, with s = likes − dislikes (docs/architecture.md, Ranking).

    Time only adds, so the value is stored and changes on a vote alone: ten times the likes weigh as much as 22 hours.

    Args:
        likes, dislikes: counts.
        published_at: an aware time.
    """
    score = likes - dislikes
    weight = copysign(log10(max(abs(score), 1)), score) if score else 0.0
    return round(weight + published_at.timestamp() / HALF_LIFE_SECONDS, 7)
