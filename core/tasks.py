"""Tasks that all apps share: the delivery of emails, and the retry of a task that failed."""

from __future__ import annotations

import logging
from datetime import timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.db.models import F
from django.tasks import Task, task
from django.utils import timezone

from core.logs import log_event
from core.models import DailyFigure, PendingEmail

MAX_ATTEMPTS = 6
# The first wait is longer than a mail server can take for one email, because it also protects the attempt that runs.
FIRST_EMAIL_RETRY = timedelta(minutes=5)
MAX_EMAIL_RETRY = timedelta(hours=6)
# About four days.
MAX_EMAIL_ATTEMPTS = 20
# Emails of one run.
EMAIL_BATCH = 100


def retry_later(task: Task[..., None], *args: Any, attempt: int) -> bool:
    """Enqueue `task(*args, attempt + 1)` for later, because the queue itself does not retry failed tasks.

    Args:
        attempt: the number of the attempt that failed, from 1. The delay is `2 ** attempt` minutes.

    Returns:
        False after `MAX_ATTEMPTS`, or if the backend cannot defer tasks.
    """
    if attempt >= MAX_ATTEMPTS or not task.get_backend().supports_defer:
        return False
    task.using(run_after=timezone.now() + timedelta(minutes=2**attempt)).enqueue(*args, attempt + 1)
    return True


def send_email(*, to: str, subject: str, text: str, html: str) -> None:
    """Send one email as plain text and HTML.

    Raises:
        OSError, smtplib.SMTPException: the mail server is away or refused it.
    """
    # One line, so that a title with a newline cannot add a header.
    message = EmailMultiAlternatives(
        subject=" ".join(subject.split()), body=text, to=[to], headers={"Auto-Submitted": "auto-generated"}
    )
    message.attach_alternative(html, "text/html")
    message.send()


@task()
def send_emails() -> None:
    """Send the emails that are due, at once after `enqueue_email`."""
    send_pending_emails()


def send_pending_emails() -> None:
    """Send the emails that are due. Runs periodically too, for those that failed.

    An email is claimed by moving its next attempt into the future, sent outside of a transaction, and then deleted: if
    the worker is killed in between, the next attempt is due later.
    """
    due = PendingEmail.objects.filter(next_attempt_at__lte=timezone.now()).order_by("next_attempt_at", "pk")
    for email in due[:EMAIL_BATCH]:
        attempts = email.attempts + 1
        wait = min(FIRST_EMAIL_RETRY * 2**email.attempts, MAX_EMAIL_RETRY)
        next_attempt_at = timezone.now() + wait if attempts < MAX_EMAIL_ATTEMPTS else None
        claim = PendingEmail.objects.filter(pk=email.pk, attempts=email.attempts)
        if not claim.update(attempts=F("attempts") + 1, next_attempt_at=next_attempt_at):
            continue  # Another worker has claimed it.
        try:
            send_email(to=email.to, subject=email.subject, text=email.text, html=email.html)
        except OSError as error:  # Also smtplib's.
            # Without the message, in which some servers repeat the address.
            fields = {"email_id": email.pk, "attempt": attempts, "error": type(error).__name__}
            log_event("email_failed", level=logging.WARNING, **fields)
            DailyFigure.add("emails_failed")
            PendingEmail.objects.filter(pk=email.pk).update(error=str(error))
            if not isinstance(error, SMTPRecipientsRefused):
                return  # The others would fail too, each after a timeout.
        else:
            log_event("email_sent", email_id=email.pk)
            DailyFigure.add("emails_sent")
            email.delete()
