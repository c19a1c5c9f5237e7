"""How long authors wait for a decision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from statistics import quantiles
from typing import Any, cast

from django.core.cache import caches
from django.db.models import OuterRef, Q
from django.utils.translation import gettext as _

from articles.models import Article, Revision
from articles.moderation.models import Decision
from articles.moderation.models.submission import BoundedCount, Submission

# So many of the last decisions tell how long it takes, if there are at least so many.
DECISIONS_MEASURED = 50
MIN_DECISIONS = 4
WAITS_TIMEOUT = 60


@dataclass(frozen=True)
class Receipt:
    """What an author is told of a submission in review."""

    before: int
    # Of the submission that was decided on last.
    last_wait: timedelta | None
    # The middle half of the last decisions.
    usual: tuple[timedelta, timedelta] | None

    @property
    def last_wait_label(self) -> str:
        return format_wait(self.last_wait) if self.last_wait is not None else ""

    @property
    def usual_label(self) -> str:
        """The usual wait as a range: "3–9 h", "40 min – 2 h"."""
        if self.usual is None:
            return ""
        (number, unit), (last_number, last_unit) = map(_amount, self.usual)
        if unit != last_unit:
            return f"{_label(number, unit)} – {_label(last_number, last_unit)}"
        return _label(f"{number}–{last_number}" if number != last_number else number, unit)


def receipts_for(articles: Iterable[Article]) -> dict[int, Receipt]:
    """Return the receipt of each article whose latest version is in review, by the article's primary key; one query.

    How long the last ones waited is the same for all authors, and read once a minute.
    """
    pks = [one.latest.pk for one in articles if one.latest and one.latest.state == Revision.State.IN_REVIEW]
    if not pks:
        return {}
    is_same_time = Q(submitted_at=OuterRef("submitted_at"), pk__lt=OuterRef("pk"))
    is_earlier = Q(submitted_at__lt=OuterRef("submitted_at")) | is_same_time
    earlier = Revision.objects.filter(is_earlier, state=Revision.State.IN_REVIEW)
    rows = Submission.objects.filter(pk__in=pks).annotate(before=BoundedCount(earlier))
    waits = last_waits()
    usual = None
    if len(waits) >= MIN_DECISIONS:
        first, _middle, third = quantiles(waits, n=4)
        usual = (timedelta(seconds=first), timedelta(seconds=third))
    last = timedelta(seconds=waits[0]) if waits else None
    return {pk: Receipt(before, last, usual) for pk, before in rows.values_list("article", "before")}


def last_waits() -> list[float]:
    """Return how many seconds the submissions that were decided on last had waited, the last one first."""
    return cast("list[float]", caches["local"].get_or_set("last-waits", _read_waits, WAITS_TIMEOUT))


def _read_waits() -> list[float]:
    reviews = Decision.objects.filter(verdict__in=[Decision.Verdict.PUBLISH, Decision.Verdict.RETURN])
    times: Any = reviews.values_list("decided_at", "revision__submitted_at")[:DECISIONS_MEASURED]
    return [max(0.0, (decided - submitted).total_seconds()) for decided, submitted in times if submitted]


def format_wait(wait: timedelta) -> str:
    """Return a duration in one unit: "25 min", "5 h", "3 d"."""
    return _label(*_amount(wait))


def _amount(wait: timedelta) -> tuple[int, str]:
    minutes = max(1, round(wait.total_seconds() / 60))
    if minutes < 60:
        return minutes, "min"
    hours = round(minutes / 60)
    return (hours, "h") if hours < 48 else (round(hours / 24), "d")


def _label(number: int | str, unit: str) -> str:
    labels = {"min": _("%(number)s min"), "h": _("%(number)s h"), "d": _("%(number)s d")}
    return labels[unit] % {"number": number}
