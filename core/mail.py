"""Emails from templates, as plain text and HTML, with links to the configured origin."""

from __future__ import annotations

import re
from typing import Any, Protocol

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from core.models import SiteSettings
from core.tasks import deliver_email, retry_later, send_email

__all__ = ["absolute_url", "enqueue_email", "retry_later", "send_templated_email"]


class Recipient(Protocol):
    """The fields of a user that an email needs."""

    email: str
    preferred_language: str


def absolute_url(path: str) -> str:
    """Return the full URL of a path; the host is the configured origin, not the request's."""
    return f"{settings.ORIGIN}{path}"


def send_templated_email(*, to: Recipient, template: str, context: dict[str, Any]) -> None:
    """Render and send an email now, in the language that the user prefers. Call it in a task.

    Args:
        template: the prefix of the templates `<template>_subject.txt`, `<template>.txt` and `<template>.html`.
        context: may hold functions without arguments, for example of URLs, which templates call in that language.

    Raises:
        OSError, smtplib.SMTPException: the mail server is away or refused it.
    """
    with translation.override(to.preferred_language):
        context = {**_base_context(), **context, "user": to}
        send_email(
            to=to.email,
            subject=render_to_string(f"{template}_subject.txt", context),
            text=render_to_string(f"{template}.txt", context).strip() + "\n",
            html=render_to_string(f"{template}.html", context),
        )


def enqueue_email(*, to: str, template: str, context: dict[str, Any]) -> None:
    """Render an email in the active language and enqueue its delivery.

    The HTML is made from the paragraphs of the text; a paragraph that is a URL alone becomes a button.

    Args:
        template: the prefix of the templates `<template>_subject.txt` and `<template>_message.txt`.
    """
    context = {**_base_context(), **context, "email": to}
    subject = render_to_string(f"{template}_subject.txt", context)
    text = re.sub(r"\n{3,}", "\n\n", render_to_string(f"{template}_message.txt", context).strip())
    # The last paragraph is the site's name and address, which the HTML has in its header.
    html = render_to_string("base_email.html", {**context, "paragraphs": text.split("\n\n")[:-1]})
    deliver_email.enqueue(to, subject, text + "\n", html)


def _base_context() -> dict[str, Any]:
    return {"site": SiteSettings.current(), "origin": settings.ORIGIN, "language": translation.get_language()}
