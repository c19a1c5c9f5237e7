"""Log lines for programs: what happened, as one event with fields, without the text of users."""

import json
import logging
import re
import secrets
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import Error as DatabaseError
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from core.database import is_away

events = logging.getLogger("spokesperson.events")
_request: ContextVar[HttpRequest | None] = ContextVar("request", default=None)
# The parts of paths that are as good as a password: of secret links, and of links in emails (also in deploy/).
_SECRET = re.compile(r"(/(?:preview|confirm-email|password/reset/key)/)[\w:-]{10,}")
# What runs outside of requests: the id of a task, or the name of a periodic job.
_work: ContextVar[dict[str, str]] = ContextVar("work", default={})  # noqa: B039 - never changed in place


def logging_settings(*, level: str, formatter: str) -> dict[str, Any]:
    """Return `settings.LOGGING`: one line for each event, on standard error, in the format "plain" or "json"."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "plain": {"()": "core.logs.PlainFormatter", "format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
            "json": {"()": "core.logs.JSONFormatter"},
        },
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": formatter},
            "none": {"class": "logging.NullHandler"},
        },
        # The first advises a setting of Django's; spokesperson.views.bad_request logs what to do here.
        "loggers": {
            "django.security.DisallowedHost": {"handlers": ["none"], "propagate": False},
            "spokesperson.events": {"level": "INFO"},
        },
        "root": {"handlers": ["console"], "level": level},
    }


def log_event(name: str, *, level: int = logging.INFO, **fields: Any) -> None:
    """Log that something happened, once the present transaction is committed.

    Args:
        fields: numbers and short codes, such as primary keys; never what a user wrote, an address or a link.
    """
    # The request is gone after a commit at its end, so what is known of it is read now.
    extra = {"fields": {**_work.get(), **_request_fields(_request.get()), **fields}}
    write = partial(events.log, level, name, extra=extra)
    # Outside of a transaction on_commit() would need a connection to the database.
    if transaction.get_connection().in_atomic_block:
        transaction.on_commit(write)
    else:
        write()


def remember_request(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: all lines that are logged during a request have its id and, if it is known, its user's."""

    def middleware(request: HttpRequest) -> HttpResponse:
        token = _request.set(request)
        try:
            return get_response(request)
        finally:
            _request.reset(token)

    return middleware


def set_work(**fields: str) -> None:
    """Add these fields to all lines of this thread from now on, in place of those of the last call."""
    _work.set(fields)


@contextmanager
def work(**fields: str) -> Iterator[None]:
    """Add these fields to all lines that are logged in the block."""
    token = _work.set(fields)
    try:
        yield
    finally:
        _work.reset(token)


def _request_fields(request: HttpRequest | None) -> dict[str, Any]:
    if request is None:
        return {}
    if not hasattr(request, "log_id"):
        given = request.headers.get("X-Request-ID", "") if settings.ALLAUTH_TRUSTED_PROXY_COUNT else ""
        request.log_id = given if re.fullmatch("[0-9a-f]{32}", given) else secrets.token_hex(16)  # type: ignore[attr-defined]
    fields = {"request_id": request.log_id}  # type: ignore[attr-defined]
    session = getattr(request, "session", None)
    # Not read for the log: that would be a query, perhaps in a transaction that has failed. While the database is away,
    # the session was accessed, but not read.
    if session is not None and session.accessed and not is_away() and (user_id := session.get(SESSION_KEY)):
        fields["user_id"] = int(user_id)
    return fields


def line_fields(record: logging.LogRecord) -> dict[str, Any]:
    known = getattr(record, "fields", {})
    request = getattr(record, "request", None) or _request.get()
    return {**_work.get(), **_request_fields(request if isinstance(request, HttpRequest) else None), **known}


def without_secrets(line: str) -> str:
    """Return a line of the log, which can name the path of a request, without the secret in that path."""
    return _SECRET.sub(r"\1*", line)


class PlainFormatter(logging.Formatter):
    """Lines to read: time, level, logger, message and fields."""

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name of the base class
        fields = "".join(f" {name}={value}" for name, value in line_fields(record).items())
        return super().formatMessage(record) + fields


class JSONFormatter(logging.Formatter):
    """A JSON object in each line. An exception of the database is named without its message, which holds values."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
            **line_fields(record),
        }
        if record.exc_info and (error := record.exc_info[1]):
            line["exception"] = f"{type(error).__module__}.{type(error).__qualname__}"
            if not isinstance(error, DatabaseError):
                line["exception_message"] = str(error)
            line["traceback"] = "".join(traceback.format_tb(error.__traceback__))
        return without_secrets(json.dumps(line, ensure_ascii=False, default=str))
