"""Emails from templates, as plain text and HTML, with links to the configured origin."""

import re
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string, select_template
from django.utils import translation

from core.models import PendingEmail, SiteSettings
from core.tasks import send_emails


def absolute_url(path: str) -> str:
    """Return the full URL of a path; the host is the configured origin, not the request's."""
    return f"{settings.ORIGIN}{path}"


def enqueue_email(*, to: str, template: str, context: dict[str, Any], language: str | None = None) -> None:
    """Render an email and enqueue it. Emails of a transaction that is rolled back are not sent.

    Without a template of its own, the HTML is made from the paragraphs of the text; a paragraph that is a URL alone
    becomes a button.

    Args:
        template: the prefix of the templates `<template>_subject.txt`, `<template>_message.txt` and, if there is one,
            `<template>.html`.
        language: of the email; by default the active one.
    """
    with translation.override(language or translation.get_language()):
        site = {"site": SiteSettings.current(), "origin": settings.ORIGIN, "language": translation.get_language()}
        context = {**site, **context, "email": to}
        subject = render_to_string(f"{template}_subject.txt", context)
        text = re.sub(r"\n{3,}", "\n\n", render_to_string(f"{template}_message.txt", context).strip())
        # The last paragraph is the site's name and address, which the HTML has in its header.
        context["paragraphs"] = text.split("\n\n")[:-1]
        html = select_template([f"{template}.html", "base_email.html"]).render(context)
    PendingEmail.objects.create(to=to, subject=subject, text=text + "\n", html=html)
    send_emails.enqueue()
