"""Letters about accounts. They go through the queue, so that a slow mail server neither delays a page nor betrays,
by the time that a page takes, whether an account exists (SECURITY.md, 37)."""

from __future__ import annotations

import re
from smtplib import SMTPException
from typing import Any

from allauth.account import app_settings
from allauth.account.internal.flows.password_reset import request_password_reset
from allauth.account.internal.userkit import filter_users_by_email
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.tasks import task
from django.template.loader import render_to_string
from django.utils.translation import get_language, override

from core.mail import retry_later
from core.models import SiteSettings


def enqueue_email(*, template: str, to: str, context: dict[str, Any]) -> None:
    """Queue the letter `<template>_subject.txt` and `<template>_message.txt` in the language of the moment.

    Its paragraphs are also set in the site's look; a paragraph that is an address alone becomes a button.
    """
    context = {
        **context,
        "email": to,
        "site": SiteSettings.current(),
        "origin": settings.ORIGIN,
        "language": get_language(),
    }
    subject = " ".join(render_to_string(f"{template}_subject.txt", context).split())
    text = re.sub(r"\n{3,}", "\n\n", render_to_string(f"{template}_message.txt", context).strip())
    # The last one names the site, which the page does in its head.
    page = render_to_string("account/email/letter.html", {**context, "paragraphs": text.split("\n\n")[:-1]})
    deliver_email.enqueue(to, subject, text + "\n", page)


@task()
def deliver_email(to: str, subject: str, text: str, page: str, attempt: int = 1) -> None:
    """Hand one letter to the mail server; again later where it does not answer."""
    letter = EmailMultiAlternatives(subject=subject, body=text, to=[to], headers={"Auto-Submitted": "auto-generated"})
    letter.attach_alternative(page, "text/html")
    try:
        letter.send()
    except (OSError, SMTPException):
        if not retry_later(deliver_email, to, subject, text, page, attempt=attempt):
            raise


@task()
def send_password_reset_email(email: str, language: str) -> None:
    """Send the link for a new password to whoever has this address; nobody may have it."""
    people = filter_users_by_email(email, is_active=True, prefer_verified=True, for_login=True)
    if people:
        with override(language):
            request_password_reset(None, email, people, app_settings.PASSWORD_RESET_TOKEN_GENERATOR())
