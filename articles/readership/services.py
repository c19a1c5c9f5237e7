"""Views and reads are written one row each; what they add up to moves into the numbers in one transaction."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import connection

from articles.models import Article
from articles.readership.models import Read, View, Visit
from articles.readership.rolling_up import roll_up_batch
from articles.readership.salts import destroy_old_salts, salt_of
from articles.readership.storing import store
from articles.readership.visitors import Reader, sighting, today

BATCH = 5000
# Rows of days that nobody can add to any more, and that recount no longer compares; what they add up to is kept apart.
KEEP_DAYS = 2


def record(*, of: type[Visit], article_id: int, author_id: int, reader: Reader) -> bool:
    """Write that someone views (`of=View`) or reads (`of=Read`) the article today; repeating it changes nothing.

    It is durable when this returns.

    Returns:
        whether it was news.

    Raises:
        Article.DoesNotExist: it is not published (any more).
    """
    day = today()
    seen = sighting(article_id=article_id, author_id=author_id, reader=reader, day=day, salt=salt_of(day))
    new, missing = store([seen], of=of, using=connection)
    if missing:
        raise Article.DoesNotExist
    return new > 0


def roll_up(*, batch: int = BATCH) -> int:
    """Add every waiting view and read to the day's statistics and the article's counter; each exactly once.

    Each batch is one transaction: a process that dies in it leaves its tallies waiting for the next. Several may run
    at once: they take different tallies.

    Args:
        batch: tallies of a transaction.

    Returns:
        how many views and reads were added.
    """
    added = 0
    while True:
        tallies, number = roll_up_batch(batch)
        added += number
        if tallies < batch:
            return added


def tidy_up(*, batch: int = 1000, most: int | None = None) -> int:
    """Destroy old salts and the rows of past days whose numbers are kept; a batch at a time, so that nothing waits.

    Args:
        most: stop after so many rows of a kind, or go on to the end.

    Returns:
        how many rows were dropped.
    """
    destroy_old_salts()
    before = today() - timedelta(days=KEEP_DAYS)
    return sum(_drop(of, before, batch, most) for of in (View, Read))


def _drop(of: type[Visit], before: date, batch: int, most: int | None) -> int:
    # Rows are written in the order of their days, so the oldest come first and no index on the day is needed. Each
    # batch goes on where the last one ended: what was dropped is not passed over again and again.
    dropped, last = 0, 0
    while most is None or dropped < most:
        rows = of._default_manager.filter(pk__gt=last).order_by("pk").values_list("pk", "day")[:batch]
        oldest = list(rows)
        doomed = [pk for pk, day in oldest if day < before]
        if not doomed:
            break
        last = oldest[-1][0]
        dropped += of._default_manager.filter(pk__in=doomed).delete()[0]
    return dropped
