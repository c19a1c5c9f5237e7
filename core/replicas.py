"""Replicas of PostgreSQL: public pages read from one that keeps up, everything else from the primary."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache
from itertools import count
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connections
from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, resolve

from core.http_cache import is_anonymous

logger = logging.getLogger(__name__)

# A user who has written reads from the primary for this time, marked by a cookie.
STICKY_SECONDS = 5
WROTE_COOKIE = "wrote"
CHECK_SECONDS = 0.5
SAFE_METHODS = ("GET", "HEAD")

_PRIMARY_POSITION = "SELECT pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint"
_REPLICA_POSITION = "SELECT pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint"

# The replica that the current request reads from.
_alias: ContextVar[str | None] = ContextVar("replica", default=None)


class ReplicaRouter:
    """Database router: reads go to the replica of the request, if it has one; everything else to the primary."""

    def db_for_read(self, model: type, **hints: Any) -> str:
        return _alias.get() or "default"

    def db_for_write(self, model: type, **hints: Any) -> str:
        return "default"

    def allow_relation(self, one: object, other: object, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == "default"


class LagMonitor:
    """Knows which replicas are at most `max_lag` seconds behind the primary.

    A thread of the process asks the primary for its position in the log and each replica for what it has replayed. That
    needs no privilege and no written heartbeat, and sees a replica that lost its connection to the primary. While the
    primary is away nothing is written, so the replicas that were not behind before stay usable.

    Args:
        aliases: the replicas in `DATABASES`.
        max_lag: seconds.
    """

    def __init__(self, aliases: list[str], max_lag: float) -> None:
        self._aliases = aliases
        self._max_lag = max_lag
        self._positions: deque[tuple[float, int]] = deque()
        self._usable: list[str] = []
        self._turn = count()
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None

    def choose(self) -> str | None:
        """Return the alias of a replica, each in turn, or None if none keeps up."""
        if self._thread is None:
            self._run_once()
        usable = self._usable
        return usable[next(self._turn) % len(usable)] if usable else None

    def exclude(self, alias: str) -> None:
        """Do not choose a replica until it has been checked again."""
        self._usable = [other for other in self._usable if other != alias]

    def check(self) -> None:
        """Ask all servers for their positions once."""
        position = _query("default", _PRIMARY_POSITION)
        now = time.monotonic()
        if position is not None:
            self._positions.append((now, position))
            while self._positions[0][0] < now - self._max_lag:
                self._positions.popleft()
        oldest = self._positions[0][1] if self._positions else None
        usable = []
        for alias in self._aliases:
            replayed = _query(alias, _REPLICA_POSITION)
            if replayed is not None and oldest is not None and replayed >= oldest:
                usable.append(alias)
        for alias in set(usable) ^ set(self._usable):
            logger.warning("Replica %s: %s", alias, "used" if alias in usable else "not used, away or behind")
        self._usable = usable

    def _run_once(self) -> None:
        with self._start:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="replicas", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            self.check()
            time.sleep(CHECK_SECONDS)


def _query(alias: str, sql: str) -> int | None:
    try:
        with connections[alias].cursor() as cursor:
            cursor.execute(sql)
            position: int | None = cursor.fetchone()[0]
            return position
    except (InterfaceError, OperationalError):
        return None
    finally:
        connections[alias].close()


@cache
def monitor() -> LagMonitor:
    """Return the monitor of this process."""
    return LagMonitor(settings.REPLICAS, settings.REPLICA_MAX_LAG)


def needs_no_primary(request: HttpRequest) -> bool:
    """Return whether this is a public page for a reader without a session: a replica is enough for it."""
    if not (settings.REPLICAS and request.method in SAFE_METHODS and is_anonymous(request)):
        return False
    try:
        view = resolve(request.path_info).func
    except Resolver404:
        return False
    return _is_public(view) and monitor().choose() is not None


def _is_public(view: Callable[..., Any]) -> bool:
    return getattr(view, "is_public_page", False)


class ReplicaMiddleware:
    """Let public pages read from a replica, unless the user has just written something."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        token = _alias.set(None)
        try:
            response = self.get_response(request)
        finally:
            _alias.reset(token)
        names = {*request.COOKIES, *response.cookies}
        if request.method not in SAFE_METHODS and settings.SESSION_COOKIE_NAME in names:
            response.set_cookie(
                WROTE_COOKIE, "1", max_age=STICKY_SECONDS, secure=settings.HTTPS, httponly=True, samesite="Lax"
            )
        return response

    def process_view(self, request: HttpRequest, view: Callable[..., Any], args: object, kwargs: object) -> None:
        """Choose a replica before the view reads anything."""
        if _is_public(view) and request.method in SAFE_METHODS and WROTE_COOKIE not in request.COOKIES:
            _alias.set(monitor().choose())

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """Render the page again from the primary if its replica has failed."""
        alias = _alias.get()
        if alias is None or not isinstance(exception, (InterfaceError, OperationalError)):
            return None
        monitor().exclude(alias)
        _alias.set(None)
        match = request.resolver_match
        assert match is not None
        response = match.func(request, *match.args, **match.kwargs)
        if callable(getattr(response, "render", None)):
            response.render()
        return response  # type: ignore[no-any-return]
