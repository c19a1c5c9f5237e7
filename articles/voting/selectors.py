"""Read votes by day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from articles.voting.models import Vote


def votes_by_day(articles: Mapping[str, Any], *, since: date | None) -> dict[date, tuple[int, int]]:
    """Return likes and dislikes by the day on which they were cast or changed last. Withdrawn votes do not exist.

    Args:
        articles: which votes, as arguments for `filter`.
        since: the first day; None for all days.
    """
    zone = timezone.get_default_timezone()
    votes = Vote.objects.filter(**articles).annotate(day=TruncDate("updated_at", tzinfo=zone))
    if since is not None:
        votes = votes.filter(updated_at__gte=datetime.combine(since, time.min, zone))
    sums = (Count("pk", filter=Q(value=1)), Count("pk", filter=Q(value=-1)))
    rows = votes.order_by().values_list("day").annotate(likes=sums[0], dislikes=sums[1])
    return {day: (likes, dislikes) for day, likes, dislikes in rows}
