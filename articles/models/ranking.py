"""The "hot" ranking: computed in Python at publication and in SQL at each vote."""

from __future__ import annotations

from datetime import datetime
from math import copysign, log10

from django.db.models import DecimalField, Expression, FloatField, Value
from django.db.models.functions import Abs, Cast, Greatest, Log, Round, Sign

HALF_LIFE_SECONDS = 22 * 3600
# Values are rounded, so that Python and every database compute the same number.
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
    return round(round(weight, DECIMALS) + time_part(published_at), DECIMALS)


def time_part(published_at: datetime) -> float:
    """Return the part of `hot` that depends on the publication time alone, in units of 22 hours since 1970."""
    return round(published_at.timestamp() / HALF_LIFE_SECONDS, DECIMALS)


def hot_in_sql(score: Expression, time: Expression) -> Expression:
    """Return `hot` as an SQL expression, so that one UPDATE changes a counter and the ranking.

    Args:
        score: likes − dislikes.
        time: the value of `time_part`.
    """
    weight = Sign(score) * Log(Value(10), Greatest(Abs(score), Value(1)), output_field=FloatField())
    return Cast(_rounded(_rounded(weight) + time), FloatField())


def _rounded(number: Expression) -> Expression:
    # PostgreSQL rounds only decimals to a number of digits.
    return Cast(Round(Cast(number, DecimalField(max_digits=30, decimal_places=15)), DECIMALS), FloatField())
