"""Options of connections; a database that is away: fast answers while it is, and none that fails once it is back."""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import psycopg
from django.db import InterfaceError, OperationalError, connection, connections
from django.http import HttpRequest, HttpResponse
from psycopg_pool import ConnectionPool

from core import replicas
from core.error_page import error_page

RETRY_AFTER_SECONDS = 10
MAX_CHECK_SECONDS = 1
# Sqlstate classes of lost connections. An error without a sqlstate is a connection that could not be made.
_CONNECTION_CLASSES = ("08", "57P")

# Django calls these an InternalError: a connection that was ended because it was idle in a transaction, and a write
# while the database is read-only, as a hosted one is when its disk is full.
_UNAVAILABLE = {"25P03", "25006"}

SQLITE_OPTIONS = {
    # Writers wait at the start of their transaction instead of failing in the middle (IMMEDIATE); a commit survives a
    # power cut (synchronous=FULL).
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
        "PRAGMA cache_size=-32000; PRAGMA mmap_size=134217728;"
    ),
}

_is_away = threading.Event()
is_away = _is_away.is_set
_probe = threading.Lock()


def postgresql_options(
    *, pool_size: int, statement_timeout: int, alias: str = "default", through_pgbouncer: bool = False
) -> dict[str, Any]:
    """Return `OPTIONS` of a PostgreSQL database.

    Args:
        statement_timeout: seconds.
        alias: its name in `DATABASES`.
        through_pgbouncer: each transaction has another session, so that nothing is set or prepared in one.
    """
    is_replica = alias != "default"
    options = {
        "pool": {
            "min_size": 1,
            "max_size": pool_size,
            # A page that its replica fails is rendered from the primary.
            "timeout": 1 if is_replica else 5,
            # Seconds in which it tries to connect with growing pauses; then the next request starts again.
            "reconnect_timeout": 2,
            "check": partial(check_socket if through_pgbouncer else check_connection, alias=alias),
        },
        "connect_timeout": 2,
        # Without them a machine that vanishes is waited for: 15 minutes for what was sent to it, and two hours for the
        # answer to a statement. In milliseconds, the others in seconds.
        "tcp_user_timeout": 2_000 if is_replica else 5_000,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        # Values are sent apart from statements: what a connection keeps of its last hundred statements must not hold
        # texts of users.
        "server_side_binding": True,
        "prepare_threshold": None,
    }
    if through_pgbouncer:
        return options  # deploy/pgbouncer.ini sets the timeouts.
    timeouts = {"statement": statement_timeout, "lock": 10, "idle_in_transaction_session": 60}
    options["options"] = " ".join(f"-c {name}_timeout={seconds}s" for name, seconds in timeouts.items())
    # To plan a page's queries takes longer than to run them.
    options["prepare_threshold"] = 2
    return options


def check_connection(pooled: psycopg.Connection[Any], *, alias: str) -> None:
    """Check a connection of the pool before it is used.

    After a restart of PostgreSQL all of them are broken. The pool replaces one per attempt, with growing pauses, so
    the first broken one has it check all; unless PostgreSQL does not answer, which would take long for each.
    """
    began = time.monotonic()
    try:
        ConnectionPool.check_connection(pooled)
    except psycopg.OperationalError:
        if time.monotonic() - began < MAX_CHECK_SECONDS:
            connections[alias].pool.check()  # type: ignore[attr-defined]
        raise


def check_socket(pooled: psycopg.Connection[Any], *, alias: str) -> None:
    """Check that PgBouncer has not closed a connection; while PostgreSQL is away, each statement would take seconds.

    The first closed one has the pool replace all, as in `check_connection`.
    """
    poll = select.poll()
    poll.register(pooled.fileno(), select.POLLIN)
    # Nothing was asked, so what there is to read is an error or the end.
    if poll.poll(0):
        connections[alias].pool.drain()  # type: ignore[attr-defined]
        raise psycopg.OperationalError("PgBouncer has closed the connection.")


def note_error(error: BaseException | None) -> bool:
    """Return whether an error says that the database is away or too busy; remember that it is away."""
    sqlstate = getattr(getattr(error, "__cause__", None), "sqlstate", "unknown")
    if not isinstance(error, (InterfaceError, OperationalError)) and sqlstate not in _UNAVAILABLE:
        return False
    if sqlstate is None or sqlstate.startswith(_CONNECTION_CLASSES):
        _is_away.set()
    return True


def unavailable(request: HttpRequest) -> HttpResponse:
    """Return a 503 page, made without the database."""
    response = error_page(request, 503)
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def refuse_while_away(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: while the database is away, one request at a time waits for it; all others are refused at once."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if _is_away.is_set() and not _needs_no_database(request) and not _is_back():
            return unavailable(request)
        return get_response(request)

    return middleware


def _needs_no_database(request: HttpRequest) -> bool:
    return request.path_info.startswith(("/health/", "/media/")) or replicas.needs_no_primary(request)


def _is_back() -> bool:
    if not _probe.acquire(blocking=False):
        return False
    try:
        # PgBouncer accepts connections while PostgreSQL is away.
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (InterfaceError, OperationalError):
        return False
    else:
        _is_away.clear()
        return True
    finally:
        _probe.release()
