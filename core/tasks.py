"""Tasks that all apps share: the delivery of emails, and the retry of a task that failed."""

from __future__ import annotations

from datetime import timedelta
from smtplib import SMTPException
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.tasks import Task, task
from django.utils import timezone

MAX_ATTEMPTS = 6


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
def deliver_email(to: str, subject: str, text: str, html: str, attempt: int = 1) -> None:
    """Send one email, again later if the mail server does not take it."""
    try:
        send_email(to=to, subject=subject, text=text, html=html)
    except (OSError, SMTPException):
        if not retry_later(deliver_email, to, subject, text, html, attempt=attempt):
            raise
