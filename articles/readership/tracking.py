"""Record hits of visitors and add them up: shared by everything that counts what visitors do.

Hits are written once per visitor, target and day, together with pending counts. A periodic task moves the pending
counts into daily statistics. A race between processes ends in a unique constraint, never in a wrong number.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import date, timedelta
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.db.models import Model, Q
from django.tasks import Task, default_task_backend
from django.utils import timezone

from articles.readership.models import AbstractPendingCount, DailyHit
from articles.readership.visitors import Hit, today

# Seconds between two rollups.
ROLLUP_INTERVAL = 3
# Days after which hits are deleted: nothing is added to them any more, and recount no longer compares them.
KEEP_DAYS = 2
MAX_ATTEMPTS = 10

# What a rollup adds: target and day → metric → number.
type DayCounts = Mapping[tuple[int, date], Counter[str]]


def retry_on_conflict[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Run a function again if another process has written one of its rows, or deleted one of its targets, meanwhile."""

    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        for _ in range(MAX_ATTEMPTS - 1):
            with suppress(IntegrityError):
                return function(*args, **kwargs)
        return function(*args, **kwargs)

    return wrapper


def record_hits(
    hits: Iterable[Hit],
    *,
    model: type[DailyHit],
    pending_model: type[AbstractPendingCount],
    metrics: Mapping[str, str],
    **fields: Any,
) -> int:
    """Write the hits that are new, and return how many; they are committed, unless the caller is in a transaction.

    `VIEWS_PER_ADDRESS` visitors of one address are counted per target and day. All beyond that share one row of the
    kind "over_rate". Requests that arrive at the same moment in several processes can exceed the limit by as many.

    Args:
        hits: hits of one day.
        metrics: kind → column of the statistics; hits of other kinds are written but not counted.
        fields: other columns of `model` that are part of its unique constraint.

    Raises:
        IntegrityError: another process wrote one of the rows, or a target was deleted, since the hits were compared
            with the database. Nothing is written (see `retry_on_conflict`).
    """
    hits = list(hits)
    new = _new_hits(hits, model, fields) if hits else []
    if not new:
        return 0
    counts = Counter(
        (hit.target_id, hit.day, metric)
        for hit in new
        if hit.kind in metrics
        for metric in hit.metrics or (metrics[hit.kind],)
    )
    target = f"{model.target}_id"
    with transaction.atomic():
        # Always in the same order, so that two processes never deadlock.
        model._default_manager.bulk_create(
            model(
                **{target: hit.target_id}, day=hit.day, visitor=hit.visitor, source=hit.source, kind=hit.kind, **fields
            )
            for hit in sorted(new)
        )
        pending_model._default_manager.bulk_create(
            pending_model(**{target: target_id}, day=day, metric=metric, number=number)
            for (target_id, day, metric), number in counts.items()
        )
    return len(new)


def _new_hits(hits: list[Hit], model: type[DailyHit], fields: Mapping[str, Any]) -> list[Hit]:
    # Two indexes begin with target and day. All rows of a visitor have one source, except those of an account. The
    # row for all hits over the limit has the source for a visitor.
    targets = {f"{model.target}__in": {hit.target_id for hit in hits}}
    same = Q(source__in={hit.source for hit in hits})
    if accounts := {hit.visitor for hit in hits if hit.has_account}:
        same |= Q(visitor__in=accounts)
    rows = model._default_manager.filter(same, **targets, day=hits[0].day, **fields)
    known = set()
    counted: Counter[tuple[int, UUID]] = Counter()
    for target_id, visitor, source, kind in rows.values_list(model.target, "visitor", "source", "kind"):
        known.add((target_id, visitor))
        counted[target_id, source] += kind == DailyHit.Kind.COUNTED
    new = []
    for hit in hits:
        if (hit.target_id, hit.visitor) in known:
            continue
        if hit.kind == DailyHit.Kind.COUNTED:
            if counted[hit.target_id, hit.source] >= settings.VIEWS_PER_ADDRESS:
                hit = hit._replace(visitor=hit.source, kind=DailyHit.Kind.OVER_RATE)  # noqa: PLW2901
                if (hit.target_id, hit.visitor) in known:
                    continue
            else:
                counted[hit.target_id, hit.source] += 1
        known.add((hit.target_id, hit.visitor))
        new.append(hit)
    return new


def rollup(
    *,
    pending_model: type[AbstractPendingCount],
    stats_model: type[Model],
    target: str,
    batch: int = 5000,
    before: Callable[[DayCounts], None] | None = None,
) -> int:
    """Move the pending counts into the daily statistics, each exactly once; return their sum.

    Each batch is one transaction: a process that dies leaves its pending counts to the next one. Several can run at
    the same time: they take different rows.

    Args:
        stats_model: has one row per target and day, and a column for each metric.
        target: the name of the foreign key to the target in both models.
        batch: pending counts per transaction.
        before: called in the transaction, before the statistics are locked.
    """
    total: int = 0
    while True:
        with transaction.atomic():
            pending: list[Any] = list(
                pending_model._default_manager.select_for_update(skip_locked=True).order_by("pk")[:batch]
            )
            if pending:
                counts: defaultdict[tuple[int, date], Counter[str]] = defaultdict(Counter)
                for one in pending:
                    counts[getattr(one, f"{target}_id"), one.day][one.metric] += one.number
                if before is not None:
                    before(counts)
                _add_to_stats(counts, stats_model, target)
                pending_model._default_manager.filter(pk__in=[one.pk for one in pending]).delete()
        total += sum(int(one.number) for one in pending)
        if len(pending) < batch:
            return total


def _add_to_stats(counts: DayCounts, stats_model: type[Model], target: str) -> None:
    stats = stats_model._default_manager
    # Always in the same order, so that two rollups never deadlock.
    stats.bulk_create(
        [stats_model(**{f"{target}_id": target_id, "day": day}) for target_id, day in sorted(counts)],
        ignore_conflicts=True,
    )
    rows = stats.select_for_update(no_key=True).filter(
        **{f"{target}__in": {target_id for target_id, _ in counts}, "day__in": {day for _, day in counts}}
    )
    changed = []
    row: Any
    for row in rows.order_by(target, "day"):
        added = counts.get((getattr(row, f"{target}_id"), row.day))
        if added:
            for metric, number in added.items():
                # Null on a day on which this metric was not counted yet.
                setattr(row, metric, (getattr(row, metric) or 0) + number)
            changed.append(row)
    if changed:
        stats.bulk_update(changed, sorted({metric for added in counts.values() for metric in added}), batch_size=500)


def delete_old_hits(*, model: type[Model], batch: int = 1000, keep_days: int = KEEP_DAYS) -> int:
    """Delete the rows of past days, a batch at a time, so that no other query waits; return how many. Sums stay.

    Args:
        model: has a `day`; hits, for example.
        keep_days: whole days before today whose rows stay.
    """
    before = today() - timedelta(days=keep_days)
    # Rows are written in the order of their days, so the oldest come first and no index on the day is needed. Each
    # batch starts after the last one, so that deleted rows are not scanned again.
    deleted, last = 0, 0
    while True:
        oldest = list(model._default_manager.filter(pk__gt=last).order_by("pk").values_list("pk", "day")[:batch])
        expired = [pk for pk, day in oldest if day < before]
        if not expired:
            break
        last = oldest[-1][0]
        deleted += model._default_manager.filter(pk__in=expired).delete()[0]
    return deleted


def schedule_rollup(task: Task[..., Any], *, key: str) -> None:
    """Enqueue a rollup, no more than once in `ROLLUP_INTERVAL` seconds for each `key`."""
    if not cache.add(f"rollup:{key}", 1, ROLLUP_INTERVAL):
        return
    if default_task_backend.supports_defer:
        # After this interval, so that the task finds the hits of requests that found it scheduled already.
        task = task.using(run_after=timezone.now() + timedelta(seconds=ROLLUP_INTERVAL + 1))
    task.enqueue()
