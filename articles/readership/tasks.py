"""The rollup in the background."""

from __future__ import annotations

from django.core.cache import cache
from django.tasks import task

from articles.readership import services

DELETE_INTERVAL = 3600
MAX_DELETED = 50_000


@task
def rollup_views() -> None:
    """Add pending views and reads to the public numbers. It can run twice, or at the same time as another."""
    services.rollup()
    if (
        cache.add("readership:deleted", 1, DELETE_INTERVAL)
        and services.delete_old_data(limit=MAX_DELETED) >= MAX_DELETED
    ):
        # Rollups do not wait for millions of old rows: the next task continues.
        cache.delete("readership:deleted")
