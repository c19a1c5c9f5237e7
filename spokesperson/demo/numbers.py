"""How often the demonstration's articles were read and what readers thought of them: invented, but plausible."""

from __future__ import annotations

import math
import random
from datetime import timedelta

from articles.voting.services import Choice
from spokesperson.demo.people import VOTERS


def votes(dice: random.Random, *, author: str, age: timedelta) -> dict[str, Choice]:
    """Who voted, and how (username → 1 or −1): most are liked, a few divide people, the newest have few votes yet."""
    others = [person.username for person in VOTERS if person.username != author]
    turnout = dice.betavariate(2.2, 3) * _share_of_readers(age)
    approval = dice.choice([0.55, 0.72, 0.82, 0.88, 0.92, 0.95, 0.97])
    voters = dice.sample(others, round(turnout * len(others)))
    return {voter: 1 if dice.random() < approval else -1 for voter in voters}


def daily_views(dice: random.Random, *, age: timedelta, days: int, at_least: int) -> list[int]:
    """Counted views of each day since publication: many on the first, fewer on every later one.

    Args:
        days: how many days the article has been up, the first and today included.
        at_least: the sum is not below this (who voted had opened the page).
    """
    total = max(at_least, round(dice.lognormvariate(math.log(520), 0.65) * _share_of_readers(age)))
    weights = [0.6**day * dice.uniform(0.7, 1.3) + 0.004 for day in range(days)]
    views = [math.floor(total * weight / sum(weights)) for weight in weights]
    views[0] += total - sum(views)
    return views


def _share_of_readers(age: timedelta) -> float:
    """How many of those who will read it have done so by now."""
    return 1 - 0.85 * math.exp(-age / timedelta(hours=16))
