"""Email to one user, in the user's language, as plain text and HTML, with links to the configured origin."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Protocol

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.tasks import Task
from django.template.loader import render_to_string
from django.utils import timezone, translation

MAX_ATTEMPTS = 6


class Recipient(Protocol):
    """What an email needs of a user."""

    email: str
    preferred_language: str


def absolute_url(path: str) -> str:
    """The full address of a path of ours; never from a request's Host header."""
    return f"{settings.ORIGIN}{path}"


def send_templated_email(*, to: Recipient, template: str, context: dict[str, Any]) -> None:
    """Send the message whose templates are `<template>_subject.txt`, `<template>.txt` and `<template>.html`.

    They are rendered in the language that `to` prefers; `context` may hold functions, which are called by then, so
    that addresses are made in that language too.

    Raises:
        OSError, smtplib.SMTPException: the mail server did not take it.
    """
    with translation.override(to.preferred_language):
        context = {**context, "user": to, "origin": settings.ORIGIN, "language": to.preferred_language}
        message = EmailMultiAlternatives(
            # One line whatever a title holds.
            subject=" ".join(render_to_string(f"{template}_subject.txt", context).split()),
            body=render_to_string(f"{template}.txt", context).strip() + "\n",
            to=[to.email],
            headers={"Auto-Submitted": "auto-generated"},
        )
        message.attach_alternative(render_to_string(f"{template}.html", context), "text/html")
    message.send()


def retry_later(task: Task[..., None], *args: Any, attempt: int) -> bool:
    """Queue `task(*args, attempt + 1)` for later, each time twice as late; False where it was tried often enough.

    The queue itself never repeats a task, and mail servers are away for minutes.
    """
    if attempt >= MAX_ATTEMPTS or not task.get_backend().supports_defer:
        return False
    task.using(run_after=timezone.now() + timedelta(minutes=2**attempt)).enqueue(*args, attempt + 1)
    return True
