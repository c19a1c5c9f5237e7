"""The delivery of emails."""

import logging
from datetime import timedelta
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPResponseException, SMTPServerDisconnected

from django.core.mail import EmailMultiAlternatives
from django.db.models import F
from django.tasks import task
from django.utils import timezone

from core.logs import log_event
from core.models import DailyFigure, PendingEmail

# The first wait is longer than a mail server can take for one email, because it also protects the attempt that runs.
FIRST_EMAIL_RETRY = timedelta(minutes=5)
# While the mail server is away or too busy for any email; for so long it is not counted as an attempt.
OUTAGE_RETRY = timedelta(minutes=1)
MAX_OUTAGE = timedelta(days=4)
MAX_EMAIL_RETRY = timedelta(hours=6)
# About four days.
MAX_EMAIL_ATTEMPTS = 20
# Emails of one run.
EMAIL_BATCH = 100


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
        # The subject in one line, so that a title with a newline cannot add a header.
        message = EmailMultiAlternatives(
            subject=" ".join(email.subject.split()),
            body=email.text,
            to=[email.to],
            headers={"Auto-Submitted": "auto-generated"},
            alternatives=[(email.html, "text/html")],
        )
        try:
            message.send()
        except OSError as error:  # Also smtplib's.
            # Without the message, in which some servers repeat the address.
            fields = {"email_id": email.pk, "attempt": attempts, "error": type(error).__name__}
            log_event("email_failed", level=logging.WARNING, **fields)
            DailyFigure.add("emails_failed")
            failed = PendingEmail.objects.filter(pk=email.pk)
            failed.update(error=str(error))
            is_outage = _is_outage(error)
            if is_outage and email.created_at > timezone.now() - MAX_OUTAGE:
                failed.update(attempts=email.attempts, next_attempt_at=timezone.now() + OUTAGE_RETRY)
            if is_outage or not isinstance(error, (SMTPRecipientsRefused, SMTPDataError)):
                return  # The others would fail too, each after a timeout.
        else:
            log_event("email_sent", email_id=email.pk)
            email.delete()
            DailyFigure.add("emails_sent")


def _is_outage(error: OSError) -> bool:
    """Return whether any email would fail for now: no connection, or a temporary refusal that is not of a recipient."""
    if isinstance(error, SMTPResponseException):
        return error.smtp_code < 500
    return isinstance(error, SMTPServerDisconnected) or not isinstance(error, SMTPException)
