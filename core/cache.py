"""The cache that all processes share, which does without its server or file while that fails."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable
from typing import Any, ClassVar

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from django.utils.module_loading import import_string

from core.sqlite_cache import SQLiteCache

logger = logging.getLogger(__name__)

# Seconds in which a cache that failed is not asked again.
RETRY_INTERVAL = 3
_in_memory = LocMemCache("failover", {"OPTIONS": {"MAX_ENTRIES": 10_000}})


class FailoverMixin:
    """Use the memory of the process while the shared cache fails, so that no request does: limits then count there."""

    errors: ClassVar[tuple[type[Exception], ...]]
    _retry_at: ClassVar[float] = 0

    @property
    def is_failing(self) -> bool:
        return time.monotonic() < self._retry_at

    def _call(self, method: str, *args: Any, **options: Any) -> Any:
        if not self.is_failing:
            try:
                return getattr(super(), method)(*args, **options)
            except self.errors as error:
                # For all threads: each has a cache object of its own.
                type(self)._retry_at = time.monotonic() + RETRY_INTERVAL
                logger.warning("The shared cache fails, each process counts for itself: %s", type(error).__name__)
        return getattr(_in_memory, method)(*args, **options)


def _failing_over(name: str) -> Callable[..., Any]:
    def method(self: FailoverMixin, *args: Any, **options: Any) -> Any:
        return self._call(name, *args, **options)

    return method


for _name in (
    "add",
    "get",
    "set",
    "incr",
    "delete",
    "has_key",
    "get_many",
    "set_many",
    "delete_many",
    "touch",
    "clear",
):
    setattr(FailoverMixin, _name, _failing_over(_name))


class FailoverSQLiteCache(FailoverMixin, SQLiteCache):
    errors = (sqlite3.Error, OSError)


class FailoverRedisCache(FailoverMixin, RedisCache):
    """Needs the package redis, as Django's own backend does."""

    @property
    def errors(self) -> tuple[type[Exception], ...]:  # type: ignore[override]
        return (import_string("redis.exceptions.RedisError"), OSError)
