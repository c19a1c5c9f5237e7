"""Error reports to Sentry, or a server that speaks its protocol: what is logged as an error, and nothing of visitors.

None of Sentry's integrations that see requests, SQL or other libraries is used. A report holds the name of the logger,
the constant part of the message, the exception with the lines of code, and the fields of the log line.
"""

import logging
from typing import Any, cast

import sentry_sdk
from django.conf import settings
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.types import Event, Hint

from core.logs import line_fields
from spokesperson import __version__

# The parts of an event that are sent.
SENT = {
    *("event_id", "timestamp", "platform", "level", "logger", "release", "environment", "server_name", "sdk"),
    *("exception", "logentry", "tags"),
}


def start() -> None:
    """Send what is logged as an error from now on, in the background."""
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        release=f"spokesperson@{__version__}",
        default_integrations=False,
        integrations=[LoggingIntegration(level=None, event_level=logging.ERROR), AtexitIntegration(lambda *_: None)],
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        before_send=scrub,
    )


def scrub(event: Event, hint: Hint) -> Event | None:
    """Return the event with what is known to be impersonal."""
    report: Any = {name: value for name, value in event.items() if name in SENT}
    record: logging.LogRecord | None = hint.get("log_record")
    if record is not None:
        # Without the arguments, such as the path of a request, which can be the link of an email.
        report["logentry"] = {"message": str(record.msg)}
        report["tags"] = {name: str(value) for name, value in line_fields(record).items() if name != "user_id"}
    for exception in report.get("exception", {}).get("values", []):
        exception["value"] = ""
    return cast("Event", report)
