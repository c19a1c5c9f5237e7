"""Emails to users about what moderators decided."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from articles.models import Article, Correction
from articles.moderation.models import Appeal, Decision, Suspension
from core.mail import enqueue_email


def email_user(
    user: User, name: str, row: Appeal | Article | Correction | Decision | Suspension, **context: Any
) -> None:
    """Enqueue the email `moderation/mail/<name>` about a row; accounts that are closed get none."""
    if user.is_active:
        context, template = {**context, "user": user, name: row}, f"moderation/mail/{name}"
        enqueue_email(to=user.email, template=template, context=context, language=user.preferred_language)
