"""A database that is away: fast answers while it is, and none that fails once it is back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import psycopg
from django.db import InterfaceError, OperationalError, connection, connections
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from psycopg_pool import ConnectionPool

from core import replicas

RETRY_AFTER_SECONDS = 10
# Sqlstate classes of lost connections. An error without a sqlstate is a connection that could not be made.
_CONNECTION_CLASSES = ("08", "57P")

IDLE_IN_TRANSACTION = "25P03"

_is_away = threading.Event()
_probe = threading.Lock()


def check_connection(pooled: psycopg.Connection[Any], alias: str = "default") -> None:
    """Check a connection of the pool before it is used (`DATABASES`, OPTIONS, pool, check).

    After a restart of PostgreSQL all of them are broken. The pool replaces one per attempt, with growing pauses, so
    the first broken one has it check all.
    """
    try:
        ConnectionPool.check_connection(pooled)
    except psycopg.OperationalError:
        connections[alias].pool.check()  # type: ignore[attr-defined]
        raise


def note_error(error: BaseException | None) -> bool:
    """Return whether an error says that the database is away or too busy; remember that it is away."""
    sqlstate = getattr(getattr(error, "__cause__", None), "sqlstate", "unknown")
    # Django calls a connection that PostgreSQL ended because it was idle in a transaction an InternalError.
    if not isinstance(error, (InterfaceError, OperationalError)) and sqlstate != IDLE_IN_TRANSACTION:
        return False
    if sqlstate is None or sqlstate.startswith(_CONNECTION_CLASSES):
        _is_away.set()
    return True


def unavailable(request: HttpRequest) -> HttpResponse:
    """Return a 503 page, made without the database."""
    response = render(request, "500.html", {"status": 503}, status=503)
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
        connection.ensure_connection()
    except (InterfaceError, OperationalError):
        return False
    else:
        _is_away.clear()
        return True
    finally:
        _probe.release()
