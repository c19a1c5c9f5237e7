"""The order called "hot"."""

from __future__ import annotations

from datetime import datetime
from math import copysign, log10

from django.db.models import DecimalField, Expression, FloatField, Value
from django.db.models.functions import Abs, Cast, Greatest, Log, Round, Sign

HALF_LIFE_SECONDS = 22 * 3600
# Decimals that are stored: the same number on every database, and however it was reached.
DECIMALS = 7


def hot(likes: int, dislikes: int, published_at: datetime) -> float:
    """`sign(s)·log10(max(|s|, 1)) + published_at / 22 h`, with s = likes − dislikes (docs/architecture.md, Ranking).

    Time only adds, so the value is stored and changes on a vote alone: ten times the likes weigh as much as 22 hours.

    Args:
        likes, dislikes: counts.
        published_at: an aware time.
    """
    score = likes - dislikes
    weight = copysign(log10(max(abs(score), 1)), score) if score else 0.0
    return round(round(weight, DECIMALS) + time_part(published_at), DECIMALS)


def time_part(published_at: datetime) -> float:
    """What the time of publication adds to `hot`; it never changes."""
    return round(published_at.timestamp() / HALF_LIFE_SECONDS, DECIMALS)


def hot_in_sql(score: Expression, time: Expression) -> Expression:
    """`hot` as the database reckons it, so that a vote needs not hold its article while Python does.

    Args:
        score: likes − dislikes.
        time: `time_part`.
    """
    weight = Sign(score) * Log(Value(10), Greatest(Abs(score), Value(1)), output_field=FloatField())
    return Cast(_rounded(_rounded(weight) + time), FloatField())


def _rounded(number: Expression) -> Expression:
    # PostgreSQL rounds decimals alone.
    return Cast(Round(Cast(number, DecimalField(max_digits=30, decimal_places=15)), DECIMALS), FloatField())
